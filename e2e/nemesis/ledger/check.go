package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// linearizePatience is for one entity; milliseconds are usual.
const linearizePatience = 30 * time.Second

// Check holds everything against everything, once Run has returned and the faults are over. It waits for what is late, for Patience at most.
// inspect may be nil: then no owner is asked.
func (w *Workload) Check(ctx context.Context, inspect Inspect) Report {
	r := w.count()
	r.Findings = append(r.Findings, linearizable(w.book.histories())...)
	events := newEventCheck(&w.book)
	r.Findings = append(r.Findings, w.readEvents(ctx, events)...)
	r.Events, r.Histories = events.read, len(events.folds)
	r.Findings = append(r.Findings, events.findings...)
	r.Findings = append(r.Findings, w.checkChangelogs(ctx, events)...)
	r.Findings = append(r.Findings, w.checkProjections(ctx, events.rows)...)
	if inspect != nil {
		asked, findings := w.askOwners(ctx, events, inspect)
		r.Entities = asked
		r.Findings = append(r.Findings, findings...)
	}
	return r
}

// count is what the clients know by themselves.
func (w *Workload) count() Report {
	r := Report{Commands: len(w.book.operations), Repeated: w.repeated, Findings: slices.Clone(w.findings)}
	for _, o := range w.book.operations {
		r.Again += max(0, o.Asked-1)
		if o.Answer != nil {
			r.Answers++
		} else {
			r.Findings = append(r.Findings, finding(Unanswered, "asked %d times: %s", o.Asked, o))
		}
	}
	return r
}

func linearizable(histories map[entityID][]*operation) []Finding {
	var (
		mu       sync.Mutex
		findings []Finding
		all      sync.WaitGroup
		slots    = make(chan struct{}, runtime.GOMAXPROCS(0))
	)
	for entity, history := range histories {
		slots <- struct{}{}
		all.Go(func() {
			found := checkLinearizable(entity, history, linearizePatience)
			mu.Lock()
			findings = append(findings, found...)
			mu.Unlock()
			<-slots
		})
	}
	all.Wait()
	return findings
}

// read reads a topic to its end, within the patience.
func (w *Workload) read(ctx context.Context, topic string, each func(*kgo.Record) error) []Finding {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Patience)
	defer cancel()
	s, err := newScan(ctx, w.cfg.Brokers, topic, each)
	if err == nil {
		defer s.client.Close()
		err = s.level(ctx)
	}
	if err != nil {
		return []Finding{finding(Unread, "%v", err)}
	}
	return nil
}

func (w *Workload) readEvents(ctx context.Context, c *eventCheck) []Finding {
	var findings []Finding
	for _, kind := range []string{counter, list} {
		findings = append(findings, w.read(ctx, w.topics.Events(kind).Name, func(r *kgo.Record) error {
			e, err := parseEvent(r)
			if err == nil {
				c.take(e)
			}
			return err
		})...)
	}
	c.end()
	return findings
}

func parseEvent(r *kgo.Record) (logged, error) {
	id, err := records.ParseEventID(headerOf(r, records.ID))
	if err != nil {
		return logged{}, err
	}
	if id.ID != string(r.Key) {
		return logged{}, fmt.Errorf("event %s has the key %q", id, r.Key)
	}
	e := logged{entityID: entityID{id.Entity, id.ID}, Sequence: id.Sequence, Partition: r.Partition, Causation: headerOf(r, records.Causation)}
	if err := json.Unmarshal(r.Value, &e.event); err != nil {
		return logged{}, fmt.Errorf("event %s: %w", id, err)
	}
	e.Type = headerOf(r, records.Type)
	return e, nil
}

func (w *Workload) checkChangelogs(ctx context.Context, c *eventCheck) []Finding {
	var findings []Finding
	last := map[entityID]stored{}
	for _, kind := range []string{counter, list} {
		raw := map[string][]byte{}
		findings = append(findings, w.read(ctx, w.topics.Changelog(kind).Name, func(r *kgo.Record) error {
			switch key := string(r.Key); {
			case r.Value == nil:
				delete(raw, key)
			case w.book.ours(key):
				raw[key] = r.Value
			}
			return nil
		})...)
		for key, value := range raw {
			s, err := parseStored(w.context.Entity(kind), value)
			if err != nil {
				findings = append(findings, finding(StateDiffers, "%s/%s: the changelog's last value: %v", kind, key, err))
			}
			last[entityID{kind, key}] = s
		}
	}
	return append(findings, checkStored(c, last)...)
}
