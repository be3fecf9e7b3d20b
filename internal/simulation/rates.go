package simulation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/pubsub"
)

// Rates are a table that every instance has whole: some keys, each with a number that only grows. Nothing is decided by them. It is judged what decisions
// could have been decided by: never a part of the table, nothing older than what was there when their process began, and nothing that goes back.

const (
	ratesTopic     = "rates"
	ratePartitions = 3
	rateKeys       = 5
)

// rates are what was written to the topic, and what was wrong with what decisions saw of it.
type rates struct {
	// mu guards the rest.
	mu sync.Mutex
	// written are the newest that are in the log, by key; issued is the newest that may be.
	written map[string]int
	issued  int
	wrongs  []error
}

// changeRate writes the next number of a key, the same at each run of a seed.
func (w *world) changeRate() {
	r := &w.rates
	r.mu.Lock()
	r.issued++
	n := r.issued
	r.mu.Unlock()
	key := "r" + strconv.Itoa(n%rateKeys)
	require.NoError(w.t, w.cl.ProduceSync(w.t.Context(), &kgo.Record{
		Topic: ratesTopic, Partition: int32(n % rateKeys % ratePartitions), Key: []byte(key), Value: []byte(strconv.Itoa(n)),
	}).FirstErr())
	r.mu.Lock()
	r.written[key] = n
	r.mu.Unlock()
}

// A watch is a life's table of rates, looked at by its decisions.
type watch struct {
	life  string
	rates *rates
	table *pubsub.Table

	// mu guards seen: what a decision saw at least, by key. It begins as what was there when the life began.
	mu   sync.Mutex
	seen map[string]int
}

func (w *world) watchRates(life string) *watch {
	w.rates.mu.Lock()
	defer w.rates.mu.Unlock()
	return &watch{life: life, rates: &w.rates, seen: maps.Clone(w.rates.written), table: pubsub.NewTable(pubsub.TableDefinition{
		Name: "rates", Topic: ratesTopic, Row: "Rate", Decode: func(p entities.Payload) ([]byte, *entities.Failure) { return p.Data, nil },
	})}
}

// look judges what a decision could see now.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, err := ratesIn(w.table.Now())
	errs := []error{err}
	for key, least := range w.seen {
		if now[key] < least {
			errs = append(errs, fmt.Errorf("rates: %s decides with %s at %d, where it was %d before", w.life, key, now[key], least))
		}
	}
	maps.Copy(w.seen, now)
	if err := errors.Join(errs...); err != nil {
		w.rates.mu.Lock()
		w.rates.wrongs = append(w.rates.wrongs, err)
		w.rates.mu.Unlock()
	}
}

func ratesIn(rows behaviors.Rows) (map[string]int, error) {
	found := map[string]int{}
	var errs []error
	rows.Keys(func(key string) bool {
		data, _ := rows.Get(key)
		n, err := strconv.Atoi(string(data))
		found[key] = n
		errs = append(errs, err)
		return true
	})
	return found, errors.Join(errs...)
}

// checkRates tells what decisions saw that they should not have.
func (w *world) checkRates() error {
	w.rates.mu.Lock()
	defer w.rates.mu.Unlock()
	return errors.Join(some(w.rates.wrongs)...)
}

// checkRatesLevel: every instance has the newest of each key.
func (w *world) checkRatesLevel() error {
	w.rates.mu.Lock()
	want := maps.Clone(w.rates.written)
	w.rates.mu.Unlock()
	var errs []error
	for _, in := range w.instances {
		if got, err := ratesIn(in.life.watch.table.Now()); err != nil || !maps.Equal(want, got) {
			errs = append(errs, fmt.Errorf("rates of %s: want %v, got %v (%w)", in.life.name, want, got, err))
		}
	}
	return errors.Join(errs...)
}

// watching is the behaviour of accounts, whose decisions look at the rates of their life, and at what it knows of replicated values.
type watching struct {
	account
	watch *watch
	knows *knowledge
}

// Decide looks, and decides.
func (a watching) Decide(ctx context.Context, turns []behaviors.Turn) {
	a.watch.look()
	a.knows.look()
	a.account.Decide(ctx, turns)
}
