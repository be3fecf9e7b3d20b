package typed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
)

// Rate is a row of a table.
type Rate struct {
	Percent int64  `avro:"percent"`
	Note    string `avro:"note,default="`
}

type (
	Desk struct{}
	Look struct {
		Key string `avro:"key"`
	}
)

// desk replies what it sees at two looks.
func desk(rates *typed.Table[Rate]) *typed.Entity[Desk] {
	return typed.NewEntity("desk", typed.On(func(_ Desk, c Look, ctx typed.Context) typed.Effects {
		first, there := rates.Get(ctx, c.Key)
		second, _ := rates.Get(ctx, c.Key)
		return typed.Reply([]any{there, first.Percent, second.Percent, rates.Len(ctx)})
	}))
}

// changing is a table that is another one at each look.
type changing struct{ looks []map[string][]byte }

func (c *changing) Now() behaviors.Rows {
	now := c.looks[0]
	c.looks = c.looks[1:]
	return fixed(now)
}

type fixed map[string][]byte

func (f fixed) Get(key string) ([]byte, bool) { row, there := f[key]; return row, there }
func (f fixed) Len() int                      { return len(f) }
func (f fixed) Keys(func(string) bool)        {}

func looked(t *testing.T, m *typed.Model, key string) (string, *entities.Failure) {
	t.Helper()
	b := m.Entities[0].Behavior
	turns := []behaviors.Turn{{State: b.InitialState(), Command: &entities.Command{
		EntityID: "d1", Type: "Look", Payload: entities.Payload{Data: []byte(`{"key":"` + key + `"}`)},
	}}}
	b.Decide(t.Context(), turns)
	return string(turns[0].Decision.Reply), turns[0].Failure
}

func TestAFunctionSeesATableAtOneMoment(t *testing.T) {
	rates := typed.NewTable[Rate]("rates", "vat").Latest().MaxBytes(1 << 20)
	m := bind(t, typed.Config{}, desk(rates), rates)
	table := m.Tables[0]
	require.Equal(t, []any{"rates", "vat", "Rate", true, int64(1 << 20)}, []any{table.Name, table.Topic, table.Row.Name, table.Latest, table.MaxBytes})
	seven, failure := table.Decode(t.Context(), entities.Payload{Data: []byte(`{"percent":7}`)})
	require.Nil(t, failure)
	nine, failure := table.Decode(t.Context(), entities.Payload{Data: []byte(`{"percent":9,"note":"new"}`)})
	require.Nil(t, failure)
	none, failure := looked(t, m, "de")
	require.Nil(t, failure)
	require.JSONEq(t, "[false,0,0,0]", none, "before it is connected")
	table.Connect(&changing{looks: []map[string][]byte{{"de": seven}, {"de": nine, "at": nine}}})
	for _, want := range []string{"[true,7,7,1]", "[true,9,9,2]"} {
		got, failure := looked(t, m, "de")
		require.Nil(t, failure)
		require.JSONEq(t, want, got)
	}
}

func TestWhatIsNoRowIsRefused(t *testing.T) {
	rates := typed.NewTable[Rate]("rates", "vat")
	m := bind(t, typed.Config{}, desk(rates), rates)
	for _, data := range []string{`{"percent":"many"}`, "", "rubbish", "\xc3\x01\x00\x00\x00\x00\x00\x00\x00\x00\x0e"} {
		_, failure := m.Tables[0].Decode(t.Context(), entities.Payload{Data: []byte(data)})
		require.NotNil(t, failure, data)
	}
	broken, failure := m.Tables[0].Decode(t.Context(), entities.Payload{Data: append([]byte{0xC3, 0x01}, fingerprintOf(m)...)})
	require.NotNil(t, failure, "%x", broken)
}

// fingerprintOf is that of the table's row, as it stands in a single object.
func fingerprintOf(m *typed.Model) []byte {
	f := m.Tables[0].Row.Fingerprint
	out := make([]byte, 8)
	for i := range out {
		out[i] = byte(f >> (8 * i))
	}
	return out
}

func TestATableThatIsNoPartFailsTheCommandThatLooksAtIt(t *testing.T) {
	rates := typed.NewTable[Rate]("rates", "vat")
	_, failure := looked(t, bind(t, typed.Config{}, desk(rates)), "de")
	require.NotNil(t, failure)
	require.Contains(t, failure.Message, "table rates is no part of this context: give it to Parts")
}

func TestTablesAreCheckedWithTheOtherParts(t *testing.T) {
	rates := typed.NewTable[Rate]("rates", "vat")
	_, err := typed.Bind(t.Context(), typed.Config{}, desk(rates), rates, typed.NewTable[Rate]("rates", "other"), typed.NewTable[Rate]("Rates", "").MaxBytes(-1),
		typed.NewTable[Rate]("desk", "desks"))
	require.EqualError(t, err, `table "Rates": a name is at most 100 lower-case letters, digits and hyphens and begins with a letter
table Rates names no topic
table Rates: MaxBytes(-1): at least 1, or 0 for the default
table rates: another part has this name`)
}
