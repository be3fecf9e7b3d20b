package cli

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/partita-io/partita/internal/spelling"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/topics"
)

// parseOthers reads TOPIC=PARTITIONS.
func parseOthers(args []string) ([]topics.Spec, error) {
	var specs []topics.Spec
	for _, arg := range args {
		name, number, ok := strings.Cut(arg, "=")
		n, err := strconv.ParseInt(number, 10, 32)
		if !ok || name == "" || err != nil || n < 1 {
			return nil, wrongUsage("--create %s: want TOPIC=PARTITIONS, as in bank.payments=3", arg)
		}
		// Replicas and the rest are as the brokers have them by default.
		specs = append(specs, topics.Spec{Name: name, Partitions: int32(n), Replication: -1})
	}
	return specs, nil
}

// createOthers creates topics of others that are missing, on the word of who knows that nobody else will.
func (a *app) createOthers(ctx context.Context, asks *admin.Admin, needed []topics.Spec, missing []topics.Difference, wanted []topics.Spec) error {
	var others []string
	for _, s := range needed {
		if s.External {
			others = append(others, s.Name)
		}
	}
	var create []topics.Difference
	for _, w := range wanted {
		if !slices.Contains(others, w.Name) {
			return wrongUsage("--create %s: the context reads and writes no topic of others of this name%s; its own are created by --apply", w.Name,
				spelling.DidYouMean(w.Name, others))
		}
		if slices.ContainsFunc(missing, func(d topics.Difference) bool { return d.Spec.Name == w.Name }) {
			create = append(create, topics.Difference{Spec: w, Create: true})
		} else {
			a.say("%s is there already", w.Name)
		}
	}
	return asks.Apply(ctx, create, func(d topics.Difference) { a.say("created %s", d.Spec.Name) })
}
