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
// Where say returns nothing, nothing is written.
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
		for shown := false; ; {
			said, ended := "", false
			select {
			case <-end:
				ended = true
			case <-tick.C:
				said = say()
			}
			switch {
			case said != "":
				tell(w, format, clearLine(w), said)
			case shown:
				tell(w, "%s", clearLine(w))
			}
			if shown = said != ""; ended {
				return
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
