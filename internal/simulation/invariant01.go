package simulation

import (
	"errors"
	"fmt"
	"strings"
)

// checkFences: invariant 1, no fence, no write. What can be seen of one request is judged by the witness when it is sent: a fence without member or
// generation, a commit that no accepted fence came before. Here each committed transaction is compared with what was vouched for: every shard that it
// wrote for, and a progress record for each.
func (w *world) checkFences() error {
	w.witness.mu.Lock()
	defer w.witness.mu.Unlock()
	errs := w.witness.wrongs
	for _, t := range w.history.transactions {
		if !t.committed() {
			continue
		}
		f := w.witness.fences[t.writer]
		if f == nil {
			errs = append(errs, fmt.Errorf("invariant 1: transaction %v was committed without a fence: %s", t.writer, t))
			continue
		}
		recorded := map[int32]bool{}
		for _, e := range t.entries {
			recorded[e.Partition] = recorded[e.Partition] || e.Topic == progressTopic
		}
		for _, e := range t.entries {
			switch {
			case e.Topic == repliesTopic || e.Topic == commandsTopic || e.Topic == movesTopic:
				// Whoever asks may name any partition, and forwards and messages go to foreign ones.
			case !f.shards[e.Partition]:
				errs = append(errs, fmt.Errorf("invariant 1: %s was written without a fence for shard %d", place(e), e.Partition))
			case !recorded[e.Partition]:
				errs = append(errs, fmt.Errorf("invariant 1: %s was written without a progress record for shard %d", place(e), e.Partition))
			}
		}
	}
	return errors.Join(some(errs)...)
}

// String names what the transaction wrote, and at which offset of each partition it was committed or aborted.
func (t *transaction) String() string {
	places := make([]string, 0, len(t.entries))
	for _, e := range t.entries {
		fate := "aborted"
		if e.committed {
			fate = "committed"
		}
		places = append(places, fmt.Sprintf("%s %s at %d", place(e), fate, e.marker))
	}
	return fmt.Sprintf("producer %d epoch %d: %s", t.producerID, t.epoch, strings.Join(places, ", "))
}

// some are at most a handful.
func some(errs []error) []error { return errs[:min(len(errs), 5)] }
