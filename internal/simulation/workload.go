package simulation

import (
	"fmt"
	"strconv"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// send produces commands and waits for them to be in the log.
func (s *schedule) send(n int) {
	s.note("%d commands", n)
	s.tally.add("work", "commands", n)
	s.changeRate()
	for range n {
		s.cl.Produce(s.t.Context(), s.command(), func(_ *kgo.Record, err error) { require.NoError(s.t, err) })
	}
	require.NoError(s.t, s.cl.Flush(s.t.Context()))
}

// happenOutside produces messages that the context subscribes to.
func (s *schedule) happenOutside() {
	n := 1 + s.IntN(12)
	s.note("%d messages outside", n)
	s.tally.add("work", "messages outside", n)
	for range n {
		s.cl.Produce(s.t.Context(), &kgo.Record{
			Topic: outside, Partition: s.Int32N(outsides), Value: fmt.Appendf(nil, "%d g%d a%d", 1+s.IntN(50), s.IntN(accountGroups), s.IntN(accounts)),
			Headers: []kgo.RecordHeader{{Key: records.Type, Value: []byte("Paid")}},
		}, func(_ *kgo.Record, err error) { require.NoError(s.t, err) })
	}
	require.NoError(s.t, s.cl.Flush(s.t.Context()))
}

func (s *schedule) command() *kgo.Record {
	s.commands++
	key := "a" + strconv.Itoa(s.IntN(accounts))
	r := &kgo.Record{Topic: bank.Commands("account").Name, Key: []byte(key), Partition: records.Partition([]byte(key), shards)}
	misplaced := s.IntN(50) == 0
	if misplaced {
		r.Partition = s.Int32N(shards)
	}
	group := "g" + strconv.Itoa(s.IntN(accountGroups))
	switch n := s.IntN(40); {
	case n == 0:
		r.Value = []byte("fail")
	case n == 1:
		r.Value = fmt.Appendf(nil, "trip %d %s %d", 1+s.IntN(50), group, s.commands)
	case n < 8:
		r.Value = fmt.Appendf(nil, "move %d %s a%d", 1+s.IntN(60), group, s.IntN(accounts))
	case n < 14:
		r.Value = fmt.Appendf(nil, "draw %d %s", 1+s.IntN(60), group)
	default:
		r.Value = fmt.Appendf(nil, "pay %d %s", 1+s.IntN(50), group)
	}
	head := func(key, value string) {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: key, Value: []byte(value)})
	}
	head(records.Type, "Move")
	if s.IntN(3) > 0 {
		head(records.Source, "sim")
		if misplaced {
			// It may come so late, when its shard stood still, that the entity remembers other ids by then: it is sent once.
			head(records.ID, "m"+strconv.Itoa(s.commands))
		} else {
			head(records.ID, s.id(key))
		}
	}
	if s.IntN(10) == 0 {
		head(records.ExpectedSequence, strconv.Itoa(s.IntN(12)))
	}
	if s.IntN(2) == 0 {
		head(records.ReplyTopic, bank.Replies().Name)
		head(records.CorrelationID, strconv.Itoa(s.commands))
	}
	return r
}

// id is a new command id, or one that the account has had lately.
func (s *schedule) id(key string) string {
	recent := s.recent[key]
	if len(recent) > 0 && s.IntN(6) == 0 {
		return recent[s.IntN(len(recent))]
	}
	id := "c" + strconv.Itoa(s.commands)
	if recent = append(recent, id); len(recent) > 10 {
		recent = recent[1:]
	}
	s.recent[key] = recent
	return id
}
