// Command bench measures the runtime against a bare transactional passthrough on the same machine in the same run, and prints ratios: CPU per
// command first, since rates depend on what else the machine does.
//
//	go run ./bench -brokers localhost:9092
//
// Each figure is of a process of its own (getrusage); topics of a run carry its number in their names, and stay.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// settings are what a run measures with.
type settings struct {
	brokers  []string
	commands int
	entities int
	rate     int
	seconds  int
	backlog  int
	// only are names of runs, all if empty; profiles is where each leaves a CPU profile, nowhere if empty.
	only     []string
	profiles string
	run      string
}

func main() {
	var s settings
	brokers := flag.String("brokers", "localhost:9092", "host:port of brokers, with commas between")
	flag.IntVar(&s.commands, "commands", 400_000, "commands of each CPU run")
	flag.IntVar(&s.entities, "entities", 100_000, "entities they are spread over")
	flag.IntVar(&s.rate, "rate", 1000, "commands per second of the latency run")
	flag.IntVar(&s.seconds, "seconds", 20, "length of the latency run")
	flag.IntVar(&s.backlog, "backlog", 1_000_000, "events of the table that is rebuilt beside the latency run; 0 leaves it out")
	only := flag.String("only", "", "the runs with these names, with commas between: pass, go, goids, star, gocounts, counts, ids, proj, memory, latency; and no others")
	flag.StringVar(&s.profiles, "profiles", "", "directory for a CPU profile of each run")
	memory := flag.Int("memory", 1_000_000, "entities of the memory run; 0 leaves it out")
	flag.Parse()
	s.brokers = strings.Split(*brokers, ",")
	if *only != "" {
		s.only = strings.Split(*only, ",")
	}
	s.run = fmt.Sprintf("b%d", time.Now().Unix()%1_000_000)
	ctx := context.Background()
	var err error
	if job := os.Getenv(jobVariable); job != "" {
		err = work(ctx, job)
	} else {
		err = measure(ctx, s, *memory)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
