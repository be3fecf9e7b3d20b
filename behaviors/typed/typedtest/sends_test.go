package typedtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/behaviors/typed/typedtest"
)

type Jar struct{}

type Lend struct {
	To    string `avro:"to"`
	Cents int64  `avro:"cents"`
}

type Lent struct {
	To     string `avro:"to"`
	Status string `avro:"status"`
}

type Loan struct {
	Cents int64 `avro:"cents"`
}

var loans = typed.NewPublication("loans", typed.Message[Loan]())

var jar = typed.NewEntity("jar",
	typed.On(func(_ Jar, c Lend, ctx typed.Context) typed.Effects {
		if c.Cents == 0 {
			return typed.Reject("nothing", "there is nothing to lend")
		}
		return typed.Ask("purse", c.To, Pay{Cents: -c.Cents}, Lent{To: c.To}).
			And(typed.Send("bank.ledger", ctx.EntityID, Pay{Cents: c.Cents})).And(typed.Publish("loans", ctx.EntityID, Loan{c.Cents}))
	}),
	typed.On(func(Jar, Lent, typed.Context) typed.Effects { return typed.Effects{} }),
).SendsTo("bank.ledger", typed.Message[Pay]())

var collector = typed.NewSubscription("collector", "bank.calls", typed.OnMessage(func(m Loan, ctx typed.MessageContext) typed.Effects {
	switch m.Cents {
	case 0:
		return typed.Effects{}
	case 13:
		panic("bad luck")
	}
	return typed.Send("purse", ctx.Key, Pay(m))
}))

func TestWhatIsSentIsCompared(t *testing.T) {
	j := typedtest.Entity(t, jar, "j1", purse, loans)
	j.When(Lend{To: "p1", Cents: 3}).Then().ThenSends(
		typed.Ask("purse", "p1", Pay{Cents: -3}, Lent{To: "p1"}), typed.Send("bank.ledger", "j1", Pay{Cents: 3}), typed.Publish("loans", "j1", Loan{3}))
	j.When(Lent{To: "p1", Status: "accepted"}).ThenSends()
}

func TestMessagesAreHeard(t *testing.T) {
	s := typedtest.Subscription(t, collector, purse)
	s.When("p1", Loan{5}).ThenSends(typed.Send("purse", "p1", Pay{Cents: 5}))
	s.When("p1", Loan{}).ThenSends()
	s.When("p1", Loan{13}).ThenFailed("bad luck")
	s.When("p1", Pay{}).ThenSends()
}

func TestWhatIsSentOtherwiseIsShown(t *testing.T) {
	lend := func(r *recorder) *typedtest.EntityTest[Jar] {
		return typedtest.Entity(r, jar, "j1", purse, loans).When(Lend{To: "p1", Cents: 3})
	}
	rest := typed.Send("bank.ledger", "j1", Pay{Cents: 3}).And(typed.Publish("loans", "j1", Loan{3}))
	for name, c := range map[string]struct {
		run  func(*recorder)
		want string
	}{
		"nothing expected": {func(r *recorder) { lend(r).ThenSends() }, "+send bank.ledger/j1 Pay {"},
		"no answer":        {func(r *recorder) { lend(r).ThenSends(typed.Send("purse", "p1", Pay{Cents: -3}), rest) }, "+answered as Lent {"},
		"told otherwise":   {func(r *recorder) { lend(r).ThenSends(typed.Ask("purse", "p1", Pay{Cents: -3}, Lent{To: "p2"}), rest) }, `-answered as Lent {"to":"p2"}`},
		"another key":      {func(r *recorder) { lend(r).ThenSends(typed.Ask("purse", "p2", Pay{Cents: -3}, Lent{To: "p1"}), rest) }, "-send purse/p2 Pay {"},
		"another field":    {func(r *recorder) { lend(r).ThenSends(typed.Ask("purse", "p1", Pay{Cents: -4}, Lent{To: "p1"}), rest) }, `-  "cents": -4`},
		"not to be sent":   {func(r *recorder) { lend(r).ThenSends(typed.Send("prse", "p1", Pay{})) }, "there is no entity prse"},
		"rejected":         {func(r *recorder) { typedtest.Entity(r, jar, "j1", purse, loans).When(Lend{}).ThenSends() }, "nothing: there is nothing to lend"},
		"no receiver":      {func(r *recorder) { typedtest.Entity(r, jar, "j1").When(Lend{To: "p1", Cents: 1}).ThenSends() }, "there is no entity purse"},
		"message":          {func(r *recorder) { typedtest.Subscription(r, collector, purse).When("p", Loan{5}).ThenSends() }, "+send purse/p Pay {"},
		"message failed":   {func(r *recorder) { typedtest.Subscription(r, collector, purse).When("p", Loan{13}).ThenSends() }, "bad luck"},
		"no failure":       {func(r *recorder) { typedtest.Subscription(r, collector, purse).When("p", Loan{5}).ThenFailed("x") }, "it did not fail"},
	} {
		t.Run(name, func(t *testing.T) { require.Contains(t, failure(t, c.run), c.want) })
	}
}
