package partitions

import (
	"sync"
	"time"
)

// waits tells listeners what the engine waits for, with growing pauses, so that an hour without a broker is a page of log and not a disk of it.
type waits struct {
	listener *Listener

	// mu guards open.
	mu   sync.Mutex
	open map[string]*wait
}

type wait struct {
	next  time.Time
	pause time.Duration
}

const (
	waitPauseMin = time.Second
	waitPauseMax = time.Minute
)

func newWaits(l *Listener) *waits { return &waits{listener: l, open: make(map[string]*wait)} }

// say reports that the engine waits for what because of err, unless it has said so a moment ago.
func (w *waits) say(what string, err error) {
	now := time.Now()
	w.mu.Lock()
	state, ok := w.open[what]
	if !ok || now.Sub(state.next) > waitPauseMax {
		state = &wait{pause: waitPauseMin}
		w.open[what] = state
	} else if now.Before(state.next) {
		w.mu.Unlock()
		return
	} else {
		state.pause = min(2*state.pause, waitPauseMax)
	}
	state.next = now.Add(state.pause)
	event := WaitingEvent{For: what, Err: err, Retry: state.pause}
	w.mu.Unlock()
	w.listener.Waiting(event)
}

// once reports a wait that nothing is wrong with and that may last: when it begins, and not again before it is over.
func (w *waits) once(what string, err error, retry time.Duration) {
	w.mu.Lock()
	_, open := w.open[what]
	if !open {
		w.open[what] = &wait{}
	}
	w.mu.Unlock()
	if !open {
		w.listener.Waiting(WaitingEvent{For: what, Err: err, Retry: retry})
	}
}

// over ends a wait, if there was one.
func (w *waits) over(what string) {
	w.mu.Lock()
	_, was := w.open[what]
	delete(w.open, what)
	w.mu.Unlock()
	if was {
		w.listener.Resumed(WaitingEvent{For: what})
	}
}
