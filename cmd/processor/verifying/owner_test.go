package verifying

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/history/historytest"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/service"
)

// An owner has the stores of all shards, and tells of one entry at a time.
type owner struct {
	// mu guards the rest.
	mu        sync.Mutex
	stores    [shards]map[string][]byte
	positions [shards]records.Position
	asked     int
	// answer is asked first; nil for none.
	answer func(asked int) error
}

func newOwner(w *world) *owner {
	o := &owner{}
	for i := range o.stores {
		o.stores[i] = map[string][]byte{}
	}
	w.options.OwnerOf = func(context.Context, int32) (Process, error) {
		return Process{Name: "one", Address: "one:1"}, nil
	}
	w.options.Ask, w.options.lookAgain = o.ask, time.Millisecond
	return o
}

// apply is what an owner does when its window is committed.
func (o *owner) apply(recs ...*kgo.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range recs {
		if !bytes.HasSuffix([]byte(r.Topic), []byte(".changelog")) {
			continue
		}
		o.stores[r.Partition][string(r.Key)] = r.Value
		if o.positions[r.Partition] = records.Offset(r.Offset).Next(); r.Value == nil {
			delete(o.stores[r.Partition], string(r.Key))
		}
	}
}

func (o *owner) put(id string, value []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	store := o.stores[records.Partition([]byte(id), shards)]
	if store[id] = value; value == nil {
		delete(store, id)
	}
}

func (o *owner) ask(_ context.Context, _, component string, shard int32, from []byte, _ int) (partitions.Page, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asked++; o.answer != nil {
		if err := o.answer(o.asked); err != nil {
			return partitions.Page{}, err
		}
	}
	p := partitions.Page{Position: o.positions[shard], Last: true}
	for _, key := range slices.Sorted(maps.Keys(o.stores[shard])) {
		switch {
		case component != "sum" || key < string(from):
		case len(p.Entries) > 0:
			p.Last = false
		default:
			p.Entries = append(p.Entries, partitions.Entry{Key: []byte(key), Value: o.stores[shard][key]})
		}
	}
	return p, nil
}

func TestTheOwnersStoreIsComparedWithTheChangelog(t *testing.T) {
	cfg := broker(t)
	remembering := entities.Stored{Sequence: 2, Fingerprint: historytest.Fingerprint, State: []byte("5"), Outcomes: []entities.Outcome{{Sequence: 2}}}
	for name, c := range map[string]struct {
		damage func(w *world, o *owner)
		found  []string
	}{
		"equal":             {func(*world, *owner) {}, nil},
		"damaged":           {func(_ *world, o *owner) { o.put("a", historytest.Stored(2, "6")) }, []string{"owner state a"}},
		"an older value":    {func(_ *world, o *owner) { o.put("a", historytest.Stored(1, "2")) }, []string{"owner sequence a"}},
		"lost and made up":  {func(_ *world, o *owner) { o.put("b", nil); o.put("x", historytest.Stored(1, "2")) }, []string{"owner missing b", "owner no-events x"}},
		"unreadable":        {func(_ *world, o *owner) { o.put("a", []byte("?")) }, []string{"owner unreadable a"}},
		"remembers other":   {func(_ *world, o *owner) { o.put("a", remembering.Append(nil)) }, []string{"owner remembered a"}},
		"forgot a stub":     {func(_ *world, o *owner) { o.put("r", nil) }, []string{"owner missing r"}},
		"all is gone":       {func(_ *world, o *owner) { o.put("a", nil); o.put("b", nil); o.put("r", nil) }, []string{"owner missing a", "owner missing b", "owner missing r"}},
		"a waiting command": {func(_ *world, o *owner) { o.put(string(entities.WaitingKey("r", 7)), []byte{1}) }, nil},
		"the changelog is wrong": {func(w *world, _ *owner) {
			w.commit(w.state("a", 2, "4"))
		}, []string{"changelog state a"}},
		"both are wrong": {func(w *world, o *owner) {
			w.commit(w.state("a", 2, "4"))
			o.put("a", historytest.Stored(2, "6"))
		}, []string{"changelog state a", "owner state a"}},
		"all that was forged reached the store": {func(w *world, o *owner) {
			forged := w.state("a", 2, "4")
			w.commit(forged)
			o.apply(forged)
		}, []string{"changelog state a"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cfg, fmt.Sprintf("c%x", name))
			o := newOwner(w)
			rejected := entities.Stored{Outcomes: []entities.Outcome{{Rejected: true}}}
			recs := []*kgo.Record{
				w.event("a", 1, "2"), w.event("b", 1, "1"), w.state("b", 1, "1"), w.event("a", 2, "3"), w.state("a", 2, "5"), w.changelog("r", rejected.Append(nil)),
			}
			w.commit(recs...)
			o.apply(recs...)
			c.damage(w, o)
			total, found := w.verify()
			require.Equal(t, c.found, found)
			owned := 0
			for _, f := range c.found {
				if f[0] == 'o' {
					owned++
				}
			}
			require.EqualValues(t, owned, total.Owned)

			w.options.ID = "a"
			_, found = w.verify()
			require.ElementsMatch(t, slices.DeleteFunc(slices.Clone(c.found), func(f string) bool { return f[len(f)-1] != 'a' }), found)
		})
	}
}

// verifyShards is what came of the shards that the owner has something of.
func (w *world) verifyShards() []Shard {
	w.t.Helper()
	w.found, w.options.Dir = nil, w.t.TempDir()
	all, err := Run(w.t.Context(), w.options)
	require.NoError(w.t, err)
	require.Empty(w.t, w.found)
	return slices.DeleteFunc(all, func(s Shard) bool { return s.Events == 0 })
}

func TestAnOwnerThatIsAWindowBehindIsWaitedFor(t *testing.T) {
	w := newWorld(t, broker(t), "shop")
	o := newOwner(w)
	first := []*kgo.Record{w.event("a", 1, "2"), w.state("a", 1, "2")}
	w.commit(first...)
	o.apply(first...)
	second := []*kgo.Record{w.event("a", 2, "3"), w.state("a", 2, "5")}
	w.commit(second...)
	o.answer = func(asked int) error {
		if asked == 6 {
			go o.apply(second...)
		}
		return nil
	}
	w.options.lookAgain = 20 * time.Millisecond
	all := w.verifyShards()
	require.Equal(t, "one", all[0].Owner)
	require.GreaterOrEqual(t, o.asked, 6)
}

func TestAnOwnerThatStaysBehindIsNotCompared(t *testing.T) {
	w := newWorld(t, broker(t), "shop")
	newOwner(w)
	w.commit(w.event("a", 1, "2"), w.state("a", 1, "2"))
	all := w.verifyShards()
	require.Empty(t, all[0].Owner)
	require.Regexp(t, `^the store of one stands at 0 and gets no further, the changelog has \d$`, all[0].OwnerMissed)
}

// The store is asked while windows are committed and applied: each page is of another moment.
func TestAStoreInUseIsComparedPageByPage(t *testing.T) {
	w := newWorld(t, broker(t), "shop")
	w.options.MemoryBytes = 1 << 16
	o := newOwner(w)
	sequence := int64(0)
	step := func() error {
		sequence++
		var recs []*kgo.Record
		for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
			recs = append(recs, w.event(id, sequence, "2"), w.state(id, sequence, fmt.Sprint(2*sequence)))
		}
		err := w.write(recs...)
		o.apply(recs...)
		return err
	}
	require.NoError(t, step())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		var err error
		for ctx.Err() == nil && err == nil {
			err = step()
		}
		ended <- err
	}()
	for range 2 {
		for _, s := range w.verifyShards() {
			require.Equal(t, "one", s.Owner, s.OwnerMissed)
		}
	}
	cancel()
	require.NoError(t, <-ended)
	require.Greater(t, sequence, int64(5), "it was in use")
	o.put("c", historytest.Stored(sequence, "1"))
	_, found := w.verify()
	require.Equal(t, []string{"owner state c"}, found)
}

func TestTheNextOwnerIsAskedWhenTheShardMoves(t *testing.T) {
	w := newWorld(t, broker(t), "shop")
	o := newOwner(w)
	recs := []*kgo.Record{w.event("a", 1, "2"), w.state("a", 1, "2")}
	w.commit(recs...)
	o.apply(recs...)
	w.options.ID = "a"
	owners := []string{"one", "two", "three"}
	w.options.OwnerOf = func(context.Context, int32) (Process, error) {
		next := owners[0]
		owners = owners[1:]
		return Process{Name: next, Address: next + ":1"}, nil
	}
	o.answer = func(asked int) error {
		if asked < 3 {
			return fmt.Errorf("asking: %w", service.ErrNotHere)
		}
		return nil
	}
	require.Equal(t, "three", w.verifyShards()[0].Owner)
}

func TestWhoCannotBeAskedIsNamed(t *testing.T) {
	w := newWorld(t, broker(t), "shop")
	o := newOwner(w)
	w.commit(w.event("a", 1, "2"), w.state("a", 1, "2"))
	o.answer = func(int) error { return errors.New("asking one:1: connection refused") }
	require.Equal(t, "asking one:1: connection refused", w.verifyShards()[0].OwnerMissed)

	o.answer = func(int) error { return service.ErrNotHere }
	require.Equal(t, "the shard does not run there", w.verifyShards()[0].OwnerMissed)

	w.options.OwnerOf = func(context.Context, int32) (Process, error) { return Process{Name: "none"}, nil }
	require.Equal(t, "nobody who could be asked has the shard", w.verifyShards()[0].OwnerMissed)

	w.options.OwnerOf = func(context.Context, int32) (Process, error) { return Process{}, errors.New("the group is away") }
	w.options.Dir = t.TempDir()
	_, err := Run(t.Context(), w.options)
	require.ErrorContains(t, err, "the group is away")
}
