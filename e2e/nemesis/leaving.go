package main

import (
	"fmt"
	"time"
)

const (
	// promised is how long an orderly end may take, see docs/operations.md; on a machine under this load, later is counted and shown.
	promised = 5 * time.Second
	// leavePatience is when it is a finding.
	leavePatience = 30 * time.Second
)

// leave ends a process by SIGTERM and notes how it went.
func (f *fleet) leave(p int) error {
	end, err := f.processes[p].terminate(leavePatience)
	if err != nil || end.state == "" {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leaves = append(f.leaves, end.took)
	if end.code != 0 || end.took > leavePatience {
		f.badExits = append(f.badExits, fmt.Sprintf("%s %s: SIGTERM, then %s after %s, see %s",
			time.Now().Format(clock), f.processes[p].name, end.state, end.took.Round(time.Millisecond), f.processes[p].log.Name()))
	}
	return nil
}

// leaveAll ends all at the same time.
func (f *fleet) leaveAll() error {
	numbers := make(map[*process]int)
	for i, p := range f.processes {
		numbers[p] = i
	}
	return f.atOnce(func(p *process) error { return f.leave(numbers[p]) })
}
