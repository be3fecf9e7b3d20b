package cli

import (
	"io"
	"sync"
	"time"
)

const (
	terminalInterval = 200 * time.Millisecond
	// lineInterval is for logs, which keep every line.
	lineInterval = 5 * time.Second
)

// showProgress writes what say returns now and then until the result is called: over itself on a terminal, as a line of its own elsewhere.
func showProgress(w io.Writer, say func() string) (stop func()) {
	interval, format := lineInterval, "%s%s\n"
	if isTerminal(w) {
		interval, format = terminalInterval, "%s%s"
	}
	end := make(chan struct{})
	var loop sync.WaitGroup
	loop.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-end:
				tell(w, "%s", clearLine(w))
				return
			case <-tick.C:
				tell(w, format, clearLine(w), say())
			}
		}
	})
	return func() {
		close(end)
		loop.Wait()
	}
}

// clearLine begins a terminal's line anew.
func clearLine(w io.Writer) string {
	if isTerminal(w) {
		return "\r\x1b[K"
	}
	return ""
}
