package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// An ending is how one run of a process ended.
type ending struct {
	code  int // negative when a signal ended it
	state string
	took  time.Duration // since it was told to
}

// A process is one `processor run`, started again and again on its own state directory.
type process struct {
	name, binary, address, stateDir string
	args                            []string
	log                             *os.File
	// handNeeded is told when a run ends that nobody ended.
	handNeeded func(p *process, how string)

	mu      sync.Mutex
	current *run
}

// A run is one life of a process.
type run struct {
	cmd   *exec.Cmd
	meant bool // to end; under process.mu
	ended chan struct{}
}

// start begins a run; nothing happens if there is one.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil {
		return nil
	}
	// It ends when it is told to, never with a context.
	cmd := exec.CommandContext(context.Background(), p.binary, p.args...)
	// Through a pipe, so that it speaks on a full disk too.
	out := logWriter{p.log}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.name, err)
	}
	r := &run{cmd: cmd, ended: make(chan struct{})}
	p.current = r
	go p.await(r)
	return nil
}

// A logWriter hides that the log is a file, which a process would be given as it is.
type logWriter struct{ file *os.File }

func (w logWriter) Write(b []byte) (int, error) { return w.file.Write(b) }

func (p *process) await(r *run) {
	err := r.cmd.Wait()
	p.mu.Lock()
	meant := r.meant
	p.current = nil
	p.mu.Unlock()
	close(r.ended)
	if !meant {
		p.handNeeded(p, fmt.Sprintf("%s ended by itself: %v", p.name, err))
	}
}

// signal sends to the current run, if any, and returns it.
func (p *process) signal(s syscall.Signal, meant bool) (*run, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.current
	if r == nil {
		return nil, nil
	}
	r.meant = r.meant || meant
	if err := r.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return r, fmt.Errorf("signalling %s: %w", p.name, err)
	}
	return r, nil
}

func (p *process) kill() error {
	r, err := p.signal(syscall.SIGKILL, true)
	if r != nil {
		<-r.ended
	}
	return err
}

// terminate ends a run in order; after patience, by force, having asked for all its stacks.
func (p *process) terminate(patience time.Duration) (ending, error) {
	begun := time.Now()
	r, err := p.signal(syscall.SIGTERM, true)
	if err != nil || r == nil {
		return ending{}, err
	}
	select {
	case <-r.ended:
	case <-time.After(patience):
		_, _ = p.signal(syscall.SIGQUIT, true) // Go shows where every goroutine is.
		select {
		case <-r.ended:
		case <-time.After(patience):
			err = p.kill()
		}
	}
	state := r.cmd.ProcessState
	return ending{code: state.ExitCode(), state: state.String(), took: time.Since(begun)}, err
}

// limitFiles lets no file of the current run grow beyond a size: zero is a full disk that needs no file system and no right to mount one.
func (p *process) limitFiles(ctx context.Context, size string) error {
	p.mu.Lock()
	r := p.current
	p.mu.Unlock()
	if r == nil {
		return nil
	}
	out, err := exec.CommandContext(ctx, "prlimit", "--pid", fmt.Sprint(r.cmd.Process.Pid), "--fsize="+size+":").CombinedOutput()
	if err != nil {
		return fmt.Errorf("prlimit (of util-linux): %w\n%s", err, out)
	}
	return nil
}
