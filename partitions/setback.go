package partitions

import "time"

// A setback is what a lane remembers of windows that failed one after another. The first is tried again at once, as a rebalance or a leader that
// moves is over by then; those after it wait longer each time, as for a right that somebody must grant.
type setback struct {
	failures int
	// waits are what listeners were told that the lane waits for.
	waits map[string]bool
}

const (
	setbackPauseMin = 20 * time.Millisecond
	setbackPauseMax = 5 * time.Second
)

// pause is how long to wait before the records of the last failure are decided again.
func (s *setback) pause() time.Duration {
	if s.failures < 2 {
		return 0
	}
	return min(setbackPauseMin<<min(s.failures-2, 16), setbackPauseMax)
}

// leastCaution: windows that fail for reasons of their size are smaller than that by bytes, see budget.
const leastCaution = 64

// stuck tells that a window failed and that nothing could be done about it. One that fails again may be what takes longer than a transaction may, with
// brokers that are slow: it is tried with half of its records.
func (l *lane) stuck(w *window) {
	if l.setback.failures++; l.setback.failures > 1 && w != nil {
		l.caution = max(leastCaution, w.records/2)
	}
}

// waitFor tells listeners what the lane waits for until a window is committed.
func (l *lane) waitFor(what string, err error) {
	if l.setback.waits == nil {
		l.setback.waits = make(map[string]bool)
	}
	l.setback.waits[what] = true
	l.engine.waits.say(what, err)
}

// succeeded ends the setback: a window was committed.
func (l *lane) succeeded() {
	for what := range l.setback.waits {
		l.engine.waits.over(what)
	}
	l.setback = setback{}
}
