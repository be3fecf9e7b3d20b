package verifying

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/history/historytest"
	"github.com/partita-io/partita/internal/embedded"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/changelog"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
)

const shards = 2

// A world is a context's topics of events and changelog, and somebody who writes to them as a processor does.
type world struct {
	t        *testing.T
	options  Options
	producer *kgo.Client
	found    []Difference
}

func broker(t *testing.T) client.Config {
	t.Helper()
	b, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return client.Config{Brokers: []string{b.Addr()}}
}

func newWorld(t *testing.T, cfg client.Config, name string) *world {
	t.Helper()
	w := &world{t: t}
	w.options = Options{
		Client: cfg, Topics: topics.Context{Name: name, Partitions: shards}, Entity: "sum", Behavior: historytest.Sum{}, MemoryBytes: 1,
		Found: func(d Difference) error { w.found = append(w.found, d); return nil },
	}
	cl, err := client.NewAdmin(cfg)
	require.NoError(t, err)
	defer cl.Close()
	specs := []topics.Spec{w.options.Topics.Events("sum"), w.options.Topics.Changelog("sum")}
	require.NoError(t, admin.New(cl).Apply(t.Context(), topics.Diff(w.options.Topics, specs, nil), nil))
	w.producer, err = client.NewProducer(cfg, name)
	require.NoError(t, err)
	t.Cleanup(w.producer.Close)
	return w
}

func (w *world) event(id string, sequence int64, value string, headers ...string) *kgo.Record {
	r := historytest.Event(id, sequence, value, headers...)
	r.Topic, r.Partition = w.options.Topics.Events("sum").Name, records.Partition(r.Key, shards)
	return r
}

func (w *world) state(id string, sequence int64, state string) *kgo.Record {
	return w.changelog(id, historytest.Stored(sequence, state))
}

func (w *world) changelog(id string, value []byte) *kgo.Record {
	return &kgo.Record{
		Topic: w.options.Topics.Changelog("sum").Name, Partition: records.Partition([]byte(id), shards), Key: []byte(id), Value: value,
	}
}

func (w *world) begin(recs ...*kgo.Record) {
	w.t.Helper()
	require.NoError(w.t, w.producer.BeginTransaction())
	require.NoError(w.t, w.producer.ProduceSync(w.t.Context(), recs...).FirstErr())
}

func (w *world) end(try kgo.TransactionEndTry) {
	w.t.Helper()
	require.NoError(w.t, w.producer.EndTransaction(w.t.Context(), try))
}

func (w *world) commit(recs ...*kgo.Record) {
	w.t.Helper()
	require.NoError(w.t, w.write(recs...))
}

func (w *world) write(recs ...*kgo.Record) error {
	if err := w.producer.BeginTransaction(); err != nil {
		return err
	}
	if err := w.producer.ProduceSync(w.t.Context(), recs...).FirstErr(); err != nil {
		return err
	}
	return w.producer.EndTransaction(w.t.Context(), kgo.TryCommit)
}

// verify returns what is counted, and what was found as "source kind id".
func (w *world) verify() (Total, []string) {
	w.t.Helper()
	w.found, w.options.Dir = nil, w.t.TempDir()
	all, err := Run(w.t.Context(), w.options)
	require.NoError(w.t, err)
	var found []string
	for _, d := range w.found {
		found = append(found, fmt.Sprintf("%s %s %s", d.Source, d.Kind, d.ID))
		require.Equal(w.t, records.Partition([]byte(d.ID), shards), d.Shard)
	}
	slices.Sort(found)
	return Sum(all), found
}

func TestWhatIsStoredIsComparedWithTheEvents(t *testing.T) {
	cfg := broker(t)
	rejected := entities.Stored{Outcomes: []entities.Outcome{{Rejected: true}}}
	// All begin with two entities that are equal.
	for name, c := range map[string]struct {
		more  func(w *world)
		found []string
		total Total
	}{
		"equal": {func(*world) {}, nil, Total{Events: 3, Entities: 2, Equal: 2}},
		"deleted": {func(w *world) {
			w.commit(w.event("a", 3, "9", records.Deletes, "true"), w.state("a", 3, ""))
		}, nil, Total{Events: 4, Entities: 2, Equal: 2}},
		"without events": {func(w *world) {
			w.commit(w.changelog("r", rejected.Append(nil)), w.changelog(string(entities.WaitingKey("r", 7)), []byte{1}))
		}, nil, Total{Events: 3, Entities: 3, Equal: 3}},
		"what was aborted": {func(w *world) {
			w.begin(w.event("a", 3, "1"), w.state("b", 9, "9"))
			w.end(kgo.TryAbort)
		}, nil, Total{Events: 3, Entities: 2, Equal: 2}},
		"a forged state": {func(w *world) {
			w.commit(w.state("a", 2, "4"))
		}, []string{"changelog state a"}, Total{Events: 3, Entities: 2, Equal: 1, Different: 1}},
		"behind": {func(w *world) {
			w.commit(w.event("a", 3, "1"))
		}, []string{"changelog sequence a"}, Total{Events: 4, Entities: 2, Equal: 1, Different: 1}},
		"ahead": {func(w *world) {
			w.commit(w.state("a", 3, "6"))
		}, []string{"changelog sequence a"}, Total{Events: 3, Entities: 2, Equal: 1, Different: 1}},
		"missing and unexpected": {func(w *world) {
			w.commit(w.event("m", 1, "1"), w.state("n", 1, "1"), w.changelog("b", nil))
		}, []string{"changelog missing b", "changelog missing m", "changelog no-events n"}, Total{Events: 4, Entities: 4, Equal: 1, Different: 1, Missing: 2}},
		"no history": {func(w *world) {
			w.commit(w.event("a", 4, "1"), w.event("b", 2, "boom"), w.state("b", 2, "1"))
		}, []string{"changelog unfoldable a", "changelog unfoldable b"}, Total{Events: 5, Entities: 2, Different: 2}},
		"unreadable": {func(w *world) {
			w.commit(w.changelog("a", []byte("a value of somebody else")))
		}, []string{"changelog unreadable a"}, Total{Events: 3, Entities: 2, Equal: 1, Different: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cfg, strings.ReplaceAll(name, " ", "-"))
			w.commit(w.event("a", 1, "2"), w.event("b", 1, "1"), w.state("b", 1, "1"), w.state("a", 1, "2"))
			w.commit(w.event("a", 2, "3"), w.state("a", 2, "5"))
			c.more(w)
			total, found := w.verify()
			require.Equal(t, c.found, found)
			require.Equal(t, c.total, total)

			w.options.ID = "a"
			total, found = w.verify()
			require.EqualValues(t, 1, total.Entities, "only one was asked for")
			require.ElementsMatch(t, slices.DeleteFunc(slices.Clone(c.found), func(f string) bool { return !strings.HasSuffix(f, " a") }), found)
		})
	}
}

func TestADifferenceShowsBothSides(t *testing.T) {
	w := newWorld(t, broker(t), "shop")
	w.commit(w.event("a", 1, "2"), w.event("a", 2, "3"), w.state("a", 2, "4"))
	_, found := w.verify()
	require.Equal(t, []string{"changelog state a"}, found)
	require.Equal(t, Difference{
		Entity: "sum", ID: "a", Shard: records.Partition([]byte("a"), shards), Source: Changelog, Kind: OtherState,
		Events: &View{2, []byte(`{"n":5}`)}, Stored: &View{2, []byte(`{"n":4}`)},
	}, w.found[0])
}

// An event and the state after it are in one transaction: one that is open is waited for, and what comes of it is compared.
func TestAnOpenTransactionIsWaitedFor(t *testing.T) {
	w := newWorld(t, broker(t), "shop")
	w.commit(w.event("a", 1, "2"), w.state("a", 1, "2"))
	w.begin(w.event("a", 2, "3"), w.state("a", 2, "5"))
	waited := atomic.Bool{}
	w.options.Waiting = func(changelog.Standstill) {
		if !waited.Swap(true) {
			w.end(kgo.TryCommit)
		}
	}
	total, found := w.verify()
	require.Empty(t, found)
	require.Equal(t, Total{Events: 2, Entities: 1, Equal: 1}, total)
	require.True(t, waited.Load())
}

// Whatever is written meanwhile, as a processor writes it, nothing is found; and what somebody else writes is.
func TestAContextInUseIsComparedAtOnePoint(t *testing.T) {
	w := newWorld(t, broker(t), "shop")
	w.options.MemoryBytes = 1 << 16
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	sequences := map[string]int64{}
	step := func(i int) error {
		var recs []*kgo.Record
		for k := range 3 {
			id := fmt.Sprintf("e%d", (i*(k+1))%37)
			if slices.ContainsFunc(recs, func(r *kgo.Record) bool { return string(r.Key) == id }) {
				continue
			}
			for range k + 1 {
				sequences[id]++
				recs = append(recs, w.event(id, sequences[id], "2"))
			}
			recs = append(recs, w.state(id, sequences[id], fmt.Sprint(2*sequences[id])))
		}
		return w.write(recs...)
	}
	require.NoError(t, step(0))
	go func() {
		var err error
		for i := 1; ctx.Err() == nil && err == nil; i++ {
			err = step(i)
		}
		ended <- err
	}()
	last := int64(0)
	for range 4 {
		total, found := w.verify()
		require.Empty(t, found)
		require.Greater(t, total.Events, last, "it was in use")
		last = total.Events
	}
	cancel()
	require.NoError(t, <-ended)
	w.commit(w.state("e1", sequences["e1"], "1"))
	_, found := w.verify()
	require.Equal(t, []string{"changelog state e1"}, found)
}

func TestWhatWasKeptOfTheChangelogIsNotBelievedWhenItIsCut(t *testing.T) {
	_, err := parseImage(make([]byte, imageHead-1))
	require.ErrorContains(t, err, "damaged")
}

func TestWhatCannotBeComparedIsSaid(t *testing.T) {
	w := newWorld(t, broker(t), "shop")
	w.commit(w.event("a", 1, "2"), w.state("a", 1, "2"))
	w.commit(w.event("a", 2, "2"), w.state("a", 2, "4"))
	w.options.Dir = t.TempDir()
	cl, err := client.NewAdmin(w.options.Client)
	require.NoError(t, err)
	defer cl.Close()
	at := records.Partition([]byte("a"), shards)
	cut := kadm.Offsets{}
	cut.AddOffset(w.options.Topics.Events("sum").Name, at, 2, -1)
	deleted, err := kadm.NewClient(cl).DeleteRecords(t.Context(), cut)
	require.NoError(t, err)
	require.NoError(t, deleted.Error())
	_, err = Run(t.Context(), w.options)
	want := fmt.Sprintf(`^shop\.sum\.events/%d begins at \d: the events before were deleted, and what the entities are cannot be told from the others$`, at)
	require.Regexp(t, want, err)

	w.options.Entity = "difference"
	_, err = Run(t.Context(), w.options)
	require.ErrorContains(t, err, "topic shop.difference.events is missing")
}
