package e2e_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
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

// What a script points the processor at.
const (
	brokersEnv  = "PARTITA_BROKERS"
	registryEnv = "PARTITA_REGISTRY"
)

type processesKey struct{}

// processes are those that a script has started, by name.
type processes map[string]*process

type process struct {
	context     string
	brokers     []string
	http        string
	cmd         *exec.Cmd
	out, errOut output
	ended       chan struct{}
}

// An output is what a process has said up to now.
type output struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String()
}

// start runs a context in the background, once it is ready:
//
//	start NAME FOLDER [FLAG ...]
//
// Without brokers that is `processor dev`, with them `processor run --create-topics`.
func (h *harness) start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME FOLDER [FLAG ...]")
	}
	name, folder := args[0], args[1]
	if h.brokers != "" || ts.Getenv(brokersEnv) != "" {
		h.run(ts, neg, append([]string{name, folder, "--create-topics"}, args[2:]...))
	} else {
		broker := freeAddress(h.ctx, ts)
		ts.Setenv("BROKER", broker)
		argv := append([]string{"dev", folder, "--port", broker[strings.LastIndexByte(broker, ':')+1:]}, args[2:]...)
		h.launchAs(ts, name, folder, broker, argv)
	}
	h.ready(ts, false, []string{name})
}

// run runs a context in the background against the brokers of the script, ready or not, and sets HTTP to where it serves health:
//
//	run NAME FOLDER [FLAG ...]
func (h *harness) run(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: run NAME FOLDER [FLAG ...]")
	}
	name, folder := args[0], args[1]
	h.launchAs(ts, name, folder, ts.Getenv(brokersEnv), append([]string{"run", folder, "--state-dir", filepath.Join(".partita", name)}, args[2:]...))
}

func (h *harness) launchAs(ts *testscript.TestScript, name, folder, brokers string, argv []string) {
	loaded, problems := contexts.Load(ts.MkAbs(folder), contexts.Options{Registry: ts.Getenv(registryEnv)})
	ts.Check(problems.Err())
	address := freeAddress(h.ctx, ts)
	ts.Setenv("HTTP", address)
	p := launch(ts, append(argv, "--http", address))
	p.context, p.brokers, p.http = loaded.Name, strings.Split(brokers, ","), address
	ts.Value(processesKey{}).(processes)[name] = p
	ts.Defer(func() { p.kill() })
}

// started is the process of a name.
func started(ts *testscript.TestScript, name string) *process {
	p := ts.Value(processesKey{}).(processes)[name]
	if p == nil {
		ts.Fatalf("nothing was started as %s", name)
	}
	return p
}

// ready NAME waits until all shards of what was started run.
func (h *harness) ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready NAME")
	}
	p := started(ts, args[0])
	p.awaits(ts, "it is not ready", func() bool { return isReady(h.ctx, p.http) })
}

// says waits until standard output or error of what was started matches:
//
//	says NAME REGEXP
func says(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: says NAME REGEXP")
	}
	p := started(ts, args[0])
	want, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	p.awaits(ts, "it never said "+args[1], func() bool { return want.MatchString(p.out.String()) || want.MatchString(p.errOut.String()) })
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
	for _, name := range []string{
		"HOME", "PATH", "XDG_CACHE_HOME", brokersEnv, registryEnv, "PARTITA_SASL_MECHANISM", "PARTITA_SASL_USER", "PARTITA_SASL_PASSWORD", "TMPDIR", "GOCOVERDIR",
	} {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// awaits polls until it is so, or fails with the complaint.
func (p *process) awaits(ts *testscript.TestScript, complaint string, so func() bool) {
	p.awaitsWithin(ts, patience, complaint, so)
}

func (p *process) awaitsWithin(ts *testscript.TestScript, patience time.Duration, complaint string, so func() bool) {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !so() {
		select {
		case <-p.ended:
			if !so() {
				ts.Fatalf("%s, and it has ended:\n%s%s", complaint, p.out.String(), p.errOut.String())
			}
			return
		case <-deadline.C:
			ts.Fatalf("%s:\n%s", complaint, p.kill())
		case <-tick.C:
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
	p := started(ts, args[0])
	delete(ts.Value(processesKey{}).(processes), args[0])
	ts.Check(p.cmd.Process.Signal(signal))
	select {
	case <-p.ended:
	case <-time.After(gracePeriod):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // Go shows where every goroutine is.
		<-p.ended
		ts.Fatalf("it did not end within %s:\n%s", gracePeriod, p.kill())
	}
	p.show(ts)
	return p
}

// show makes what a process said the script's stdout and stderr.
func (p *process) show(ts *testscript.TestScript) {
	_, err := io.WriteString(ts.Stdout(), p.out.String())
	ts.Check(err)
	_, err = io.WriteString(ts.Stderr(), p.errOut.String())
	ts.Check(err)
}
