package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

type options struct {
	brokers, processes int
	minutes            float64
	kafka              string
	transactionVersion int
	seed               uint64
	out                string
	port               int
	heap               string
	clients, perSecond int
	tags               string
	rates              string
	free               int
}

func parseOptions() (*options, error) {
	o := &options{}
	flag.IntVar(&o.brokers, "brokers", 3, "nodes of Kafka, 1 or 3")
	flag.IntVar(&o.processes, "processes", 4, "processes of the context")
	flag.Float64Var(&o.minutes, "minutes", 60, "how long faults are injected")
	flag.StringVar(&o.kafka, "kafka", "4.4.0", "version of Apache Kafka")
	flag.IntVar(&o.transactionVersion, "transaction-version", -1, "the feature transaction.version; -1: the version's own")
	flag.Uint64Var(&o.seed, "seed", 0, "of the faults and the workload; 0: another one each time")
	flag.StringVar(&o.out, "out", "", "directory for results and logs (default a new one for temporary files)")
	flag.IntVar(&o.port, "port", 21000, "the first of 300 ports that are free on this machine")
	flag.StringVar(&o.heap, "heap", "384m", "of each broker")
	flag.IntVar(&o.clients, "clients", 24, "clients of the workload, each with one command under way")
	flag.IntVar(&o.perSecond, "commands", 60, "commands a second, of all clients together")
	flag.StringVar(&o.tags, "tags", "invariants", "build tags of the processor; empty: the binary that users run, to the bit")
	flag.StringVar(&o.rates, "rates", "", "faults a minute, as 'process killed=10,disk full=0'; what is not named keeps its default")
	flag.IntVar(&o.free, "free", 1, "processes that no fault may strike at any time")
	flag.Parse()
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano())
	}
	if o.out == "" {
		dir, err := os.MkdirTemp("", "nemesis-")
		if err != nil {
			return nil, err
		}
		o.out = dir
	}
	return o, o.check()
}

func (o *options) check() error {
	switch {
	case o.brokers != 1 && o.brokers != 3:
		return fmt.Errorf("-brokers %d: 1 or 3", o.brokers)
	case o.processes < 2 || o.processes > 10:
		return fmt.Errorf("-processes %d: 2 to 10", o.processes)
	case o.free < 0 || o.free >= o.processes:
		return fmt.Errorf("-free %d: less than the processes", o.free)
	case flag.NArg() > 0:
		return fmt.Errorf("%s: all options begin with -", flag.Arg(0))
	}
	out, err := filepath.Abs(o.out)
	o.out = out
	if _, missing := os.Stat(o.workDir()); missing == nil {
		return fmt.Errorf("-out %s: an earlier run is there, name another directory", o.out)
	}
	return errors.Join(err, os.MkdirAll(o.workDir(), 0o755), os.MkdirAll(o.logDir(), 0o755))
}

// logDir outlives a run that found something; workDir is for what processes and brokers hold.
func (o *options) logDir() string  { return filepath.Join(o.out, "logs") }
func (o *options) workDir() string { return filepath.Join(o.out, "work") }

// kinds is the catalogue with the rates asked for.
func (o *options) kinds() ([]*kind, error) {
	kinds := allKinds(o.brokers)
	if o.rates == "" {
		return kinds, nil
	}
	named := make(map[string]*kind)
	for _, k := range kinds {
		named[k.name] = k
	}
	for _, part := range strings.Split(o.rates, ",") {
		name, value, _ := strings.Cut(part, "=")
		often, err := strconv.ParseFloat(value, 64)
		if err != nil || often < 0 {
			return nil, fmt.Errorf("-rates %s: want NAME=FAULTS-A-MINUTE", part)
		}
		if named[name] == nil {
			return nil, fmt.Errorf("-rates %s: there is no such fault with %d brokers", name, o.brokers)
		}
		named[name].often = often
	}
	return kinds, nil
}
