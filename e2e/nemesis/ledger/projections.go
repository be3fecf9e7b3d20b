package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// againEvery is how often what is late is looked at again.
const againEvery = 250 * time.Millisecond

// checkProjections reads the rows again and again until they are those that the events make, for Patience at most: what is late comes, what is
// wrong stays wrong.
func (w *Workload) checkProjections(ctx context.Context, want map[rowID]row) []Finding {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Patience)
	defer cancel()
	got := map[rowID]row{}
	var scans []*scan
	for _, projection := range []string{totals, latest} {
		s, err := newScan(ctx, w.cfg.Brokers, w.topics.Rows(projection).Name, func(r *kgo.Record) error { return w.takeRow(got, projection, r) })
		if err != nil {
			return []Finding{finding(Unread, "%v", err)}
		}
		defer s.client.Close()
		scans = append(scans, s)
	}
	for {
		for _, s := range scans {
			if err := s.level(ctx); err != nil {
				return append(checkRows(want, got), finding(Unread, "%v", err))
			}
		}
		findings := checkRows(want, got)
		if len(findings) == 0 || !wait(ctx, againEvery) {
			return findings
		}
	}
}

func (w *Workload) takeRow(rows map[rowID]row, projection string, r *kgo.Record) error {
	if !w.book.ours(string(r.Key)) {
		return nil
	}
	id := rowID{projection, string(r.Key)}
	if r.Value == nil {
		delete(rows, id)
		return nil
	}
	var parsed row
	if err := json.Unmarshal(r.Value, &parsed); err != nil {
		return fmt.Errorf("row %.100q: %w", r.Value, err)
	}
	rows[id] = parsed
	return nil
}
