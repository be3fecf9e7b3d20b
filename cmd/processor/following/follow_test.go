package following_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/internal/embedded"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/topics"
)

var events = topics.Context{Name: "shop", Partitions: 3}.Events("cart")

func brokers(t *testing.T) client.Config {
	t.Helper()
	b, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	cfg := client.Config{Brokers: []string{b.Addr()}}
	cl, err := client.NewAdmin(cfg)
	require.NoError(t, err)
	defer cl.Close()
	require.NoError(t, admin.New(cl).Apply(t.Context(), topics.Diff(topics.Context{Name: "shop", Partitions: 3}, []topics.Spec{events}, nil), nil))
	return cfg
}

// write writes values in one transaction, round the partitions.
func write(t *testing.T, cfg client.Config, commit kgo.TransactionEndTry, values ...string) {
	t.Helper()
	cl, err := client.NewProducer(cfg, "test-"+strconv.FormatBool(bool(commit)))
	require.NoError(t, err)
	defer cl.Close()
	require.NoError(t, cl.BeginTransaction())
	for i, v := range values {
		r := &kgo.Record{Topic: events.Name, Partition: int32(i % 3), Key: []byte("k"), Value: []byte(v)}
		require.NoError(t, cl.ProduceSync(t.Context(), r).FirstErr())
	}
	require.NoError(t, cl.EndTransaction(t.Context(), commit))
}

func untilEnd(t *testing.T, o following.Options) []string {
	t.Helper()
	o.Topic, o.UntilEnd = events.Name, true
	values := []string{}
	require.NoError(t, following.Follow(t.Context(), o, func(r *kgo.Record) error {
		values = append(values, string(r.Value))
		return nil
	}))
	return values
}

func TestUntilEndShowsAllThatIsCommittedAndStops(t *testing.T) {
	cfg := brokers(t)
	require.Empty(t, untilEnd(t, following.Options{Client: cfg}))
	write(t, cfg, kgo.TryCommit, "a", "b", "c", "d")
	write(t, cfg, kgo.TryAbort, "x", "y")
	require.ElementsMatch(t, []string{"a", "b", "c", "d"}, untilEnd(t, following.Options{Client: cfg}))
	require.Equal(t, []string{"a", "d"}, untilEnd(t, following.Options{Client: cfg, Partitions: []int32{0}}))
	require.Empty(t, untilEnd(t, following.Options{Client: cfg, New: true}))
}

// The end of a transaction is known to who asked for it before it is on every partition.
func TestUntilEndWaitsForWhatIsBeingCommitted(t *testing.T) {
	cfg := brokers(t)
	write(t, cfg, kgo.TryCommit, "a")
	cl, err := client.NewProducer(cfg, "slow")
	require.NoError(t, err)
	defer cl.Close()
	produce := func(value string) {
		require.NoError(t, cl.BeginTransaction())
		require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Topic: events.Name, Partition: 1, Value: []byte(value)}).FirstErr())
	}
	produce("b")
	ended := make(chan error, 1)
	time.AfterFunc(100*time.Millisecond, func() { ended <- cl.EndTransaction(t.Context(), kgo.TryCommit) })
	require.ElementsMatch(t, []string{"a", "b"}, untilEnd(t, following.Options{Client: cfg}))
	require.NoError(t, <-ended)

	produce("c")
	require.ElementsMatch(t, []string{"a", "b"}, untilEnd(t, following.Options{Client: cfg}), "one that does not end is not waited for")
	require.NoError(t, cl.EndTransaction(t.Context(), kgo.TryAbort))
}

func TestFollowingGoesOnWithWhatComes(t *testing.T) {
	cfg := brokers(t)
	write(t, cfg, kgo.TryCommit, "old")
	ctx, cancel := context.WithCancel(t.Context())
	seen, ended := make(chan string, 8), make(chan error, 1)
	go func() {
		ended <- following.Follow(ctx, following.Options{Client: cfg, Topic: events.Name}, func(r *kgo.Record) error {
			seen <- string(r.Value)
			return nil
		})
	}()
	require.Equal(t, "old", <-seen)
	write(t, cfg, kgo.TryCommit, "new")
	require.Equal(t, "new", <-seen)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestWhatWasThereBeforeIsHandedOverApart(t *testing.T) {
	cfg := brokers(t)
	write(t, cfg, kgo.TryCommit, "old")
	ctx, cancel := context.WithCancel(t.Context())
	before, seen, ended := make(chan string, 8), make(chan string, 8), make(chan error, 1)
	options := following.Options{Client: cfg, Topic: events.Name, New: true, Before: func(r *kgo.Record) error {
		before <- string(r.Value)
		return nil
	}}
	go func() {
		ended <- following.Follow(ctx, options, func(r *kgo.Record) error {
			seen <- string(r.Value)
			return nil
		})
	}()
	require.Equal(t, "old", <-before)
	write(t, cfg, kgo.TryCommit, "new")
	require.Equal(t, "new", <-seen)
	require.Empty(t, before)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestAnErrorOfTheReaderEndsIt(t *testing.T) {
	cfg := brokers(t)
	write(t, cfg, kgo.TryCommit, "a", "b")
	enough := errors.New("enough")
	err := following.Follow(t.Context(), following.Options{Client: cfg, Topic: events.Name}, func(*kgo.Record) error { return enough })
	require.ErrorIs(t, err, enough)
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	cfg := brokers(t)
	ignore := func(*kgo.Record) error { return nil }
	err := following.Follow(t.Context(), following.Options{Client: cfg, Topic: "nowhere"}, ignore)
	require.ErrorContains(t, err, "topic nowhere is missing")
	err = following.Follow(t.Context(), following.Options{Client: cfg, Topic: events.Name, Partitions: []int32{7}}, ignore)
	require.ErrorContains(t, err, "has no partition 7")
}
