package partitions

import (
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/statestore"
)

// A task is one component's work on one shard. It belongs to a lane; between add and release only the lane, and one goroutine at a time on the
// lane's behalf, touches it.
type task struct {
	component *Component
	shard     *shard
	processor Processor
	// store is nil for a component without a changelog.
	store *statestore.Store
	// changelogID is the topic id of the changelog.
	changelogID [16]byte
	inputs      []*input
	// stopped: it takes no more records in, for good; somebody must say where it goes on. why is the reason as far as it is known, and stoppedBefore the
	// record that it stopped before, if that was it.
	stopped       bool
	why           error
	stoppedBefore *Record
	// paused: an operator wants it to take no records in, and whyPaused says so. See orders.go.
	paused    bool
	whyPaused string

	// held: a topic that it writes to was away, and nothing of it was committed since. resuming: it will be tried again. See hold.go.
	held, resuming bool

	// rebuild is under way; nil for most. Until it has ended no record is taken in.
	rebuild *rebuilding
	// asked is the number of the latest wish for a rebuild that was met, or is being met.
	asked int64

	// portion is how many records the processor is given next.
	portion portion

	// Reads go through these in order, then to the store: what the open window changes, and what the window being committed changes.
	open, committing *overlay
}

// An input is one partition that a task reads.
type input struct {
	task *task
	records.TopicPartition
	topicID [16]byte
	purge   bool
	// recorded: the progress topic has a position of it.
	recorded bool
	// noteAtOnce: the place where it begins must be recorded before anything else comes of it.
	noteAtOnce bool
	// Positions by how far they got: committed <= decided. Records from decided on have not been looked at.
	committed, decided records.Position
	// written is the position in the progress topic: behind committed if only markers came since.
	written     records.Position
	leaderEpoch int32
	// skip is the record that the task does not stop before, -1 for none.
	skip records.Offset
	// refused: the last fetch of it failed, and listeners were told.
	refused bool
	// end is the stable end seen by the last fetch, for the lag.
	end records.Position
}

// get reads a key as of all that was decided so far.
func (t *task) get(key []byte) ([]byte, error) {
	if v, ok := t.open.get(key); ok {
		return v, nil
	}
	if v, ok := t.committing.get(key); ok {
		return v, nil
	}
	return t.store.Get(key)
}

// lag is how many offsets the task's inputs are behind.
func (t *task) lag() int64 {
	var lag int64
	for _, in := range t.inputs {
		lag += in.committed.Behind(in.end)
	}
	return lag
}
