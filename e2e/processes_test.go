package e2e_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/partita-io/partita/contexts"
)

const (
	patience = time.Minute
	// gracePeriod is how long an orderly end may take.
	gracePeriod = 5 * time.Second
	pollEvery   = 20 * time.Millisecond
)

type processesKey struct{}

// processes are those that a script has started, by name.
type processes map[string]*process

type process struct {
	context     string
	brokers     []string
	cmd         *exec.Cmd
	out, errOut bytes.Buffer
	ended       chan struct{}
}

// start runs a context in the background, once it is ready:
//
//	start NAME FOLDER [FLAG ...]
//
// On the embedded broker that is `processor dev`, on real ones `processor run --create-topics`.
func (h *harness) start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME FOLDER [FLAG ...]")
	}
	name, folder := args[0], args[1]
	loaded, problems := contexts.Load(ts.MkAbs(folder), contexts.Options{})
	ts.Check(problems.Err())
	broker := freeAddress(h.ctx, ts)
	argv := append([]string{"dev", folder, "--port", broker[strings.LastIndexByte(broker, ':')+1:]}, args[2:]...)
	if h.brokers != "" {
		broker = h.brokers
		argv = append([]string{"run", folder, "--create-topics", "--state-dir", filepath.Join(".partita", name)}, args[2:]...)
	}
	argv = append(argv, "--http", freeAddress(h.ctx, ts))
	p := launch(ts, argv)
	p.context, p.brokers = loaded.Name, strings.Split(broker, ",")
	ts.Value(processesKey{}).(processes)[name] = p
	ts.Defer(func() { p.kill() })
	p.awaitReady(h.ctx, ts, argv[len(argv)-1])
}

// freeAddress is one that nobody listens on at the moment.
func freeAddress(ctx context.Context, ts *testscript.TestScript) string {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	ts.Check(err)
	defer func() { ts.Check(l.Close()) }()
	return l.Addr().String()
}

func launch(ts *testscript.TestScript, argv []string) *process {
	// testscript puts the commands of Main on the script's PATH.
	path := ""
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if info, err := os.Stat(filepath.Join(dir, "processor")); err == nil && !info.IsDir() {
			path = filepath.Join(dir, "processor")
			break
		}
	}
	p := &process{ended: make(chan struct{})}
	p.cmd = exec.Command(path, argv...)
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = environment(ts)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.errOut
	ts.Check(p.cmd.Start())
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // How it ended is in ProcessState.
	}()
	return p
}

func environment(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"HOME", "PATH", "XDG_CACHE_HOME", "PARTITA_BROKERS", "TMPDIR", "GOCOVERDIR"} {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func (p *process) awaitReady(ctx context.Context, ts *testscript.TestScript, address string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.ended:
			ts.Fatalf("it ended before it was ready:\n%s%s", p.out.String(), p.errOut.String())
		case <-ctx.Done():
			ts.Fatalf("it is not ready:\n%s", p.kill())
		case <-tick.C:
			if isReady(ctx, address) {
				return
			}
		}
	}
}

func isReady(ctx context.Context, address string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

func (p *process) kill() string {
	_ = p.cmd.Process.Kill() // It may have ended.
	<-p.ended
	return p.out.String() + p.errOut.String()
}

// terminate NAME ends what was started by SIGTERM: it must exit with 0 within five seconds.
func (h *harness) terminate(ts *testscript.TestScript, neg bool, args []string) {
	p := ended(ts, neg, args, syscall.SIGTERM)
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		ts.Fatalf("%s ended with exit code %d:\n%s", args[0], code, p.errOut.String())
	}
}

// crash NAME ends what was started by SIGKILL.
func (h *harness) crash(ts *testscript.TestScript, neg bool, args []string) {
	ended(ts, neg, args, syscall.SIGKILL)
}

// ended ends a process and makes what it said the script's stdout and stderr.
func ended(ts *testscript.TestScript, neg bool, args []string, signal os.Signal) *process {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: terminate NAME, crash NAME")
	}
	all := ts.Value(processesKey{}).(processes)
	p := all[args[0]]
	if p == nil {
		ts.Fatalf("nothing was started as %s", args[0])
	}
	delete(all, args[0])
	ts.Check(p.cmd.Process.Signal(signal))
	select {
	case <-p.ended:
	case <-time.After(gracePeriod):
		ts.Fatalf("it did not end within %s:\n%s", gracePeriod, p.kill())
	}
	_, err := ts.Stdout().Write(p.out.Bytes())
	ts.Check(err)
	_, err = ts.Stderr().Write(p.errOut.Bytes())
	ts.Check(err)
	return p
}
