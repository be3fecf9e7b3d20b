package simulation

import "errors"

// checkInvariants judges the whole history, one checker for each invariant; none of them knows the workload's schedule.
func (w *world) checkInvariants() error {
	if _, err := w.history.read(w.t.Context()); err != nil {
		return err
	}
	return errors.Join(
		w.checkFences(), w.checkFound(), w.checkTold(), w.checkOneOwner(), w.checkSequences(), w.checkWhole(), w.checkOnce(), w.checkRestored(),
		w.checkAccounted(), w.checkOrder(), w.checkRates(), w.checkSeen(), w.checkContributions(),
	)
}
