package typedtest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/behaviors/typed/typedtest"
)

type Purse struct {
	Cents int64 `avro:"cents,default=5"`
}

type Pay struct {
	Cents int64 `avro:"cents"`
}

type Paid struct {
	Cents int64 `avro:"cents"`
}

type Row struct {
	Count int64 `avro:"count,default=10"`
}

var purse = typed.NewEntity("purse",
	typed.On(func(p Purse, c Pay, _ typed.Context) typed.Effects {
		switch {
		case c.Cents < 0:
			panic("negative")
		case c.Cents > p.Cents:
			return typed.Reject("too-much", "the purse has less")
		}
		return typed.Emit(Paid(c)).And(typed.Reply(p.Cents - c.Cents))
	}),
	typed.Apply(func(p *Purse, e Paid) { p.Cents -= e.Cents }))

var payments = typed.NewProjection("payments", typed.From(purse), typed.Fold(func(r *Row, e Paid, ctx *typed.EventContext) {
	if r.Count++; e.Cents == 0 {
		ctx.DeleteRow()
	}
}))

// A recorder is a test whose failures are looked at.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Errorf(format string, args ...any) { r.said += fmt.Sprintf(format, args...) }
func (r *recorder) FailNow()                          { panic(r) }

// failure is what a test says that must fail.
func failure(t *testing.T, run func(*recorder)) string {
	t.Helper()
	r := &recorder{TB: t}
	require.PanicsWithValue(t, r, func() { run(r) })
	return r.said
}

func TestGivenWhenThen(t *testing.T) {
	e := typedtest.Entity(t, purse, "p1").Given(Paid{Cents: 1})
	e.When(Pay{Cents: 1}, Pay{Cents: 2}).Then(Paid{Cents: 2}).ThenReply(1).ThenState(Purse{Cents: 1})
	e.When(Pay{Cents: 2}).ThenRejected("too-much").ThenState(Purse{Cents: 1})
	e.When(Pay{Cents: -1}).ThenFailed("panic: negative")
}

func TestWhatComesOtherwiseIsShown(t *testing.T) {
	for name, c := range map[string]struct {
		run  func(*recorder)
		want string
	}{
		"events":    {func(r *recorder) { typedtest.Entity(r, purse, "p").When(Pay{Cents: 1}).Then(Paid{Cents: 2}) }, `-  "cents": 2`},
		"state":     {func(r *recorder) { typedtest.Entity(r, purse, "p").ThenState(Purse{Cents: 4}) }, `+  "cents": 5`},
		"reply":     {func(r *recorder) { typedtest.Entity(r, purse, "p").When(Pay{Cents: 1}).ThenReply(3) }, "the reply"},
		"rejection": {func(r *recorder) { typedtest.Entity(r, purse, "p").When(Pay{Cents: 9}).Then() }, "too-much: the purse has less"},
		"accepted":  {func(r *recorder) { typedtest.Entity(r, purse, "p").When(Pay{Cents: 1}).ThenRejected("x") }, "it was accepted, with Paid"},
		"panic":     {func(r *recorder) { typedtest.Entity(r, purse, "p").When(Pay{Cents: -1}).Then() }, "panic: negative"},
		"no panic":  {func(r *recorder) { typedtest.Entity(r, purse, "p").When(Pay{Cents: 1}).ThenFailed("x") }, "it did not fail"},
		"given":     {func(r *recorder) { typedtest.Entity(r, purse, "p").Given(Pay{}) }, "entity purse has no Apply for typedtest_test.Pay"},
		"earlier":   {func(r *recorder) { typedtest.Entity(r, purse, "p").When(Pay{Cents: 9}, Pay{}) }, "too-much"},
		"rows": {func(r *recorder) {
			typedtest.Projection(r, payments, purse).When("p", Paid{Cents: 1}).Then(map[string]Row{"p": {Count: 12}})
		}, `+  "count": 11`},
	} {
		t.Run(name, func(t *testing.T) { require.Contains(t, failure(t, c.run), c.want) })
	}
}

func TestRowsFollowEvents(t *testing.T) {
	typedtest.Projection(t, payments, purse).
		Given(map[string]Row{"p2": {Count: 1}, "p3": {Count: 7}}).
		When("p1", Paid{Cents: 1}, Paid{Cents: 1}).When("p2", Paid{Cents: 1}).When("p3", Paid{}).
		Then(map[string]Row{"p1": {Count: 12}, "p2": {Count: 2}})
}

type Receipt struct {
	Cents int64 `avro:"cents"`
}

var receipts = typed.NewStream("receipts", typed.From(purse), typed.Writes[Receipt](), typed.Each(func(e Paid, ctx *typed.EventContext) []typed.Written {
	switch {
	case e.Cents == 0:
		return nil
	case e.Cents < 0:
		panic("negative")
	}
	return []typed.Written{typed.Write(ctx.EntityID, Receipt(e))}
}))

func TestAStreamIsTested(t *testing.T) {
	s := typedtest.Stream(t, receipts, purse)
	s.When("p1", Paid{Cents: 3}, Paid{}, Paid{Cents: 4}).Then(typed.Write("p1", Receipt{Cents: 3}), typed.Write("p1", Receipt{Cents: 4}))
	s.When("p1", Paid{}).Then()
	s.When("p1", Paid{Cents: 3}, Paid{Cents: -1}).ThenFailed()
	said := failure(t, func(r *recorder) {
		typedtest.Stream(r, receipts, purse).When("p1", Paid{Cents: 3}).Then(typed.Write("p2", Receipt{Cents: 3}))
	})
	require.Contains(t, said, "p2")
	require.Contains(t, failure(t, func(r *recorder) { typedtest.Stream(r, receipts, purse).When("p1", Paid{Cents: -1}).Then() }), "panic: negative")
	require.Contains(t, failure(t, func(r *recorder) { typedtest.Stream(r, receipts, purse).When("p1", Paid{}).ThenFailed() }), "no event failed")
}
