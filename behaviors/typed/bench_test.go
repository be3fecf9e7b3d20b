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

// A Ledger has a slice, which a decision may change beneath a copy.
type Ledger struct {
	Owner   string  `avro:"owner"`
	Entries []int64 `avro:"entries"`
}

func BenchmarkReject(b *testing.B) {
	refuse := func(Ledger, Deposit, typed.Context) typed.Effects {
		return typed.Reject("closed", "the ledger is closed")
	}
	m, err := typed.Bind(b.Context(), typed.Config{}, typed.NewEntity("ledger", typed.On(refuse)))
	require.NoError(b, err)
	data, err := avro.MustSchemaFor[Deposit]().AppendSingleObject(nil, Deposit{Cents: 100, Note: "salary of the month"})
	require.NoError(b, err)
	bound := m.Entities[0]
	stored, err := avro.MustSchemaFor[Ledger]().Encode(&Ledger{Owner: "alice", Entries: make([]int64, 20)})
	require.NoError(b, err)
	command := &entities.Command{EntityID: "a1", Type: "Deposit", Payload: entities.Payload{Data: data}}
	turns := make([]behaviors.Turn, 1)
	b.ReportAllocs()
	for b.Loop() {
		if !turns[0].StateIsKept { // It is read again, as package commands does.
			if turns[0].State, err = bound.Behavior.DecodeState(bound.State.Fingerprint, stored); err != nil {
				b.Fatal(err)
			}
		}
		turns[0] = behaviors.Turn{Command: command, State: turns[0].State}
		bound.Behavior.Decide(b.Context(), turns)
	}
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
