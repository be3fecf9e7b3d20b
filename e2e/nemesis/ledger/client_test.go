package ledger

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

func TestEveryShardHasEntitiesOfBothKindsAtAnyTime(t *testing.T) {
	teams := newTeams(24, "0badcafe")
	for range 3 * lifetime {
		living := map[int32]map[string]bool{}
		for _, team := range teams {
			for _, s := range team.slots {
				id, _ := s.next()
				shard := records.Partition([]byte(id), shards)
				if living[shard] == nil {
					living[shard] = map[string]bool{}
				}
				living[shard][s.kind] = true
			}
		}
		require.Len(t, living, int(shards))
		for _, kinds := range living {
			require.Len(t, kinds, 2)
		}
	}
	require.Equal(t, 2, teams[0].slots[0].epoch)
}

// answering is a workload whose one command has been answered.
func answering(t *testing.T) (*Workload, *kgo.Record) {
	t.Helper()
	w := &Workload{book: book{source: "0badcafe"}, waiting: map[int]chan struct{}{}, started: time.Now()}
	w.teams = newTeams(1, w.book.source)
	o, answered := w.enter(w.newClient(0), w.teams[0].slots[0])
	r := &kgo.Record{Key: []byte(o.ID), Headers: []kgo.RecordHeader{{Key: records.CorrelationID, Value: []byte("0badcafe/0")}}}
	r.Value = []byte(`{"status":"accepted","sequence":3,"events":1,"reply":[1, 2]}`)
	w.answered(r)
	<-answered
	require.Equal(t, &answer{Status: "accepted", Sequence: 3, Events: 1, Reply: "[1,2]"}, o.Answer)
	require.Empty(t, w.findings)
	return w, r
}

func TestALaterAnswerMustBeTheFirst(t *testing.T) {
	w, r := answering(t)
	r.Value = []byte(`{"status":"accepted","sequence":3,"events":1,"reply":[1,2],"repeated":true}`)
	w.answered(r)
	require.Empty(t, w.findings)
	require.Equal(t, 1, w.repeated)
	for value, kind := range map[string]string{
		`{"status":"accepted","sequence":3,"events":1,"reply":[1,2]}`:                   Doubled,
		`{"status":"accepted","sequence":4,"events":1,"reply":[1,2],"repeated":true}`:   AnswerDisagrees,
		`{"status":"accepted","sequence":3,"events":1,"repeated":true}`:                 AnswerDisagrees,
		`{"status":"rejected","code":"full","message":"","sequence":3,"repeated":true}`: AnswerDisagrees,
		`{}`: AnswerDisagrees,
	} {
		w.findings = nil
		r.Value = []byte(value)
		w.answered(r)
		require.Equal(t, []string{kind}, kinds(w.findings), value)
	}
}

func TestAnAnswerThatNobodyAskedForIsFound(t *testing.T) {
	w, r := answering(t)
	r.Headers[0].Value = []byte("0badcafe/1")
	w.answered(r)
	require.Equal(t, []string{AnswerDisagrees}, kinds(w.findings))
	w, r = answering(t)
	r.Key = []byte("another")
	w.answered(r)
	require.Equal(t, []string{AnswerDisagrees}, kinds(w.findings))
	w, r = answering(t)
	r.Headers[0].Value = []byte("another-run/1")
	w.answered(r)
	require.Empty(t, w.findings)
}

func TestCommitsThatNobodyTakesLoseTheOldest(t *testing.T) {
	w := Workload{commits: newCommits()}
	n := cap(w.commits.c)
	for i := range n + 3 {
		w.commits.put(Commit{Shard: int32(i)})
	}
	require.EqualValues(t, 3, w.DroppedCommits())
	require.EqualValues(t, 3, (<-w.Commits()).Shard)
}

func TestAPlantedFaultOfAnOwnerIsFound(t *testing.T) {
	p := play(t, 100)
	c, _ := p.check()
	right := func(_ context.Context, entity, id string) (Inspected, error) {
		s := p.states[entityID{entity, id}]
		text := []byte(`{"value":` + number(s.Value) + `}`)
		if entity == list {
			text = []byte(`{"elements":` + s.read(list) + `}`)
		}
		return Inspected{Sequence: s.Sequence, State: text, Source: "owner"}, nil
	}
	wrong := p.log[0].entityID
	var late atomic.Int32
	for name, fault := range map[string]struct {
		plant func(*Inspected) error
		found int
	}{
		"nothing":            {func(*Inspected) error { return nil }, 0},
		"behind":             {func(i *Inspected) error { i.Sequence--; return nil }, 1},
		"another state":      {func(i *Inspected) error { i.State = []byte(`{"value":-7,"elements":[-7]}`); return nil }, 1},
		"no JSON":            {func(i *Inspected) error { i.State = nil; return nil }, 1},
		"not from its owner": {func(i *Inspected) error { i.Source = "changelog"; return nil }, 1},
		"an error":           {func(*Inspected) error { return errors.New("away") }, 1},
		"an error for a while": {func(*Inspected) error {
			if late.Add(1) < 10 {
				return errors.New("away")
			}
			return nil
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := Workload{cfg: Config{}.withDefaults()}
				asked, findings := w.askOwners(t.Context(), c, func(ctx context.Context, entity, id string) (Inspected, error) {
					i, err := right(ctx, entity, id)
					if (entityID{entity, id}) == wrong {
						err = fault.plant(&i)
					}
					return i, err
				})
				require.Equal(t, len(p.states), asked)
				require.Len(t, findings, fault.found)
			})
		})
	}
}

func TestOfManyEntitiesTheLivingAreAskedFor(t *testing.T) {
	w := Workload{teams: newTeams(24, "0badcafe")}
	var ids []entityID
	for i := range int64(3 * mostAsked) {
		ids = append(ids, entityID{counter, "0badcafe-old-" + number(i)})
	}
	alive := entityID{counter, w.teams[7].slots[2].id}
	chosen := w.choose(append(ids, alive))
	require.Len(t, chosen, mostAsked)
	require.Contains(t, chosen, alive)
}
