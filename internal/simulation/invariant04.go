package simulation

import (
	"errors"
	"fmt"

	"github.com/partita-io/partita/kafka/records"
)

// checkOneOwner: invariant 4, a second writer for a partition cannot commit. The committed progress records of a component's inputs on a shard are a
// single line of windows: positions never go back; when another process goes on, it began to acquire the shard after the last record of the one
// before; and the numbers of one lane's windows rise.
func (w *world) checkOneOwner() error {
	var errs []error
	for shard := range int32(shards) {
		last, numbers := map[string]*entry{}, map[string]uint64{}
		for _, e := range w.history.log(progressTopic, shard) {
			p, err := records.ParseProgress(e.Value)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			input := string(e.Key)
			if before := last[input]; before != nil {
				errs = append(errs, w.checkSuccessor(before, e, p))
			}
			last[input] = e
			line := input + " " + p.Window.Instance
			if p.Window.Number <= numbers[line] {
				errs = append(errs, fmt.Errorf("invariant 4: window %d of %s is at %s, after its window %d", p.Window.Number, line, place(e), numbers[line]))
			}
			numbers[line] = p.Window.Number
		}
	}
	return errors.Join(some(compactErrors(errs))...)
}

func (w *world) checkSuccessor(before, e *entry, p records.Progress) error {
	previous, err := records.ParseProgress(before.Value)
	if err != nil {
		return err
	}
	if p.Position < previous.Position {
		return fmt.Errorf("invariant 4: the position of %s went back from %d to %d at %s", e.Key, previous.Position, p.Position, place(e))
	}
	from, to := w.lifeOf(before), w.lifeOf(e)
	if from == to {
		return nil
	}
	for _, s := range w.told.stays {
		if s.life == to && s.shard == e.Partition && s.progressEnd > before.Offset && s.progressEnd <= e.Offset {
			return nil
		}
	}
	return fmt.Errorf("invariant 4: %s writes for shard %d at %s after %s did at %s, and did not acquire it in between", to, e.Partition, place(e), from, place(before))
}

// lifeOf is who fenced the transaction of a record.
func (w *world) lifeOf(e *entry) string {
	w.witness.mu.Lock()
	defer w.witness.mu.Unlock()
	if f := w.witness.fences[e.transaction.writer]; f != nil {
		return f.life
	}
	return "nobody"
}

func compactErrors(errs []error) []error {
	var kept []error
	for _, err := range errs {
		if err != nil {
			kept = append(kept, err)
		}
	}
	return kept
}
