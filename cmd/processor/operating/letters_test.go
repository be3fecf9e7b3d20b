package operating

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// Whatever headers a command came with, forged ones included: they come back as they were.
func TestOriginalIsWhatWasSetAside(t *testing.T) {
	names := []string{"mine", records.DeadLetterReason, records.DeadLetterTime, records.Sequence, records.DeadLetterTruncated, records.ID}
	rapid.Check(t, func(t *rapid.T) {
		r := &kgo.Record{Topic: "shop.cart.commands", Partition: 1, Offset: 42, Key: []byte("c1")}
		for i := range rapid.IntRange(0, 5).Draw(t, "headers") {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: rapid.SampledFrom(names).Draw(t, "name"), Value: fmt.Append(nil, i)})
		}
		dead := partitions.DeadLetter(&partitions.Record{Record: r}, partitions.Death{
			Topic: "shop.dead-letters", Reason: "behavior", Message: "a bug", Component: "cart", Version: "v7", Sequence: 3, NowMS: 5000, MaxBytes: 1 << 20,
		})
		headers, why := Original(dead)
		require.Empty(t, headers[len(r.Headers):])
		require.Equal(t, r.Headers, append([]kgo.RecordHeader(nil), headers...))
		require.Equal(t, "1970-01-01 00:00:05 +0000 UTC", why.At.String())
		why.At = Why{}.At
		require.Equal(t, Why{Reason: "behavior", Message: "a bug", Component: "cart", Version: "v7", Source: "shop.cart.commands/1/42", Sequence: "3"}, why)
	})
}

func TestWhatCannotBeSentAgainIsTold(t *testing.T) {
	c := topics.Context{Name: "shop", Partitions: 4}
	for _, wrong := range []struct {
		name, says string
		change     func(*Letter)
	}{
		{"of a projection", "events are not written twice", func(l *Letter) { l.Why.Component, l.Why.Source = "totals", "shop.cart.events/1/2" }},
		{"cut", "it was cut to fit: the whole record is at shop.cart.commands/1/42", func(l *Letter) { l.Why.Cut = true }},
		{"without a key", "it has no key", func(l *Letter) { l.Record.Key = nil }},
		{"of nobody", "do not say where it came from", func(l *Letter) { l.Why.Source = "" }},
		{"done", "sent again already, by ann at noon", func(l *Letter) { l.Done = &records.Done{Operation: records.Redrive, By: "ann", At: "noon"} }},
	} {
		l := Letter{Record: &kgo.Record{Key: []byte("c1")}, Why: Why{Component: "cart", Source: "shop.cart.commands/1/42"}}
		_, err := l.Redrive(c)
		require.NoError(t, err)
		wrong.change(&l)
		_, err = l.Redrive(c)
		require.ErrorContains(t, err, wrong.says, wrong.name)
	}
}

func TestCommandIsSentAgainUnderItsId(t *testing.T) {
	c := topics.Context{Name: "shop", Partitions: 4}
	id := kgo.RecordHeader{Key: records.ID, Value: []byte("7")}
	l := Letter{Record: &kgo.Record{Key: []byte("c1")}, Headers: []kgo.RecordHeader{id}, Why: Why{Component: "cart", Source: "shop.cart.commands/1/42"}}
	again, err := l.Redrive(c)
	require.NoError(t, err)
	require.Equal(t, []kgo.RecordHeader{id}, again.Headers)
	// An empty one names nothing, as for the task that reads it.
	l.Headers = []kgo.RecordHeader{{Key: records.ID}}
	again, err = l.Redrive(c)
	require.NoError(t, err)
	require.Equal(t, "shop.cart.commands/1/42", string(again.Headers[1].Value))
}
