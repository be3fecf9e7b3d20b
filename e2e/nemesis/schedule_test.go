package main

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/e2e/nemesis/ledger"
)

func TestASeedDrawsTheSameFaultsAgain(t *testing.T) {
	one, two, other := newSchedule(7, allKinds(3), 4, 3), newSchedule(7, allKinds(3), 4, 3), newSchedule(8, allKinds(3), 4, 3)
	different := false
	for range 100 {
		a, b, c := one.next(), two.next(), other.next()
		require.Equal(t, a.kind.name, b.kind.name)
		a.kind, b.kind = nil, nil
		require.Equal(t, a, b)
		different = different || a.seed != c.seed
	}
	require.True(t, different)
}

func TestFaultsComeAsOftenAsTheirKindSays(t *testing.T) {
	for _, nodes := range []int{1, 3} {
		kinds := allKinds(nodes)
		s := newSchedule(1, kinds, 4, nodes)
		counts := make(map[*kind]int)
		var passed time.Duration
		for passed < 1000*time.Minute {
			d := s.next()
			passed += d.after
			counts[d.kind]++
			require.GreaterOrEqual(t, d.lasts, d.kind.shortest)
			require.LessOrEqual(t, d.lasts, d.kind.longest)
			require.Less(t, d.node, nodes)
		}
		require.Len(t, counts, len(kinds))
		for _, k := range slices.Collect(maps.Keys(counts)) {
			require.InEpsilon(t, k.often, float64(counts[k])/passed.Minutes(), 0.25, k.name)
		}
	}
}

func TestSomeProcessIsAlwaysUnderNoFaultAndBrokersUnderOne(t *testing.T) {
	c := &claims{busy: make([]bool, 3), free: 1}
	process, broker := &kind{}, &kind{strikesBrokers: true}
	first, ok := c.take(process, []int{2, 0, 1})
	require.True(t, ok)
	require.Equal(t, 2, first)
	second, ok := c.take(process, []int{2, 0, 1})
	require.True(t, ok)
	require.Equal(t, 0, second)
	_, ok = c.take(process, []int{0, 1, 2})
	require.False(t, ok, "one must be left")
	_, ok = c.take(broker, nil)
	require.True(t, ok)
	_, ok = c.take(broker, nil)
	require.False(t, ok)
	c.release(&fault{kind: broker})
	c.release(&fault{kind: process, p: 2})
	_, ok = c.take(broker, nil)
	require.True(t, ok)
	again, ok := c.take(process, []int{0, 2, 1})
	require.True(t, ok)
	require.Equal(t, 2, again)
}

func TestARecoveryIsACommitThatWasNotUnderWay(t *testing.T) {
	start := time.Unix(1000, 0)
	commit := func(shard int32, after time.Duration, window string) ledger.Commit {
		return ledger.Commit{Shard: shard, At: start.Add(after), Window: window}
	}
	r := newRecoveries()
	killed, cut := &kind{name: "killed", endsRun: true}, &kind{name: "cut"}
	r.seen(commit(1, 0, "old/w0#1"))
	r.striking(killed, []int32{1, 2}, start)
	r.striking(cut, []int32{1}, start)
	r.striking(cut, []int32{1, 2}, start)()
	r.seen(commit(1, underWay/2, "new/w0#1"))
	require.Empty(t, r.took, "it may have been under way")
	r.seen(commit(1, 2*underWay, "old/w0#2"))
	require.Equal(t, map[string][]time.Duration{"cut": {2 * underWay}}, r.took, "a killed process commits no more: it was seen late")
	r.seen(commit(1, 3*underWay, "new/w0#2"))
	require.Equal(t, []time.Duration{3 * underWay}, r.took["killed"])
	require.Equal(t, map[string]int{"killed": 1}, r.unrecovered())
}
