package partita_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita"
	"github.com/partita-io/partita/behaviors/typed"
)

// WeighedV1 is Weighed as it was written before.
type WeighedV1 struct {
	Pounds float64 `avro:"pounds"`
	By     ClerkV1 `avro:"by"`
}

type ClerkV1 struct {
	Name string `avro:"name"`
}

type Weighed struct {
	Grams int64 `avro:"grams"`
	By    Clerk `avro:"by"`
}

type Clerk struct {
	Initial string `avro:"initial"`
}

var inGrams = typed.Upcast(func(old WeighedV1) Weighed {
	return Weighed{Grams: int64(math.Round(old.Pounds * 453.6)), By: Clerk{Initial: old.By.Name[:1]}}
})

// sumInPounds is a scale as it was when Weighed had pounds. It weighs as many as an Add says.
func sumInPounds() typed.Part {
	type Clerk struct {
		Name string `avro:"name"`
	}
	type Weighed struct {
		Pounds float64 `avro:"pounds"`
		By     Clerk   `avro:"by"`
	}
	type Scale struct {
		Pounds float64 `avro:"pounds"`
	}
	return typed.NewEntity("sum",
		typed.On(func(s Scale, c Add, _ typed.Context) typed.Effects {
			return typed.Emit(Weighed{Pounds: float64(c.N), By: Clerk{"ann"}}).And(typed.Reply(s.Pounds))
		}),
		typed.Apply(func(s *Scale, e Weighed) { s.Pounds += e.Pounds }))
}

// sumInGrams is the scale of today.
func sumInGrams() typed.Part {
	type Grams struct {
		Sum int64 `avro:"sum"`
	}
	return typed.NewEntity("sum",
		typed.On(func(s Grams, c Add, _ typed.Context) typed.Effects {
			return typed.Emit(Weighed{Grams: c.N}).And(typed.Reply(s.Sum + c.N))
		}),
		typed.Apply(func(s *Grams, e Weighed) { s.Sum += e.Grams })).StateVersion(2)
}

func TestEventsAreReadAsTheyWouldBeWrittenToday(t *testing.T) {
	broker, dir := startBroker(t), t.TempDir()
	s := newSender(t, broker)
	stop := start(t, broker, dir, sumInPounds())
	require.Equal(t, "0", s.add("2"))
	require.Equal(t, "2", s.add("1"))
	require.NoError(t, stop())

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := partita.Run(ctx, partita.Context{Name: "math", Partitions: 2, Parts: []typed.Part{sumInGrams()}},
		partita.Options{Brokers: []string{broker}, StateDir: dir, CreateTopics: true})
	require.ErrorContains(t, err, "record Weighed: what was written under its schema")
	require.ErrorContains(t, err, "can be brought to another shape by typed.Upcast")

	type WeighedV1 struct {
		Lbs float64 `avro:"lbs"`
	}
	misread := typed.Upcast(func(WeighedV1) Weighed { return Weighed{} })
	err = partita.Run(ctx, partita.Context{Name: "math", Partitions: 2, Parts: []typed.Part{sumInGrams(), misread}},
		partita.Options{Brokers: []string{broker}, StateDir: dir, CreateTopics: true})
	require.ErrorContains(t, err, "the struct that an upcast has of it describes another shape than")

	stop = start(t, broker, dir, sumInGrams(), inGrams)
	require.Equal(t, "1371", s.add("10"))
	require.NoError(t, stop())
}
