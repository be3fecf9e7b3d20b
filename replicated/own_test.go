package replicated

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/partitions"
)

// A window is a store and what one window changes in it. What it is not asked here is nil.
type window struct {
	partitions.Window
	store, overlay map[string][]byte
	out            map[string]*kgo.Record
}

func (w *window) Get(key []byte) ([]byte, error) {
	if v, ok := w.overlay[string(key)]; ok {
		return v, nil
	}
	return w.store[string(key)], nil
}

func (w *window) PutCopied(_ *partitions.Record, key, value []byte, to *partitions.Copy) {
	w.overlay[string(key)] = value
	w.out[string(to.Key)] = &kgo.Record{Topic: to.Topic, Key: to.Key, Value: value}
}

// commit makes the window's changes those of the store, and returns what it had produced.
func (w *window) commit() []*kgo.Record {
	for k, v := range w.overlay {
		w.store[k] = v
	}
	out := slices.Collect(maps.Values(w.out))
	w.abort()
	return out
}

func (w *window) abort() { w.overlay, w.out = map[string][]byte{}, map[string]*kgo.Record{} }

func newWindow() *window {
	w := &window{store: map[string][]byte{}}
	w.abort()
	return w
}

func declared(t *testing.T) map[string]crdt.Type {
	t.Helper()
	types := map[string]crdt.Type{}
	for name, written := range map[string]string{"visitors": "counter", "tags": "set"} {
		var err error
		types[name], err = crdt.ParseType(written)
		require.NoError(t, err)
	}
	return types
}

func visited() []entities.Change {
	return []entities.Change{{Value: "visitors", Operation: crdt.Increment(1)}}
}

// decide makes the changes in a window, each as a command of its own.
func decide(t *testing.T, own *Own, w *window, commands ...[]entities.Change) {
	t.Helper()
	require.NoError(t, own.Load(w))
	for _, changes := range commands {
		staged, failure := own.Stage(changes)
		require.Nil(t, failure)
		own.Keep(w, &partitions.Record{}, staged)
	}
}

func publish(t *testing.T, values *Values, records []*kgo.Record) {
	t.Helper()
	for _, r := range records {
		_, err := values.Take(r)
		require.NoError(t, err)
	}
}

func count(v *Values) int64 { return v.View("visitors").Count().Int64() }

func TestAnAbortedWindowThatIsDecidedAgainCountsOnce(t *testing.T) {
	values := New(declared(t), "shop.replicated")
	own, w := NewOwn(values, "cart", 3), newWindow()
	decide(t, own, w, visited(), visited())
	w.abort()
	own.Forget()
	decide(t, own, w, visited(), visited())
	out := w.commit()
	require.Len(t, out, 1)
	publish(t, values, out)
	publish(t, values, out) // Read again, as by an instance that has begun anew.
	require.EqualValues(t, 2, count(values))
}

func TestAContributionGoesOnInAnotherProcessFromItsStore(t *testing.T) {
	values := New(declared(t), "shop.replicated")
	w := newWindow()
	decide(t, NewOwn(values, "cart", 3), w, visited())
	first := w.commit()
	// The other process has not heard of anything yet, and has the store.
	elsewhere := New(declared(t), "shop.replicated")
	moved := NewOwn(elsewhere, "cart", 3)
	decide(t, moved, w, visited())
	require.EqualValues(t, 2, moved.View("visitors").Count().Int64())
	second := w.commit()
	for _, order := range [][]*kgo.Record{{first[0], second[0]}, {second[0]}, {second[0], first[0]}} {
		late := New(declared(t), "shop.replicated")
		publish(t, late, order)
		require.EqualValues(t, 2, count(late))
	}
}

func TestTasksOfTwoEntitiesOnOneShardAreTwoReplicas(t *testing.T) {
	values := New(declared(t), "shop.replicated")
	for _, component := range []string{"cart", "stock"} {
		for shard := range int32(2) {
			w := newWindow()
			decide(t, NewOwn(values, component, shard), w, visited())
			publish(t, values, w.commit())
		}
	}
	require.EqualValues(t, 4, count(values))
}

func TestAContributionAtItsLimitFailsTheCommandAndStays(t *testing.T) {
	own, w := NewOwn(New(declared(t), "shop.replicated"), "cart", 0), newWindow()
	require.NoError(t, own.Load(w))
	element, err := crdt.Text(strings.Repeat("x", MaxContributionBytes))
	require.NoError(t, err)
	_, failure := own.Stage(append(visited(), entities.Change{Value: "tags", Operation: crdt.Add(element)}))
	require.NotNil(t, failure)
	require.Contains(t, failure.Message, "replicated value tags: too large")
	require.Contains(t, failure.Message, "spread it over several values")
	require.Empty(t, w.out)
	require.Empty(t, w.overlay)
}

func TestAStoredContributionOfAnotherTypeIsNotWrittenOver(t *testing.T) {
	w := newWindow()
	decide(t, NewOwn(New(declared(t), "shop.replicated"), "cart", 0), w, visited())
	w.commit()
	types := declared(t)
	types["visitors"] = types["tags"]
	own := NewOwn(New(types, "shop.replicated"), "cart", 0)
	require.NoError(t, own.Load(w))
	_, failure := own.Stage([]entities.Change{{Value: "visitors", Operation: crdt.Add(crdt.True)}})
	require.NotNil(t, failure)
	require.Contains(t, failure.Message, "a value keeps its type, give the new one another name")
}

func TestARecordThatIsNoContributionIsTold(t *testing.T) {
	values := New(declared(t), "shop.replicated")
	for key, wanted := range map[string]string{
		"visitors": "want value/component/shard", "visitors/cart/x": "is no shard", "visitors/cart/0": "contribution visitors/cart/0",
	} {
		_, err := values.Take(&kgo.Record{Topic: "shop.replicated", Partition: 1, Offset: 7, Key: []byte(key), Value: []byte("rubbish")})
		require.ErrorContains(t, err, wanted)
		require.ErrorContains(t, err, "shop.replicated/1 offset 7: ")
	}
	_, err := values.Take(&kgo.Record{Key: []byte("gone/cart/0"), Value: []byte("rubbish")})
	require.NoError(t, err, "what is not declared any more is passed over")
	require.Zero(t, count(values))
}

func TestComponentsThatWouldBeOneReplicaAreNamed(t *testing.T) {
	_, _, clashes := Clash([]string{"cart", "stock", "order"})
	require.False(t, clashes)
	names := make([]string, 0, 2000)
	for a := 'a'; a <= 'z'; a++ {
		for b := 'a'; b <= 'z'; b++ {
			names = append(names, string([]rune{a, b}), string([]rune{a, b, b}), string([]rune{a, a, b, a}))
		}
	}
	one, other, clashes := Clash(names)
	require.True(t, clashes)
	require.Equal(t, number(one, 5), number(other, 5))
}

func FuzzRecordsOfTheTopic(f *testing.F) {
	f.Add([]byte("visitors/cart/0"), []byte{1, 0, 1, 0, 0})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		values := New(declared(t), "shop.replicated")
		if _, err := values.Take(&kgo.Record{Key: key, Value: value}); err != nil {
			require.Zero(t, count(values))
		}
	})
}

func TestFiguresTellWhatContributionsTake(t *testing.T) {
	values := New(declared(t), "shop.replicated")
	for shard := range int32(2) {
		own, w := NewOwn(values, "cart", shard), newWindow()
		for range 2 {
			decide(t, own, w, visited())
			publish(t, values, w.commit())
		}
	}
	figures := values.Figures()
	require.Len(t, figures, 2)
	require.Equal(t, []string{"tags", "visitors"}, []string{figures[0].Name, figures[1].Name})
	require.Zero(t, figures[0].Contributions)
	require.Equal(t, 2, figures[1].Contributions, "of two tasks, each the newest")
	held, err := crdt.New(values.types["visitors"], number("cart", 0)).Apply(crdt.Increment(1), values.View("visitors"))
	require.NoError(t, err)
	require.EqualValues(t, 2*held.Size(), figures[1].Bytes)
}
