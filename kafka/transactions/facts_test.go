package transactions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
)

// The tests of this file pin what the code leans on; docs/kafka-facts.md lists them. They run on the embedded broker, and on real ones named by
// PARTITA_TEST_BROKERS.

type ground struct {
	t      *testing.T
	config client.Config
	cl     *kgo.Client
	adm    *kadm.Client
	name   string
	member *kgo.Client
}

var grounds atomic.Int64

func newGround(t *testing.T) *ground {
	t.Helper()
	g := &ground{t: t, name: fmt.Sprintf("facts%d-%d", time.Now().UnixNano()%1e9, grounds.Add(1))}
	if b := os.Getenv("PARTITA_TEST_BROKERS"); b != "" {
		g.config.Brokers = strings.Split(b, ",")
	} else {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.DataDir(t.TempDir()))
		require.NoError(t, err)
		t.Cleanup(c.Close)
		g.config.Brokers = c.ListenAddrs()
	}
	var err error
	g.cl, err = client.NewAdmin(g.config)
	require.NoError(t, err)
	t.Cleanup(g.cl.Close)
	g.adm = kadm.NewClient(g.cl)
	_, err = g.adm.CreateTopic(t.Context(), 2, 1, nil, g.name)
	require.NoError(t, err)
	return g
}

// join makes a member of the group that is called like the topic, with all of its partitions.
func (g *ground) join() (fence Fence) {
	assigned := make(chan struct{}, 1)
	nothing := func(context.Context, *kgo.Client, map[string][]int32) {}
	var err error
	g.member, err = client.NewMember(g.config, g.name, g.name, client.Membership{
		Assigned: func(context.Context, *kgo.Client, map[string][]int32) { assigned <- struct{}{} }, Revoked: nothing, Lost: nothing,
	})
	require.NoError(g.t, err)
	g.t.Cleanup(g.member.Close)
	<-assigned
	topics, err := g.adm.ListTopics(g.t.Context(), g.name)
	require.NoError(g.t, err)
	fence = Fence{Group: g.name, Topic: g.name, TopicID: topics[g.name].ID, Shards: []int32{0, 1}}
	fence.MemberID, fence.Generation = g.member.GroupMetadata()
	return fence
}

func (g *ground) pair(instance string) *Pair {
	needsAdd, err := OffsetsNeedAdd(g.t.Context(), g.cl)
	require.NoError(g.t, err)
	p, err := Open(g.t.Context(), g.config, g.name, instance, "w0", needsAdd)
	require.NoError(g.t, err)
	g.t.Cleanup(p.Close)
	return p
}

func (g *ground) record(value string) *kgo.Record {
	return &kgo.Record{Topic: g.name, Partition: 0, Key: []byte("k"), Value: []byte(value)}
}

// begin starts a transaction that has one record in the log. A lost sequence (OUT_OF_ORDER_SEQUENCE_NUMBER was seen once, from the embedded
// broker under load) voids the transaction, and it is begun again on new producers, as the engine does.
func (g *ground) begin(p *Pair, value string) *Transaction {
	for {
		tx, err := p.Begin()
		require.NoError(g.t, err)
		tx.Produce(g.t.Context(), g.record(value))
		err = tx.Flush(g.t.Context())
		if err == nil {
			return tx
		}
		require.Equal(g.t, client.Redo, client.RemedyFor(err), "%v", err)
		require.NoError(g.t, p.Reset(g.t.Context()))
	}
}

// committed reads what readers see of partition 0 up to its stable end, once that has reached the end of the log.
func (g *ground) committed() []string {
	ctx, cancel := context.WithTimeout(g.t.Context(), 10*time.Second)
	defer cancel()
	var end int64
	for {
		ends, err := g.adm.ListEndOffsets(ctx, g.name)
		require.NoError(g.t, err)
		stable, err := g.adm.ListCommittedOffsets(ctx, g.name)
		require.NoError(g.t, err)
		e, _ := ends.Lookup(g.name, 0)
		s, _ := stable.Lookup(g.name, 0)
		if end = e.Offset; s.Offset == end {
			break
		}
	}
	c, err := client.NewConsumer(g.config, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{g.name: {0: kgo.NewOffset().AtStart()}}))
	require.NoError(g.t, err)
	defer c.Close()
	var values []string
	for at := int64(0); at < end; {
		fetches := c.PollFetches(ctx)
		require.NoError(g.t, ctx.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			at = r.Offset + 1
			if !r.Attrs.IsControl() {
				values = append(values, string(r.Value))
			}
		})
	}
	return values
}

func TestFencedTransactionIsCommitted(t *testing.T) {
	g := newGround(t)
	fence := g.join()
	p := g.pair("a")
	for i := range 4 {
		tx := g.begin(p, fmt.Sprint(i))
		require.NoError(t, tx.Fence(t.Context(), fence))
		outcome, err := tx.End(t.Context())
		require.NoError(t, err)
		require.Equal(t, Committed, outcome)
	}
	require.Equal(t, []string{"0", "1", "2", "3"}, g.committed())
	g.requireFenced()
}

// requireFenced shows that the fence got into the group: a broker below transaction.version 2 answers ok to one that was not announced, and
// loses it.
func (g *ground) requireFenced() {
	for {
		offsets, err := g.adm.FetchOffsets(g.t.Context(), g.name)
		require.NoError(g.t, err)
		first, ok := offsets.Lookup(g.name, 0)
		require.True(g.t, ok, "no offset of shard 0")
		if errors.Is(first.Err, kerr.UnstableOffsetCommit) {
			continue // The coordinator is still writing markers.
		}
		second, ok := offsets.Lookup(g.name, 1)
		require.True(g.t, ok, "no offset of shard 1")
		require.NoError(g.t, errors.Join(first.Err, second.Err))
		return
	}
}

func TestFenceOfAnotherGenerationOrMemberIsRefused(t *testing.T) {
	g := newGround(t)
	fence := g.join()
	p := g.pair("a")
	tx := g.begin(p, "x")
	old := fence
	old.Generation--
	require.ErrorIs(t, tx.Fence(t.Context(), old), kerr.IllegalGeneration)
	stranger := fence
	stranger.MemberID = "nobody"
	require.ErrorIs(t, tx.Fence(t.Context(), stranger), kerr.UnknownMemberID)
	// The same transaction is good under the right one.
	require.NoError(t, tx.Fence(t.Context(), fence))
	outcome, err := tx.End(t.Context())
	require.NoError(t, err)
	require.Equal(t, Committed, outcome)
}

// The broker does not hold a refused fence against the transaction, so the refusal must be obeyed by who got it.
func TestRefusedFenceDoesNotStopTheCommit(t *testing.T) {
	g := newGround(t)
	fence := g.join()
	tx := g.begin(g.pair("a"), "x")
	fence.Generation--
	require.Error(t, tx.Fence(t.Context(), fence))
	require.NoError(t, tx.producer.EndTransaction(t.Context(), kgo.TryCommit))
	require.Equal(t, []string{"x"}, g.committed())
}

// The broker lets a fence without member and generation pass although the group has members; the client must not send one.
func TestFenceWithoutMemberIsNeverSent(t *testing.T) {
	g := newGround(t)
	fence := g.join()
	tx := g.begin(g.pair("a"), "x")
	fence.MemberID, fence.Generation = "", -1
	require.ErrorIs(t, tx.Fence(t.Context(), fence), ErrNotMember)
	require.False(t, tx.fenced)
}

func TestOpeningAnInstanceEndsWhatItLeftOpen(t *testing.T) {
	g := newGround(t)
	g.begin(g.pair("a"), "left open")
	// The same instance, started again: readers need not wait for the transaction timeout.
	g.pair("a")
	require.Empty(t, g.committed())
}

func TestAbsentInstancesAreFencedAndPresentOnesAreNot(t *testing.T) {
	g := newGround(t)
	g.config.ID = client.MemberID("present", "")
	g.join()
	g.begin(g.pair("absent"), "x")
	g.begin(g.pair("present"), "y")
	g.begin(g.pair("self"), "z")
	fenced, err := FenceAbsent(t.Context(), g.cl, g.name, g.name, "self")
	require.NoError(t, err)
	require.Equal(t, []string{TransactionalID(g.name, "absent", "w0", "a")}, fenced)
}

func TestResetAbortsBothTransactions(t *testing.T) {
	g := newGround(t)
	p := g.pair("a")
	g.begin(p, "1")
	g.begin(p, "2")
	require.NoError(t, p.Reset(t.Context()))
	require.Empty(t, g.committed())
}

// A zombie's producer was fenced by its successor: nothing it does is taken any more.
func TestFencedProducerCannotCommit(t *testing.T) {
	g := newGround(t)
	fence := g.join()
	zombie := g.pair("a")
	tx := g.begin(zombie, "zombie")
	g.pair("a")
	fenceErr := tx.Fence(t.Context(), fence)
	tx.fenced = true // On to the end, whatever the fence said.
	outcome, err := tx.End(t.Context())
	require.Error(t, err)
	require.NotEqual(t, Committed, outcome)
	require.Empty(t, g.committed())
	if fenceErr != nil {
		require.Equal(t, client.Rebuild, client.RemedyFor(fenceErr), "%v", fenceErr)
	}
}
