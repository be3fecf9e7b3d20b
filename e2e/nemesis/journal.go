package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const clock = "15:04:05.000"

// A journal says what was done when, and counts it.
type journal struct {
	mu        sync.Mutex
	out       io.Writer
	counts    map[string]int // struck, by kind
	passed    int            // draws without a victim
	notStruck int            // faults that could not be brought about, as when nobody coordinates
	notHealed []string
}

func newJournal(out io.Writer) *journal { return &journal{out: out, counts: make(map[string]int)} }

func (j *journal) struck(f *fault, shards []int32) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts[f.kind.name]++
	j.sayLocked("%s: %s, shards %v, for %s", f.kind.name, f.target(), shards, f.lasts.Round(time.Millisecond))
}

func (j *journal) passedOver(k *kind) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.passed++
	j.sayLocked("%s: passed over, nobody is left to strike", k.name)
}

func (j *journal) couldNotStrike(f *fault, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notStruck++
	j.sayLocked("%s: %s: could not: %v", f.kind.name, f.target(), err)
}

func (j *journal) couldNotHeal(f *fault, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	text := fmt.Sprintf("%s: %s: not healed: %v", f.kind.name, f.target(), err)
	j.notHealed = append(j.notHealed, time.Now().Format(clock)+" "+text)
	j.sayLocked("%s", text)
}

func (j *journal) say(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sayLocked(format, args...)
}

func (j *journal) sayLocked(format string, args ...any) {
	// A journal that cannot be written is missed by its reader only.
	_, _ = fmt.Fprintf(j.out, "%s %s\n", time.Now().Format(clock), fmt.Sprintf(format, args...))
}

func (f *fault) target() string {
	if f.kind.strikesBrokers && f.kind.longest == 0 {
		return "brokers"
	}
	if f.kind.strikesBrokers {
		return fmt.Sprintf("broker %d", f.node+1)
	}
	return fmt.Sprintf("processor %d", f.p+1)
}
