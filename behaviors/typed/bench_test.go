package typed_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/avro"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
)

type Account struct {
	Owner   string `avro:"owner"`
	Cents   int64  `avro:"cents"`
	Entries int64  `avro:"entries"`
}

type Deposit struct {
	Cents int64  `avro:"cents"`
	Note  string `avro:"note"`
}

type Deposited struct {
	Cents int64  `avro:"cents"`
	Note  string `avro:"note"`
}

func BenchmarkDecide(b *testing.B) {
	m, err := typed.Bind(b.Context(), typed.Config{}, typed.NewEntity("account",
		typed.On(func(_ Account, c Deposit, _ typed.Context) typed.Effects { return typed.Emit(Deposited(c)) }),
		typed.Apply(func(a *Account, e Deposited) { a.Cents += e.Cents; a.Entries++ }),
	))
	require.NoError(b, err)
	data, err := avro.MustSchemaFor[Deposit]().AppendSingleObject(nil, Deposit{Cents: 100, Note: "salary of the month"})
	require.NoError(b, err)
	behavior := m.Entities[0].Behavior
	command := &entities.Command{EntityID: "a1", Type: "Deposit", Payload: entities.Payload{Data: data}}
	turns := []behaviors.Turn{{Command: command, State: &Account{Owner: "alice"}}}
	b.ReportAllocs()
	for b.Loop() {
		behavior.Decide(b.Context(), turns)
		if turns[0].Failure != nil {
			b.Fatal(turns[0].Failure)
		}
		turns[0] = behaviors.Turn{Command: command, State: turns[0].Decision.State}
	}
}
