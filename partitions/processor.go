package partitions

import (
	"cmp"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/statestore"
)

// Side tells which of an instance's lanes a component runs on.
type Side uint8

const (
	// WriteSide decides commands; nothing slow may hold it.
	WriteSide Side = iota
	// ReadSide follows what was written.
	ReadSide
	// BuildSide is for what has everything to read that was ever written. A lane reads a partition once, from where the last of its tasks stands: beside
	// what is being built nothing would be followed until that is level.
	BuildSide
)

func (s Side) String() string { return [...]string{"write", "read", "build"}[s] }

// A Component is anything that consumes: an entity type, a projection, a subscription. On each shard it has one task.
type Component struct {
	// Name is unique in the context ("cart"); it is part of keys in the progress topic and of paths of stores, so it never changes.
	Name string
	// Of is what the component is a version of, by the name that people know: orders are for all versions. Empty: it has none.
	Of     string
	Side   Side
	Inputs []Input
	// Changelog is the compacted topic that mirrors the component's store record by record; empty for a component without a store.
	Changelog string
	// Targets are topics that the processor writes to by key, and whose number of partitions it asks the window for. While one of them is away the
	// component's tasks wait, and no other's.
	Targets []string
	// New makes the processor of one shard's task.
	New func(shard int32) Processor
	// Rebuild makes what computes the state of a shard's task anew before it takes records; nil if nothing is to be done. request is the number of the
	// operator's latest wish for it, 0 for none. It may read the store, which stays open as long as the task. The error stops the task: it is a [StopError].
	// A component of the read side has none.
	Rebuild func(shard int32, store *statestore.Store, request int64) (Rebuild, error)
}

// known is the name that operators use.
func (c *Component) known() string { return cmp.Or(c.Of, c.Name) }

// An Input is a topic that a component reads. Topics of the context have as many partitions as the context; partition q of any other topic
// joins shard q mod N.
type Input struct {
	Topic string
	// Purge deletes records up to the committed position now and then: nobody else reads a repartition topic.
	Purge bool
	// Start is where it begins as long as the component has no position in any partition of the topic.
	Start Start
}

// A Processor is what a component does with records. One goroutine at a time works on it.
type Processor interface {
	// Process decides records of one input, in the order of the log. Whatever comes of them goes to w. It returns an error only when it cannot
	// go on (the store is broken): a record that cannot be processed is dead-lettered, not an error. A [StopError] stops the task before one of the
	// records; with any other the shard is acquired anew.
	Process(w Window, records []Record) error

	// Dropped says that what was decided since the last commit will not be committed: forget everything that is derived from it.
	Dropped()
}

// A Record is an input record with what was learned about it in windows that failed.
type Record struct {
	*kgo.Record
	// Refused is why the broker refused, for good, a record that this one caused; empty if it did not. The processor dead-letters the record.
	Refused string
	// ReplyRefused says that the broker refused the reply to it, so none is produced.
	ReplyRefused bool
	// MayFail says that an operator wants the task not to stop before the record: if it cannot be processed, it is dead-lettered.
	MayFail bool
}

// Window is a task's view of the transaction that is being filled. Everything written to it is committed together with the positions of the
// records that caused it, or not at all.
type Window interface {
	// NowMS is the owner's clock, in ms since 1970, read once for each call of Process.
	NowMS() int64

	// Get returns the value of key as of all earlier records, nil if there is none. The slice must not be changed.
	Get(key []byte) ([]byte, error)
	// Put sets the value of key, for the record that caused it. headers go with the changelog record; the last Put of a window wins.
	// key and value must not be changed afterwards.
	Put(cause *Record, key, value []byte, headers []kgo.RecordHeader)
	// PutCopied is Put, and the value that the window ends with goes elsewhere too: one record, however often it was put. key, value and to must not be
	// changed afterwards.
	PutCopied(cause *Record, key, value []byte, to *Copy)
	// Delete removes key and writes a tombstone to the changelog.
	Delete(cause *Record, key []byte, headers []kgo.RecordHeader)

	// Produce writes a record, which names its topic and partition. Its timestamp is set to NowMS if it has none.
	Produce(cause *Record, kind OutputKind, out *kgo.Record)

	// CanReply tells whether the topic and partition exist and may be replied to: known to cached metadata, not internal to Kafka, no topic of
	// this context other than <context>.replies. A negative partition asks for any: it returns the one to use.
	CanReply(topic string, partition int32) (int32, bool)

	// Partitions is how many partitions a topic has that a record is to be sent to; 0: there is no such topic. One of the component's Targets is known
	// already. Of any other it is answered from cached metadata where there is some, and the brokers are asked otherwise; the error says that none answered:
	// the processor returns it, and the window is decided again.
	Partitions(topic string) (int32, error)

	// Count adds one to a counter once the window is committed; see [Tally].
	Count(t Tally)
}

// A Copy is where the value of a key goes beside the changelog: to the partition of the task's shard in another topic, under another key.
type Copy struct {
	Topic string
	Key   []byte
}

// OutputKind tells what a produced record is for: it decides what happens when the broker refuses it for good.
type OutputKind uint8

// The kinds of output. A refused reply is dropped and counted; for any other kind the record that caused it is dead-lettered.
const (
	OutputEvent OutputKind = iota
	OutputReply
	OutputForward
	OutputRepartition
	OutputDeadLetter
	OutputChangelog
	OutputParked
	OutputSend
	OutputPublication
	OutputMessage
	OutputReplicated
)

// A Tally names something a processor counts, shown after the commit only. Labels are few and fixed: outcome is accepted, rejected, failed,
// repeated, forwarded; reason is a failure code, or untried for a command that waits behind one that failed.
type Tally struct {
	Kind TallyKind
	// Label is the outcome of a command, or the reason of a dead letter or of a parked command.
	Label string
	// Detail is the message of a dead letter or of what parked an entity, for people.
	Detail string
	// RecordTimeMS is the time of the input record, for delays; 0 for none.
	RecordTimeMS int64
}

// TallyKind is what a Tally counts.
type TallyKind uint8

// What is counted.
const (
	CommandDecided TallyKind = iota
	EventEmitted
	RowWritten
	DeadLettered
	CommandForwarded
	ReplyDropped
	CommandParked
	// MessageSent is a command for another entity, a publication, or an answer that becomes a command: its label is send, publish or answer.
	MessageSent
	// MessageHandled is a message of a subscription, MessagePassed one that no function wanted.
	MessageHandled
	MessagePassed
	// MessageWritten is one of a stream.
	MessageWritten
)
