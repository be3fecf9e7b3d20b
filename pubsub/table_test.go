package pubsub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

const prices = "shop-prices"

// A market is brokers in virtual time, and a table of prices that is read from them.
type market struct {
	t      *testing.T
	admin  *kadm.Client
	config client.Config
	table  *Table

	mu     sync.Mutex
	states []partitions.NeedState
	errs   []string
}

// asIs takes a value as a row, but "garbage".
func asIs(p entities.Payload) ([]byte, *entities.Failure) {
	if string(p.Data) == "garbage" {
		return nil, &entities.Failure{Code: entities.Malformed, Message: "it is garbage"}
	}
	return p.Data, nil
}

func inMarket(t *testing.T, d TableDefinition, f func(m *market)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := new(kfake.VirtualNetwork)
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(network.Listen), kfake.Ports(9092))
		require.NoError(t, err)
		defer cluster.Close()
		cfg := client.Config{Brokers: cluster.ListenAddrs(), Dial: network.DialContext}
		asker, err := client.NewAdmin(cfg)
		require.NoError(t, err)
		defer asker.Close()
		d.Name, d.Topic, d.Row, d.Decode = "prices", prices, "Price", asIs
		m := &market{t: t, admin: kadm.NewClient(asker), config: cfg, table: NewTable(d)}
		m.table.WhenUnreadable(func(u UnreadableRow) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.errs = append(m.errs, fmt.Sprintf("%s: %v", u.Place, u.Err))
		})
		f(m)
	})
}

func (m *market) createTopic(partitions int32) {
	_, err := m.admin.CreateTopic(m.t.Context(), partitions, 1, nil, prices)
	require.NoError(m.t, err)
}

// write produces "key=value", "key" for a deletion, each a second after the one before.
func (m *market) write(partition int32, pairs ...string) {
	m.t.Helper()
	for _, pair := range pairs {
		pass(time.Second) // So that it has a time of its own.
		r := &kgo.Record{Topic: prices, Partition: partition}
		key, value, put := strings.Cut(pair, "=")
		if r.Key = []byte(key); put {
			r.Value = []byte(value)
		}
		m.produce(r)
	}
}

// produce does it with a client that knows the topic as it is now.
func (m *market) produce(r *kgo.Record) {
	m.t.Helper()
	producer, err := client.NewPlainProducer(m.config)
	require.NoError(m.t, err)
	defer producer.Close()
	require.NoError(m.t, producer.ProduceSync(m.t.Context(), r).FirstErr())
}

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

// run reads the topic until stop is called.
func (m *market) run() (stop func()) {
	ctx, cancel := context.WithCancel(m.t.Context())
	done := make(chan error, 1)
	go func() {
		done <- m.table.Run(ctx, m.config, func(s partitions.NeedState) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.states = append(m.states, s)
		})
	}()
	return func() {
		cancel()
		require.NoError(m.t, <-done)
	}
}

// state is what was told last, after some time.
func (m *market) state() partitions.NeedState {
	pass(20 * time.Second) // Whatever is to be noticed has been.
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.states) == 0 {
		return partitions.NeedState{}
	}
	return m.states[len(m.states)-1]
}

func (m *market) rows() map[string]string {
	now, got := m.table.Now(), map[string]string{}
	now.Keys(func(key string) bool {
		row, there := now.Get(key)
		require.True(m.t, there)
		got[key] = string(row)
		return true
	})
	require.Len(m.t, got, now.Len())
	return got
}

func TestATableIsTheNewestRowOfEachKey(t *testing.T) {
	inMarket(t, TableDefinition{}, func(m *market) {
		m.createTopic(3)
		m.write(0, "apple=1", "pear=2", "apple=3")
		m.write(2, "fig=4", "plum=5", "fig")
		stop := m.run()
		defer stop()
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
		require.Equal(m.t, map[string]string{"apple": "3", "pear": "2", "plum": "5"}, m.rows())
		m.write(0, "pear", "apple=6")
		m.write(1, "kiwi=7")
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
		require.Equal(m.t, map[string]string{"apple": "6", "plum": "5", "kiwi": "7"}, m.rows())
		require.Equal(m.t, TableFigures{Name: "prices", Rows: 3, Bytes: 3*rowOverhead + 16, Put: 7, Deleted: 2}, m.table.Figures())
	})
}

// The rows of a projection are in another topic once it was rebuilt: what was there is seen until the other one is read.
func TestATableIsReadFromAnotherTopicWhenItIsTold(t *testing.T) {
	inMarket(t, TableDefinition{}, func(m *market) {
		m.table.Read("")
		m.createTopic(1)
		m.write(0, "apple=1", "pear=2")
		stop := m.run()
		defer stop()
		require.Equal(m.t, partitions.NeedState{}, m.state(), "it is not told yet which topic")
		m.table.Read(prices)
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
		require.Equal(m.t, map[string]string{"apple": "1", "pear": "2"}, m.rows())

		m.table.Read(prices + ".v2")
		require.True(m.t, m.state().Met, "shards run on, with what was there")
		require.ErrorContains(m.t, m.state().Trouble, "topic shop-prices.v2 is missing")
		require.Equal(m.t, map[string]string{"apple": "1", "pear": "2"}, m.rows())
		_, err := m.admin.CreateTopic(m.t.Context(), 1, 1, nil, prices+".v2")
		require.NoError(m.t, err)
		m.produce(&kgo.Record{Topic: prices + ".v2", Key: []byte("apple"), Value: []byte("7")})
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
		require.Equal(m.t, map[string]string{"apple": "7"}, m.rows())
	})
}

// What a function sees does not change while it runs.
func TestAMomentOfATableDoesNotChange(t *testing.T) {
	inMarket(t, TableDefinition{}, func(m *market) {
		m.createTopic(1)
		m.write(0, "apple=1", "pear=2")
		stop := m.run()
		defer stop()
		require.True(m.t, m.state().Met)
		moment := m.table.Now()
		m.write(0, "apple", "pear=3")
		m.state()
		row, there := moment.Get("apple")
		require.True(m.t, there)
		require.Equal(m.t, "1 of 2", fmt.Sprintf("%s of %d", row, moment.Len()))
		require.Equal(m.t, map[string]string{"pear": "3"}, m.rows())
	})
}

func TestATableWithLatestSeesNothingOfBefore(t *testing.T) {
	inMarket(t, TableDefinition{Latest: true}, func(m *market) {
		m.createTopic(2)
		m.write(0, "apple=1")
		stop := m.run()
		defer stop()
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
		m.write(1, "pear=2")
		m.state()
		require.Equal(m.t, map[string]string{"pear": "2"}, m.rows())
	})
}

func TestARecordThatCannotBeReadLeavesTheKeyAsItWas(t *testing.T) {
	inMarket(t, TableDefinition{}, func(m *market) {
		m.createTopic(1)
		m.write(0, "apple=1", "apple=garbage")
		m.produce(&kgo.Record{Topic: prices, Value: []byte("2")})
		m.produce(&kgo.Record{Topic: prices, Key: []byte{0xff}, Value: []byte("3")})
		m.produce(&kgo.Record{Topic: prices, Key: []byte("apple"), Value: []byte("4"), Headers: []kgo.RecordHeader{{Key: records.Type, Value: []byte("market.Offer")}}})
		m.produce(&kgo.Record{Topic: prices, Key: []byte("pear"), Value: []byte("5"), Headers: []kgo.RecordHeader{{Key: records.Type, Value: []byte("market.Price")}}})
		stop := m.run()
		defer stop()
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
		require.Equal(m.t, map[string]string{"apple": "1", "pear": "5"}, m.rows())
		figures := m.table.Figures()
		require.Equal(m.t, []int64{2, 1, 3}, []int64{figures.Put, figures.Passed, figures.Unreadable})
		require.Equal(m.t, []string{
			"shop-prices/0/1: malformed: it is garbage", "shop-prices/0/2: it has no key", "shop-prices/0/3: its key is no text (UTF-8)",
		}, m.errs)
	})
}

func TestAMissingTopicIsWaitedFor(t *testing.T) {
	inMarket(t, TableDefinition{}, func(m *market) {
		stop := m.run()
		defer stop()
		state := m.state()
		require.False(m.t, state.Met)
		require.ErrorContains(m.t, state.Trouble, "topic shop-prices is missing: create it, or start what writes to it")
		m.createTopic(1)
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
	})
}

// Until the new topic is there and level the rows are those of the old one: no function ever sees a part.
func TestATopicThatIsMadeAnewStartsTheTableOver(t *testing.T) {
	inMarket(t, TableDefinition{}, func(m *market) {
		m.createTopic(1)
		m.write(0, "apple=1", "pear=2")
		stop := m.run()
		defer stop()
		require.True(m.t, m.state().Met)
		_, err := m.admin.DeleteTopic(m.t.Context(), prices)
		require.NoError(m.t, err)
		state := m.state()
		require.True(m.t, state.Met)
		require.ErrorContains(m.t, state.Trouble, "shop-prices")
		require.Equal(m.t, map[string]string{"apple": "1", "pear": "2"}, m.rows())
		m.createTopic(2)
		m.write(1, "apple=3")
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
		require.Equal(m.t, map[string]string{"apple": "3"}, m.rows())
	})
}

// Whenever anybody looks, while the topic is read for the first time and when it was made anew, the table is whole.
func TestNoPartOfATableIsEverShown(t *testing.T) {
	inMarket(t, TableDefinition{}, func(m *market) {
		var shown []int
		d := m.table.definition
		d.Decode = func(p entities.Payload) ([]byte, *entities.Failure) {
			shown = append(shown, m.table.Now().Len())
			return asIs(p)
		}
		m.table = NewTable(d)
		m.createTopic(3)
		for p, pair := range []string{"apple=1", "pear=2", "plum=3"} {
			m.write(int32(p), pair)
		}
		stop := m.run()
		defer stop()
		require.True(m.t, m.state().Met)
		_, err := m.admin.DeleteTopic(m.t.Context(), prices)
		require.NoError(m.t, err)
		m.createTopic(2)
		// At one moment, so that both are there when reading begins.
		m.produce(&kgo.Record{Topic: prices, Partition: 0, Key: []byte("fig"), Value: []byte("4")})
		m.produce(&kgo.Record{Topic: prices, Partition: 1, Key: []byte("kiwi"), Value: []byte("5")})
		require.True(m.t, m.state().Met)
		require.Equal(m.t, []int{0, 0, 0, 3, 3}, shown)
		require.Equal(m.t, map[string]string{"fig": "4", "kiwi": "5"}, m.rows())
	})
}

func TestARegistryThatIsAwayIsWaitedForAndToldOf(t *testing.T) {
	inMarket(t, TableDefinition{}, func(m *market) {
		var away atomic.Bool
		away.Store(true)
		d := m.table.definition
		d.Prepare = func(_ context.Context, p entities.Payload) error {
			switch {
			case string(p.Data) == "2":
				return &entities.Failure{Code: entities.UnknownSchema, Message: "nobody knows it"}
			case away.Load():
				return errors.New("the registry is away")
			}
			return nil
		}
		m.table = NewTable(d)
		m.createTopic(1)
		m.write(0, "apple=1", "pear=2")
		stop := m.run()
		defer stop()
		require.Equal(m.t, partitions.NeedState{Trouble: errors.New("the registry is away")}, m.state())
		away.Store(false)
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
		require.Equal(m.t, map[string]string{"apple": "1"}, m.rows(), "what the registry does not know is not waited for")
		away.Store(true)
		m.write(0, "fig=3")
		require.Equal(m.t, partitions.NeedState{Met: true, Trouble: errors.New("the registry is away")}, m.state())
		away.Store(false)
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
		require.Equal(m.t, map[string]string{"apple": "1", "fig": "3"}, m.rows())
	})
}

// With more partitions a key is on another one from then on, which may be read before its old one.
func TestAKeyThatHasMovedToAnotherPartitionHasItsNewestRow(t *testing.T) {
	inMarket(t, TableDefinition{}, func(m *market) {
		m.createTopic(2)
		m.write(1, "apple=1", "pear=2", "fig=3")
		m.write(0, "apple=4", "pear")
		m.write(1, "fig=5")
		stop := m.run()
		require.True(m.t, m.state().Met)
		require.Equal(m.t, map[string]string{"apple": "4", "fig": "5"}, m.rows())
		_, err := m.admin.CreatePartitions(m.t.Context(), 1, prices)
		require.NoError(m.t, err)
		m.write(2, "apple=6", "fig")
		require.True(m.t, m.state().Met)
		require.Equal(m.t, map[string]string{"apple": "6"}, m.rows())
		stop()
		m.table = NewTable(m.table.definition)
		defer m.run()()
		require.True(m.t, m.state().Met)
		require.Equal(m.t, map[string]string{"apple": "6"}, m.rows())
	})
}

func TestATableThatIsFullIsNotMetUntilItsTopicFits(t *testing.T) {
	inMarket(t, TableDefinition{MaxBytes: 3*rowOverhead + 20}, func(m *market) {
		m.createTopic(1)
		m.write(0, "apple=1", "pear=2", "plum=3")
		stop := m.run()
		defer stop()
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
		m.write(0, "fig=4")
		state := m.state()
		require.False(m.t, state.Met)
		require.ErrorContains(m.t, state.Trouble, "topic shop-prices is more than the table may take, 404 bytes: give it a larger max_bytes, or delete keys")
		require.Equal(m.t, map[string]string{"apple": "1", "pear": "2", "plum": "3"}, m.rows(), "whoever still runs sees no part")
		cut := kadm.Offsets{}
		cut.AddOffset(prices, 0, 2, -1)
		_, err := m.admin.DeleteRecords(m.t.Context(), cut)
		require.NoError(m.t, err)
		pass(fullPause)
		require.Equal(m.t, partitions.NeedState{Met: true}, m.state())
		require.Equal(m.t, map[string]string{"plum": "3", "fig": "4"}, m.rows())
	})
}
