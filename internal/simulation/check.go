package simulation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/statestore"
)

// check compares everything that can be seen with the model.
func (w *world) check() error {
	m := newModel()
	log, err := w.read(bank.Commands("account").Name)
	if err != nil {
		return err
	}
	for _, partition := range log {
		for _, r := range partition {
			m.take(r)
		}
	}
	var errs []error
	for _, check := range []func(*model) error{
		w.checkEvents, w.checkAnswers, w.checkDeadLetters, w.checkStates, w.checkGroups, w.checkBalances, w.checkProgress, w.checkForwards,
		w.checkCounts,
	} {
		errs = append(errs, check(m))
	}
	return errors.Join(errs...)
}

// checkEvents: invariants 4 to 7. Each accepted command has its event, once, in the order of the commands, with the next sequence.
func (w *world) checkEvents(m *model) error {
	got := map[string][]string{}
	err := w.each(bank.Events("account").Name, func(r *kgo.Record) error {
		key := string(r.Key)
		got[key] = append(got[key], fmt.Sprintf("%s %s <%s", header(r, records.Sequence), r.Value, header(r, records.Causation)))
		return nil
	})
	return errors.Join(err, differences("events of", m.events, got, func(a, b []string) bool { return slices.Equal(a, b) }))
}

// checkAnswers: invariants 3, 6 and 7. Each command that asked for an answer has one, and it is the one that the model gives.
func (w *world) checkAnswers(m *model) error {
	got := map[string]string{}
	var errs []error
	errs = append(errs, w.each(bank.Replies().Name, func(r *kgo.Record) error {
		correlation := header(r, records.CorrelationID)
		a, err := entities.ParseAnswer(r.Value)
		if err != nil {
			return err
		}
		text := fmt.Sprintf("%s %s %d", a.Status, a.Code, a.Sequence)
		if a.Status == entities.Accepted {
			text = fmt.Sprintf("accepted %d reply %s", a.Sequence, a.Reply)
		}
		if a.Repeated {
			text += " again"
		}
		if before, ok := got[correlation]; ok {
			errs = append(errs, fmt.Errorf("command %s is answered twice: %s, %s", correlation, before, text))
		}
		got[correlation] = text
		return nil
	}))
	return errors.Join(append(errs, differences("answer to", m.answers, got, func(a, b string) bool { return a == b }))...)
}

// checkCounts: invariant 3. What was counted was committed; a process that dies takes some counts with it.
func (w *world) checkCounts(*model) error {
	events := 0
	err := w.each(bank.Events("account").Name, func(*kgo.Record) error { events++; return nil })
	if counted := int(w.counted.Load()); counted > events {
		err = errors.Join(err, fmt.Errorf("%d events were counted, there are %d", counted, events))
	}
	return err
}

// checkDeadLetters: invariant 9.
func (w *world) checkDeadLetters(m *model) error {
	dead := 0
	err := w.each(bank.DeadLetters().Name, func(*kgo.Record) error { dead++; return nil })
	if dead != m.dead {
		err = errors.Join(err, fmt.Errorf("%d dead letters, want %d", dead, m.dead))
	}
	return err
}

// checkStates: the changelog ends with the states that the events lead to.
func (w *world) checkStates(m *model) error {
	want, got := map[string]string{}, map[string]string{}
	for key, a := range m.accounts {
		if a.sequence > 0 {
			want[key] = fmt.Sprintf("%d %d", a.sequence, a.cents)
		}
	}
	latest, err := w.latest(bank.Changelog("account").Name)
	for key, value := range latest {
		stored, parseErr := entities.ParseStored(value)
		err = errors.Join(err, parseErr)
		if stored.Sequence > 0 {
			got[key] = fmt.Sprintf("%d %s", stored.Sequence, stored.State)
		}
	}
	return errors.Join(err, differences("state of", want, got, func(a, b string) bool { return a == b }))
}

func (w *world) checkGroups(m *model) error {
	want := map[string]string{}
	for group, g := range m.groups {
		want[group] = fmt.Sprintf("%d %d", g[0], g[1])
	}
	return w.checkRows("groups", want)
}

func (w *world) checkBalances(m *model) error {
	want := map[string]string{}
	for key, a := range m.accounts {
		if a.sequence > 0 {
			want[key] = fmt.Sprintf("%d %d", a.sequence, a.cents)
		}
	}
	return w.checkRows("balances", want)
}

func (w *world) checkRows(projection string, want map[string]string) error {
	latest, err := w.latest(bank.Rows(projection).Name)
	got := map[string]string{}
	for key, value := range latest {
		got[key] = string(value)
	}
	return errors.Join(err, differences(projection+" row", want, got, func(a, b string) bool { return a == b }))
}

// checkProgress: invariants 1 and 4. Positions never go back, and no window has written twice for one shard.
func (w *world) checkProgress(*model) error {
	positions := map[string]records.Position{}
	var errs []error
	err := w.each(bank.Progress().Name, func(r *kgo.Record) error {
		p, err := records.ParseProgress(r.Value)
		if err != nil {
			return err
		}
		if before, ok := positions[string(r.Key)]; ok && p.Position < before {
			errs = append(errs, fmt.Errorf("position of %s went back from %d to %d at offset %d", r.Key, before, p.Position, r.Offset))
		}
		positions[string(r.Key)] = p.Position
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// checkForwards: a command on a foreign partition is forwarded once.
func (w *world) checkForwards(*model) error {
	misplaced, forwarded := map[string]bool{}, map[string]int{}
	err := w.each(bank.Commands("account").Name, func(r *kgo.Record) error {
		if records.Partition(r.Key, shards) != r.Partition {
			misplaced[fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset)] = true
		}
		if from := header(r, records.Forwarded); from != "" {
			forwarded[from]++
		}
		return nil
	})
	var errs []error
	for place := range misplaced {
		if forwarded[place] != 1 {
			errs = append(errs, fmt.Errorf("the command at %s was forwarded %d times", place, forwarded[place]))
		}
	}
	return errors.Join(append(errs, err)...)
}

// checkStores: invariant 2. Every store, of whichever instance and however its process ended, holds the changelog up to its checkpoint.
func (w *world) checkStores() error {
	var errs []error
	for _, in := range w.instances {
		env, err := statestore.OpenEnv(w.dir+"/"+in.name, storeOptions(in.store))
		if err != nil {
			return err
		}
		for component, topic := range map[string]string{
			"account": bank.Changelog("account").Name, "groups": bank.Rows("groups").Name, "balances": bank.Rows("balances").Name,
		} {
			log, err := w.read(topic)
			if err != nil {
				return err
			}
			for shard := range int32(shards) {
				if err := checkStore(env, component, shard, log[shard]); err != nil {
					errs = append(errs, fmt.Errorf("%s: store %s/%d: %w", in.name, component, shard, err))
				}
			}
		}
		errs = append(errs, env.Close())
	}
	return errors.Join(errs...)
}

func checkStore(env *statestore.Env, component string, shard int32, log []*kgo.Record) (err error) {
	store, err := env.Open(component, shard)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	checkpoint, _, err := store.Checkpoint()
	if err != nil {
		return err
	}
	want, got := map[string]string{}, map[string]string{}
	for _, r := range log {
		if r.Offset >= checkpoint.Position {
			break
		}
		want[string(r.Key)] = string(r.Value)
		if r.Value == nil {
			delete(want, string(r.Key))
		}
	}
	if err := store.Scan(nil, func(key, value []byte) bool { got[string(key)] = string(value); return true }); err != nil {
		return err
	}
	return differences("at position "+strconv.FormatInt(checkpoint.Position, 10)+" key", want, got, func(a, b string) bool { return a == b })
}

// differences are those of two maps, at most some.
func differences[V any](what string, want, got map[string]V, equal func(a, b V) bool) error {
	var errs []error
	keys := slices.Sorted(maps.Keys(want))
	for key := range got {
		if _, ok := want[key]; !ok {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		a, wanted := want[key]
		b, there := got[key]
		if wanted != there || !equal(a, b) {
			errs = append(errs, fmt.Errorf("%s %s:\n  want %v\n  got  %v", what, key, any(a), any(b)))
		}
		if len(errs) == 5 {
			return errors.Join(append(errs, errors.New("…"))...)
		}
	}
	return errors.Join(errs...)
}

// each calls f with every committed record of a topic, in the order of each partition.
func (w *world) each(topic string, f func(*kgo.Record) error) error {
	log, err := w.read(topic)
	if err != nil {
		return err
	}
	for _, partition := range log {
		for _, r := range partition {
			if err := f(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) latest(topic string) (map[string][]byte, error) {
	latest := map[string][]byte{}
	err := w.each(topic, func(r *kgo.Record) error {
		latest[string(r.Key)] = r.Value
		if r.Value == nil {
			delete(latest, string(r.Key))
		}
		return nil
	})
	return latest, err
}

// read reads the committed records of a topic, up to the end it has now; an error if a transaction is open.
func (w *world) read(topic string) ([][]*kgo.Record, error) {
	bounds, err := admin.New(w.cl).Bounds(w.t.Context(), topic)
	if err != nil {
		return nil, err
	}
	start := map[int32]kgo.Offset{}
	left := 0
	for at, b := range bounds {
		if b.Stable < b.End {
			// The last record below an open transaction may be one that was aborted, which is never delivered.
			return nil, fmt.Errorf("%s has an open transaction", at)
		}
		if b.Start < b.Stable {
			start[at.Partition] = kgo.NewOffset().At(int64(b.Start))
			left++
		}
	}
	log := make([][]*kgo.Record, shards)
	if left == 0 {
		return log, nil
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(w.client(nil).Brokers...), kgo.Dialer(w.link.dial),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(10e6),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: start}))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	for left > 0 {
		fetches := cl.PollFetches(w.t.Context())
		if err := w.t.Context().Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				log[r.Partition] = append(log[r.Partition], r)
			}
			if records.Position(r.Offset)+1 == bounds[records.TopicPartition{Topic: topic, Partition: r.Partition}].Stable {
				left--
			}
		})
	}
	return log, nil
}
