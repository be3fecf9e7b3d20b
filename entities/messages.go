package entities

// Messages are what a decision sends, in the order in which they leave: sends first.
type Messages struct {
	Sends        []Send
	Publications []Publication
}

// Count is how many there are.
func (m *Messages) Count() int { return len(m.Sends) + len(m.Publications) }

// A Send is a command for another entity. It is written in the transaction of the decision that sends it.
type Send struct {
	// Context is the other context ("billing"); empty for the sender's own.
	Context string
	// Entity and ID name the receiver. It need not exist yet.
	Entity, ID string
	// Type is the last part of the command's record name.
	Type    string
	Payload Payload
	// OnReply has the answer come back to the sender; nil: nobody waits for it.
	OnReply *OnReply
}

// OnReply says as which command of the sender an answer comes back.
type OnReply struct {
	Type string
	// Fields are what the sender wants to be told again, as a JSON object; nil for nothing.
	Fields []byte
	// Take are the fields of an answer that the command has, among [AnswerFields].
	Take []string
}

// AnswerFields are what a command that is an answer can be told: its fields of these names are filled. code and message are there unless the answer
// is accepted, reply only if the receiver replied something.
func AnswerFields() []string { return []string{"status", "code", "message", "sequence", "reply"} }

// A Publication is a message for whoever subscribes. It is written in the transaction of the decision that publishes it.
type Publication struct {
	// Name is the publication's ("orders"), Key decides its order and place.
	Name, Key string
	// Type is the last part of the message's record name.
	Type    string
	Payload Payload
}

// MaxHops is how many sends a command may have behind it. One with more is a loop, and is not decided.
const MaxHops = 100
