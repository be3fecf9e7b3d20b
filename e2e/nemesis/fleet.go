package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/partita-io/partita/e2e/nemesis/brokers"
	"github.com/partita-io/partita/e2e/nemesis/links"
)

// httpPorts are those of the processes' own servers, above options.port.
const httpPorts = 50

// A fleet is all processes, and a link from each to every broker.
type fleet struct {
	processes []*process
	links     [][]*links.Link // of process p to broker n

	mu       sync.Mutex
	needed   []string // a hand: what was found
	badExits []string // after SIGTERM
	leaves   []time.Duration
	stopping bool
}

// newFleet opens the links; no process runs yet.
func newFleet(ctx context.Context, o *options, cluster *brokers.Config, binary, folder string) (*fleet, error) {
	f := &fleet{}
	for i := range o.processes {
		name := fmt.Sprintf("processor-%d", i+1)
		log, err := os.Create(filepath.Join(o.logDir(), name+".log"))
		if err != nil {
			return nil, err
		}
		var between []*links.Link
		var addresses []string
		for n := range o.brokers {
			l, err := links.New(ctx, cluster.Advertised(i, n), cluster.Listening(i, n))
			if err != nil {
				return nil, err
			}
			between, addresses = append(between, l), append(addresses, cluster.Advertised(i, n))
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port+httpPorts+i))
		stateDir := filepath.Join(o.workDir(), name)
		f.links = append(f.links, between)
		f.processes = append(f.processes, &process{
			name: name, binary: binary, address: address, stateDir: stateDir, log: log, handNeeded: f.handNeeded,
			args: []string{
				"run", folder, "--brokers", strings.Join(addresses, ","), "--state-dir", stateDir, "--http", address, "--advertise", address,
			},
		})
	}
	return f, nil
}

// handPause keeps what ends at once, again and again, from doing nothing else.
const handPause = time.Second

// handNeeded notes it and gives the hand.
func (f *fleet) handNeeded(p *process, how string) {
	f.mu.Lock()
	f.needed = append(f.needed, fmt.Sprintf("%s %s, see %s", time.Now().Format(clock), how, p.log.Name()))
	f.mu.Unlock()
	<-time.After(handPause)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopping {
		return
	}
	if err := p.start(); err != nil {
		f.needed = append(f.needed, err.Error())
	}
}

func (f *fleet) startAll() error {
	var errs []error
	for _, p := range f.processes {
		errs = append(errs, p.start())
	}
	return errors.Join(errs...)
}

// killAll ends whatever runs, without hope.
func (f *fleet) killAll() error {
	f.mu.Lock()
	f.stopping = true
	f.mu.Unlock()
	return f.atOnce((*process).kill)
}

// atOnce does it to all processes at the same time.
func (f *fleet) atOnce(do func(*process) error) error {
	errs := make([]error, len(f.processes))
	var all sync.WaitGroup
	for i, p := range f.processes {
		all.Go(func() { errs[i] = do(p) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// awaitReady waits until every process says that its shards run.
func (f *fleet) awaitReady(ctx context.Context) error {
	for _, p := range f.processes {
		if err := until(ctx, "ready: "+p.name, func() bool { return p.ready(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) ready(ctx context.Context) bool {
	status, _, err := get(ctx, "http://"+p.address+"/readyz")
	return err == nil && status == http.StatusOK
}
