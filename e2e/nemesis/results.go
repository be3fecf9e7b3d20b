package main

import (
	"context"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/partita-io/partita/e2e/nemesis/brokers"
	"github.com/partita-io/partita/e2e/nemesis/ledger"
)

// results is what a run tells, as JSON has it.
type results struct {
	Date               string            `json:"date"`
	Commit             string            `json:"commit"`
	Go                 string            `json:"go"`
	FranzGo            string            `json:"franz_go"`
	Kafka              string            `json:"kafka"`
	TransactionVersion int               `json:"transaction_version"`
	Brokers            int               `json:"brokers"`
	Processes          int               `json:"processes"`
	Tags               string            `json:"tags"`
	Seed               uint64            `json:"seed"`
	Minutes            float64           `json:"minutes"`
	Injected           map[string]int    `json:"injected"`
	PassedOver         int               `json:"passed_over"`
	NotStruck          int               `json:"not_struck"`
	Commands           int               `json:"commands"`
	Answers            int               `json:"answers"`
	Again              int               `json:"again"`
	Repeated           int               `json:"repeated"`
	Events             int               `json:"events"`
	Histories          int               `json:"histories"`
	Entities           int               `json:"entities"`
	Restored           int               `json:"restored"`
	Recoveries         map[string]spread `json:"recoveries"`
	Leaves             spread            `json:"leaves"`
	LateLeaves         int               `json:"late_leaves"`
	Findings           []ledger.Finding  `json:"findings"`
}

// A spread is a distribution of times in seconds.
type spread struct {
	Count      int     `json:"count"`
	P50        float64 `json:"p50_s"`
	P90        float64 `json:"p90_s"`
	P99        float64 `json:"p99_s"`
	Max        float64 `json:"max_s"`
	Unfinished int     `json:"unfinished"`
}

func newResults(ctx context.Context, o *options, cluster *brokers.Cluster) *results {
	r := &results{
		Date: time.Now().UTC().Format(time.RFC3339), Commit: commit(ctx), Go: runtime.Version(), Kafka: o.kafka, Brokers: o.brokers,
		Processes: o.processes, Tags: o.tags, Seed: o.seed, Findings: []ledger.Finding{}, TransactionVersion: cluster.TransactionVersion(ctx),
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "github.com/twmb/franz-go" {
				r.FranzGo = d.Version
			}
		}
	}
	return r
}

// commit is of the working tree, or says that there is none.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func (r *results) find(kind, detail string) {
	r.Findings = append(r.Findings, ledger.Finding{Kind: kind, Detail: detail})
}

func (r *results) judged(report ledger.Report) {
	r.Commands, r.Answers, r.Events = report.Commands, report.Answers, report.Events
	r.Histories, r.Entities, r.Again, r.Repeated = report.Histories, report.Entities, report.Again, report.Repeated
	r.Findings = append(r.Findings, report.Findings...)
}

// collect takes what was noted on the way.
func (r *results) collect(a *arena) {
	a.fleet.mu.Lock()
	defer a.fleet.mu.Unlock()
	for _, hand := range a.fleet.needed {
		r.find(handNeeded, hand)
	}
	for _, exit := range a.fleet.badExits {
		r.find(badExit, exit)
	}
	for _, f := range a.journal.notHealed {
		r.find(notHealed, f)
	}
	r.Leaves = newSpread(a.fleet.leaves, 0)
	for _, took := range a.fleet.leaves {
		if took > promised {
			r.LateLeaves++
		}
	}
	r.Injected, r.PassedOver, r.NotStruck = a.journal.counts, a.journal.passed, a.journal.notStruck
	unrecovered := a.recoveries.unrecovered()
	r.Recoveries = make(map[string]spread)
	for kind := range r.Injected {
		r.Recoveries[kind] = newSpread(a.recoveries.took[kind], unrecovered[kind])
	}
}

func newSpread(times []time.Duration, unfinished int) spread {
	s := spread{Count: len(times), Unfinished: unfinished}
	if len(times) == 0 {
		return s
	}
	sorted := slices.Sorted(slices.Values(times))
	at := func(q float64) float64 { return sorted[int(q*float64(len(sorted)-1))].Seconds() }
	s.P50, s.P90, s.P99, s.Max = at(0.5), at(0.9), at(0.99), at(1)
	return s
}
