package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime/pprof"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/replicated"
	"github.com/partita-io/partita/service"
	"github.com/partita-io/partita/statestore"
)

// A job is what one measured process does; it is given to it in the environment, as JSON.
type job struct {
	Kind     string
	Name     string // of the context
	Commands int
	Brokers  []string
	StateDir string
	// Counting: each command counts one of a hundred replicated counters up.
	Counting bool
	// Rebuild builds a second version of the table from its first event, beside the live one.
	Rebuild bool
	// Profile is the file for a CPU profile; empty for none.
	Profile string
}

const (
	jobVariable    = "PARTITA_BENCH_JOB"
	jobPassthrough = "passthrough"
	jobEntities    = "entities"
	jobAll         = "all"
	jobRestore     = "restore"
	jobServe       = "serve"
	jobGo          = "go"
	// The events that a job of the same name has left, through the projection alone.
	jobProjection   = "projection"
	jobGoProjection = "go projection"
)

// A report is what a job's process measured of itself, between the first record and the last.
type report struct {
	CPUMicros float64
	PerSecond float64
	MaxRSSMiB float64
}

// command is a process of this program that does the job.
func command(ctx context.Context, j job) (*exec.Cmd, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	return cmd, nil
}

func run(ctx context.Context, j job) (report, error) {
	cmd, err := command(ctx, j)
	if err != nil {
		return report{}, err
	}
	out, err := cmd.Output()
	if err != nil {
		return report{}, fmt.Errorf("%s: %w", j.Kind, err)
	}
	var r report
	return r, json.Unmarshal(out, &r)
}

// work is the measured process.
func work(ctx context.Context, text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	stop, err := profile(j.Profile)
	if err != nil {
		return err
	}
	defer stop()
	m := &meter{}
	records := j.Commands
	switch j.Kind {
	case jobPassthrough:
		m.start()
		err = passthrough(ctx, j.Brokers, j.Name+".cart.commands", shards, j.Commands)
		m.stop()
	default:
		records, err = serve(ctx, j, m)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m.report(records))
}

// profile writes a CPU profile to a file until stop is called; without a file it does nothing.
func profile(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		if err := f.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}, nil
}

// A meter takes CPU and time between start and stop.
type meter struct {
	cpu, cpuEnd time.Duration
	at, end     time.Time
}

func (m *meter) start() { m.cpu, m.at = cpuTime(), time.Now() }
func (m *meter) stop()  { m.cpuEnd, m.end = cpuTime(), time.Now() }

func (m *meter) report(records int) report {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // It cannot fail for oneself.
	return report{
		CPUMicros: float64((m.cpuEnd - m.cpu).Microseconds()) / float64(records),
		PerSecond: float64(records) / m.end.Sub(m.at).Seconds(),
		MaxRSSMiB: float64(u.Maxrss) / 1024,
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// serve runs the context until all commands are decided (and, with the projection, all rows written), or its stores are restored.
func serve(ctx context.Context, j job, m *meter) (int, error) {
	c, err := loadNamed(j.Name, j.Counting)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	values := c.Values()
	components := c.Components(ctx)
	for i := range c.Projections {
		components = append(components, c.TableComponent(ctx, &c.Projections[i], 1))
		if j.Rebuild {
			built := c.TableComponent(ctx, &c.Projections[i], 2)
			built.Side = partitions.BuildSide
			components = append(components, built)
		}
	}
	switch j.Kind {
	case jobEntities, jobRestore:
		components = components[:1]
	case jobProjection:
		components = components[1:]
	case jobGo, jobGoProjection:
		if components, err = typedComponents(ctx, c.Name, values); err != nil {
			return 0, err
		}
		if j.Kind == jobGo {
			components = components[:1]
		} else {
			components = components[1:]
		}
	}
	service.BoundMemory(0)
	stores, err := statestore.OpenEnv(j.StateDir, statestore.Options{Context: c.Name, Stores: len(components) * shards})
	if err != nil {
		return 0, err
	}
	progress := &watch{job: j, meter: m, done: cancel}
	if j.Kind == jobRestore {
		m.start()
	}
	err = partitions.Run(ctx, partitions.Config{
		Context: c.Name, Shards: c.Partitions, Components: components, Client: client.Config{Brokers: j.Brokers}, Stores: stores,
		Listener: progress.listener(), Needs: needs(values),
	})
	if j.Kind == jobRestore {
		return int(progress.restored.Load()), err
	}
	return j.Commands, err
}

// needs are the replicated values, where there are any.
func needs(values *replicated.Values) []partitions.Need {
	if values != nil {
		return []partitions.Need{values}
	}
	return nil
}

// A watch starts the meter at the first window and ends the job at the last.
type watch struct {
	job      job
	meter    *meter
	done     func()
	decided  atomic.Int64
	rows     atomic.Int64
	started  atomic.Bool
	running  atomic.Int64
	restored atomic.Int64
}

func (w *watch) listener() partitions.Listener {
	return partitions.Listener{
		WindowEnded: w.window,
		Waiting:     func(e partitions.WaitingEvent) { fmt.Fprintf(os.Stderr, "waiting for %s: %v\n", e.For, e.Err) },
		TaskStopped: func(e partitions.TaskStopped) { fmt.Fprintf(os.Stderr, "stopped: %v\n", e.Err) },
		RestoreProgress: func(e partitions.RestoreEvent) {
			if e.Remaining == 0 && e.RecordsRead > 0 && w.job.Kind == jobRestore {
				w.restored.Store(int64(w.job.Commands)) // One changelog record for each command at most; positions count markers too.
			}
		},
		ShardRunning: func(partitions.ShardEvent) {
			if w.running.Add(1) == shards && w.job.Kind == jobRestore {
				w.finish()
			}
		},
	}
}

func (w *watch) window(e partitions.WindowEvent) {
	if w.job.Kind == jobServe || w.job.Kind == jobRestore {
		return
	}
	if w.started.CompareAndSwap(false, true) {
		w.meter.start()
	}
	for _, t := range e.Tasks {
		for _, tally := range t.Tallies {
			switch tally.Kind {
			case partitions.CommandDecided:
				w.decided.Add(1)
			case partitions.RowWritten:
				w.rows.Add(1)
			case partitions.EventEmitted, partitions.DeadLettered, partitions.CommandForwarded, partitions.ReplyDropped, partitions.CommandParked,
				partitions.MessageWritten, partitions.MessageSent, partitions.MessageHandled, partitions.MessagePassed:
			}
		}
	}
	all := int64(w.job.Commands)
	decided, written := w.decided.Load() >= all, w.rows.Load() >= all
	switch w.job.Kind {
	case jobAll:
		decided = decided && written
	case jobProjection, jobGoProjection:
		decided = written
	}
	if decided {
		w.finish()
	}
}

func (w *watch) finish() {
	if w.meter.end.IsZero() {
		w.meter.stop()
		w.done()
	}
}
