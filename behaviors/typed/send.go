package typed

import "regexp"

// Send sends a command to an entity: of this context ("stock"), or of another one ("billing.invoice"), which the sender declares by SendsTo. It leaves
// in the transaction of what is beside it. The receiver need not exist yet.
func Send[C any](entity, id string, command C) Effects {
	return Effects{sent: []sending{{to: entity, key: id, content: &command}}}
}

// Ask is Send by an entity that has to know what comes of it: the answer comes back to it as the command told, a struct that one of its On functions
// takes. The fields of told named status, code, message, sequence and reply, as far as it has them, are filled with what was answered; the others come
// back as they are. Not every answer has code, message and reply, so these need a default (`avro:"code,default="`).
func Ask[C, T any](entity, id string, command C, told T) Effects {
	return Effects{sent: []sending{{to: entity, key: id, content: &command, told: &told}}}
}

// Publish writes a message to a publication of this context, for whoever subscribes. It leaves in the transaction of what is beside it. Messages of one
// key stay in order.
func Publish[M any](publication, key string, message M) Effects {
	return Effects{sent: []sending{{to: publication, key: key, content: &message, published: true}}}
}

// A sending is a command or a message on its way.
type sending struct {
	// to is the receiver or the publication, key the receiver's id or the message's key.
	to, key string
	// content and told are pointers to structs; told is nil if nobody waits for an answer.
	content, told any
	published     bool
}

// A declared is a command that a part says it sends, and to whom.
type declared struct {
	to string
	record
}

func declare(to string, commands []MessageType) []declared {
	all := make([]declared, len(commands))
	for i, c := range commands {
		all[i] = declared{to, c.record}
	}
	return all
}

var foreignPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,99}\.[a-z][a-z0-9-]{0,99}$`)

// isForeign tells whether a receiver is an entity of another context.
func isForeign(to string) bool { return foreignPattern.MatchString(to) }
