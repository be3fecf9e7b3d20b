package simulation

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/kafka/records"
)

// A wanted is what replicated values come to, by nothing but the events.
type wanted struct {
	visits, cents int64
	sums          map[string]int64
	// Of each tag, where it was added and where it was removed. A clear removes all.
	added, removed map[string][]move
	cleared        []move
	// written are the writes of the register that are the last of their shard; latest are those with the highest time.
	written, latest []move
}

func (w *world) wanted() *wanted {
	all := &wanted{sums: map[string]int64{}, added: map[string][]move{}, removed: map[string][]move{}}
	for shard := range int32(shards) {
		var last []move
		for _, m := range w.movements(shard) {
			all.count(m)
			all.tag(m)
			if m.n%2 == 0 {
				last = []move{m}
				all.write(m)
			}
		}
		all.written = append(all.written, last...)
	}
	return all
}

func (a *wanted) count(m move) {
	a.visits++
	a.cents += m.n
	a.sums[m.group] += m.n
	if m.n < 0 && m.n%3 == 0 {
		delete(a.sums, m.account)
	} else {
		a.sums[m.account] += m.n
	}
}

func (a *wanted) tag(m move) {
	switch to := map[bool]map[string][]move{true: a.added, false: a.removed}[m.n > 0]; {
	case m.n == 0:
		a.cleared = append(a.cleared, m)
	case m.n%4 == 0:
		to[m.group] = append(to[m.group], m)
		fallthrough
	default:
		to[m.account] = append(to[m.account], m)
	}
}

func (a *wanted) write(m move) {
	if len(a.latest) > 0 && a.latest[0].sequence < m.sequence {
		a.latest = nil
	}
	if len(a.latest) == 0 || a.latest[0].sequence == m.sequence {
		a.latest = append(a.latest, m)
	}
}

// differ says where what somebody knows is not what is wanted. Whether a tag is there that several tasks have added and removed may depend on who had
// heard of what; where the laws say it, it is so.
func (a *wanted) differ(who string, view func(name string) crdt.View) error {
	var errs []error
	number := func(what string, want, got int64) {
		if want != got {
			errs = append(errs, fmt.Errorf("replicated: %s has %s at %d, want %d", who, what, got, want))
		}
	}
	number("visits", a.visits, view("visits").Count().Int64())
	number("cents", a.cents, view("cents").Count().Int64())
	sums := map[string]int64{}
	for _, key := range view("sums").Keys() {
		sums[key] = view("sums").At(key).Count().Int64()
	}
	errs = append(errs, differences("replicated: sums of "+who, a.sums, sums, func(a, b int64) bool { return a == b }))
	tags := map[string]bool{}
	for _, element := range view("tags").Values() {
		name, _ := element.Text()
		tags[name] = true
		if len(a.added[name]) == 0 {
			errs = append(errs, fmt.Errorf("replicated: %s has the tag %q, which nobody has added", who, name))
		}
	}
	for name := range a.added {
		if there, settled := a.settled(name); settled && tags[name] != there {
			errs = append(errs, fmt.Errorf("replicated: %s has the tag %s: %v, want %v", who, name, tags[name], there))
		}
	}
	return errors.Join(append(errs, a.differLast(who, view("last")))...)
}

// settled tells whether the laws say that a tag is there, or that it is not. It is if an addition is there that nobody who removed it can have seen: who
// removes has seen all that its own task had done, and nothing that was decided when its own transaction had ended already. It is not if each
// addition was seen so, or cleared by who had heard of all.
func (a *wanted) settled(name string) (there, settled bool) {
	allSeen := true
	for _, addition := range a.added[name] {
		survives, seen := true, false
		for _, removal := range slices.Concat(a.removed[name], a.cleared) {
			switch {
			case removal.Partition == addition.Partition:
				seen = seen || removal.Offset > addition.Offset
				survives = survives && removal.Offset < addition.Offset
			case removal.n == 0:
				seen = seen || removal.at >= addition.transaction.ended
				fallthrough
			default:
				survives = survives && removal.transaction.ended < addition.at
			}
		}
		if survives {
			return true, true
		}
		allSeen = allSeen && seen
	}
	return false, allSeen
}

// differLast: the register has a write that is the last of its shard, and has the highest time or may have seen one that has.
func (a *wanted) differLast(who string, v crdt.View) error {
	value, _ := v.Value()
	cause, there := value.Text()
	if !there && len(a.written) == 0 {
		return nil
	}
	for _, m := range a.written {
		mayHaveSeen := slices.ContainsFunc(a.latest, func(l move) bool {
			return l.Partition == m.Partition || l.transaction.ended <= m.transaction.ended
		})
		if there && m.cause == cause && (m.sequence == a.latest[0].sequence || mayHaveSeen) {
			return nil
		}
	}
	return fmt.Errorf("replicated: %s has %s as the last, which is no last write of any shard, or older than one that it cannot have seen", who, value)
}

// compareReplicated: what the topic has folds to what is wanted.
func (w *world) compareReplicated() error {
	views := map[string]crdt.View{}
	for name, t := range replicatedTypes {
		views[name], _ = crdt.Fold(t) // Of nothing, it cannot fail.
	}
	var errs []error
	for key, value := range w.history.latest(replicatedTopic) {
		c, err := crdt.Parse(value)
		if err == nil {
			name, _, _ := strings.Cut(key, "/")
			views[name], err = views[name].With(c)
		}
		errs = append(errs, err)
	}
	return errors.Join(append(errs, w.wanted().differ("the topic", func(name string) crdt.View { return views[name] }))...)
}

// checkReplicatedLevel: every instance knows what is wanted, and all know the same.
func (w *world) checkReplicatedLevel() error {
	want, shown := w.wanted(), map[string]string{}
	var errs []error
	for _, in := range w.instances {
		values := in.life.knows.values
		errs = append(errs, want.differ(in.life.name, values.View))
		for name := range replicatedTypes {
			now := string(values.View(name).AppendJSON(nil))
			if before, ok := shown[name]; ok && before != now {
				errs = append(errs, fmt.Errorf("replicated: %s has %s as %s, another as %s", in.life.name, name, now, before))
			}
			shown[name] = now
		}
	}
	return errors.Join(errs...)
}

// sweep has all tags cleared by somebody who has heard of all.
func (w *world) sweep() {
	key := []byte("sweeper")
	require.NoError(w.t, w.cl.ProduceSync(w.t.Context(), &kgo.Record{
		Topic: commandsTopic, Key: key, Partition: records.Partition(key, shards), Value: []byte("pay 0 g0"),
		Headers: []kgo.RecordHeader{{Key: records.Type, Value: []byte("Move")}},
	}).FirstErr())
}
