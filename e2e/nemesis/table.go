package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/partita-io/partita/e2e/nemesis/ledger"
)

// classes are what is looked for; each has its line, found or not.
var classes = []struct{ kind, says string }{
	{ledger.Lost, "events lost"},
	{ledger.Doubled, "events, or effects of them, doubled"},
	{ledger.Gap, "gaps in sequences"},
	{ledger.Uncaused, "events without a command"},
	{ledger.NotLinearizable, "histories not linearizable"},
	{ledger.AnswerDisagrees, "answers that disagree with events, or with an earlier answer"},
	{ledger.StateDiffers, "states in changelogs that differ from their events"},
	{ledger.StoreDiffers, "stores that differ from their events, or after a restore from nothing"},
	{ledger.RowDiffers, "rows that differ from their events"},
	{ledger.Unanswered, "operations without an answer"},
	{ledger.Unread, "topics that could not be read"},
	{handNeeded, "processes that needed a hand"},
	{badExit, "after SIGTERM an exit code other than 0, or none in 30 s"},
	{notLevel, "not at rest after all was healed"},
	{openTransaction, "transactions still open then, by partition; of the brokers' making where their coordinator says Complete"},
	{notRestored, "not restored from nothing"},
	{notHealed, "faults that the nemesis could not undo"},
}

// What is found beside the ledger's own.
const (
	handNeeded      = "needed-a-hand"
	openTransaction = "open-transaction"
	badExit         = "bad-exit"
	notLevel        = "not-level"
	notRestored     = "not-restored"
	notHealed       = "not-healed"
)

// publish writes the results as JSON and as Markdown, and shows the latter.
func (r *results) publish(o *options) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(o.out, "results.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	page := r.markdown()
	if _, err := os.Stdout.WriteString(page); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.out, "results.md"), []byte(page), 0o644)
}

func (r *results) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Nemesis, %s\n\n", r.Date)
	fmt.Fprintf(&b, "Partita %s, tags %q, %s, franz-go %s; Apache Kafka %s, transaction.version %d, %d nodes; %d processes; seed %d, %.1f minutes.\n\n",
		r.Commit, r.Tags, r.Go, r.FranzGo, r.Kafka, r.TransactionVersion, r.Brokers, r.Processes, r.Seed, r.Minutes)
	fmt.Fprintf(&b, "Workload: %d commands, asked again %d times, %d answers, %d of them repeated; %d events, %d histories; %d entities asked for their "+
		"state, %d again after a restore from nothing.\n\n", r.Commands, r.Again, r.Answers, r.Repeated, r.Events, r.Histories, r.Entities, r.Restored)
	r.writeInjected(&b)
	r.writeFound(&b)
	return b.String()
}

func (r *results) writeInjected(b *strings.Builder) {
	fmt.Fprint(b, "Recovery is the time from a fault to the next commit on a shard that it struck, whatever else went on; brokers strike all shards.\n\n")
	fmt.Fprint(b, "| injected | times | a minute | shards | p50 s | p90 s | p99 s | max s | never |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, kind := range slices.Sorted(maps.Keys(r.Injected)) {
		s := r.Recoveries[kind]
		fmt.Fprintf(b, "| %s | %d | %.1f | %d | %.2f | %.2f | %.2f | %.2f | %d |\n",
			kind, r.Injected[kind], float64(r.Injected[kind])/r.Minutes, s.Count, s.P50, s.P90, s.P99, s.Max, s.Unfinished)
	}
	fmt.Fprintf(b, "\n%d draws found nobody left to strike, %d could not be brought about. %d ends by SIGTERM: p50 %.2f s, max %.2f s, %d later than %s.\n",
		r.PassedOver, r.NotStruck, r.Leaves.Count, r.Leaves.P50, r.Leaves.Max, r.LateLeaves, promised)
}

func (r *results) writeFound(b *strings.Builder) {
	count := make(map[string]int)
	for _, f := range r.Findings {
		count[f.Kind]++
	}
	fmt.Fprint(b, "\n| looked for | found |\n|---|---|\n")
	for _, c := range classes {
		fmt.Fprintf(b, "| %s | %d |\n", c.says, count[c.kind])
		delete(count, c.kind)
	}
	for _, kind := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(b, "| %s | %d |\n", kind, count[kind])
	}
	if len(r.Findings) > 0 {
		fmt.Fprint(b, "\n## Findings\n\n")
	}
	for _, f := range r.Findings {
		fmt.Fprintf(b, "- **%s** %s\n", f.Kind, f.Detail)
	}
}
