package main

import (
	"fmt"
	"strconv"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
)

// Account is the state of an account. Nobody changes it but the events.
type Account struct {
	Owner string `avro:"owner,default="`
	Cents int64  `avro:"cents,default=0"`
	// OnTheWay has left the account, and no answer has come: transfers by their numbers.
	OnTheWay map[string]Transfer `avro:"on_the_way,default={}"`
}

// The commands: what an account is asked.
type (
	// Open opens the account.
	Open struct {
		Owner string `avro:"owner"`
	}
	// Deposit pays in.
	Deposit struct {
		Cents int64 `avro:"cents"`
	}
	// Transfer pays to another account.
	Transfer struct {
		To    string `avro:"to"`
		Cents int64  `avro:"cents"`
	}
	// Receive is what the other account is asked then.
	Receive struct {
		From  string `avro:"from"`
		Cents int64  `avro:"cents"`
	}
	// Settle tells its answer.
	Settle struct {
		Number string          `avro:"number"`
		Status entities.Status `avro:"status"`
		Code   string          `avro:"code,default="`
	}
)

// The events: what happened to an account.
type (
	// Opened is the first.
	Opened struct {
		Owner string `avro:"owner"`
	}
	// Deposited raises the balance.
	Deposited struct {
		Cents int64 `avro:"cents"`
	}
	// Transferred lowers it: the money is on its way.
	Transferred struct {
		Number string `avro:"number"`
		To     string `avro:"to"`
		Cents  int64  `avro:"cents"`
	}
	// Received raises it: the money is here.
	Received struct {
		From  string `avro:"from"`
		Cents int64  `avro:"cents"`
	}
	// Arrived says that the other account has it.
	Arrived struct {
		Number string `avro:"number"`
		To     string `avro:"to"`
		Cents  int64  `avro:"cents"`
	}
	// Returned says why the other account has not, and raises the balance again.
	Returned struct {
		Number string `avro:"number"`
		To     string `avro:"to"`
		Cents  int64  `avro:"cents"`
		Why    string `avro:"why"`
	}
)

// Incoming is a row: what an account was sent by others.
type Incoming struct {
	Transfers int64 `avro:"transfers,default=0"`
	Cents     int64 `avro:"cents,default=0"`
}

// LargeTransfer is a message for whoever looks at large amounts.
type LargeTransfer struct {
	To    string `avro:"to"`
	Cents int64  `avro:"cents"`
}

var account = typed.NewEntity("account",
	typed.On(Account.open), typed.On(Account.deposit), typed.On(Account.transfer), typed.On(Account.receive), typed.On(Account.settle),
	typed.Apply((*Account).opened), typed.Apply((*Account).deposited), typed.Apply((*Account).received),
	typed.Apply((*Account).transferred), typed.Apply((*Account).arrived), typed.Apply((*Account).returned),
)

var incoming = typed.NewProjection("incoming", typed.From(account),
	typed.Key[Incoming](func(e Arrived, _ *typed.EventContext) string { return e.To }),
	typed.Fold(func(row *Incoming, e Arrived, _ *typed.EventContext) { row.Transfers++; row.Cents += e.Cents }),
)

var large = typed.NewStream("large", typed.From(account), typed.Writes[LargeTransfer](),
	typed.Each(func(e Transferred, ctx *typed.EventContext) []typed.Written {
		if e.Cents < 1_000_000 {
			return nil
		}
		return []typed.Written{typed.Write(ctx.EntityID, LargeTransfer{To: e.To, Cents: e.Cents})}
	}),
)

func (a Account) open(c Open, _ typed.Context) typed.Effects {
	switch {
	case a.Owner != "":
		return typed.Reject("is-open", "the account belongs to "+a.Owner)
	case c.Owner == "":
		return typed.Reject("no-owner", "an account has an owner")
	}
	return typed.Emit(Opened(c))
}

func (a Account) deposit(c Deposit, _ typed.Context) typed.Effects {
	if refused, no := a.refuses(c.Cents); no {
		return refused
	}
	return typed.Emit(Deposited(c))
}

func (a Account) transfer(c Transfer, ctx typed.Context) typed.Effects {
	if refused, no := a.refuses(c.Cents); no {
		return refused
	}
	switch {
	case c.To == ctx.EntityID:
		return typed.Reject("to-itself", "money does not move within an account")
	case c.Cents > a.Cents:
		return typed.Reject("overdraft", fmt.Sprintf("the account has %d cents, not %d", a.Cents, c.Cents))
	}
	number := strconv.FormatInt(ctx.Sequence+1, 10)
	return typed.Emit(Transferred{Number: number, To: c.To, Cents: c.Cents}).
		And(typed.Ask("account", c.To, Receive{From: ctx.EntityID, Cents: c.Cents}, Settle{Number: number})).
		And(typed.Reply(map[string]int64{"left": a.Cents - c.Cents}))
}

func (a Account) receive(c Receive, _ typed.Context) typed.Effects {
	if refused, no := a.refuses(c.Cents); no {
		return refused
	}
	return typed.Emit(Received(c))
}

func (a Account) settle(c Settle, _ typed.Context) typed.Effects {
	t, ok := a.OnTheWay[c.Number]
	switch {
	case !ok:
		return typed.Reject("not-on-the-way", "no transfer "+c.Number+" waits for an answer")
	case c.Status == entities.Accepted:
		return typed.Emit(Arrived{Number: c.Number, To: t.To, Cents: t.Cents})
	}
	return typed.Emit(Returned{Number: c.Number, To: t.To, Cents: t.Cents, Why: c.Code})
}

// refuses is what all that moves money has in common.
func (a Account) refuses(cents int64) (typed.Effects, bool) {
	switch {
	case a.Owner == "":
		return typed.Reject("not-open", "nobody has opened the account"), true
	case cents <= 0:
		return typed.Reject("bad-amount", fmt.Sprintf("an amount is positive, not %d", cents)), true
	}
	return typed.Effects{}, false
}

func (a *Account) opened(e Opened)       { a.Owner = e.Owner }
func (a *Account) deposited(e Deposited) { a.Cents += e.Cents }
func (a *Account) received(e Received)   { a.Cents += e.Cents }

func (a *Account) transferred(e Transferred) {
	a.Cents -= e.Cents
	a.OnTheWay[e.Number] = Transfer{To: e.To, Cents: e.Cents}
}

func (a *Account) arrived(e Arrived) { delete(a.OnTheWay, e.Number) }

func (a *Account) returned(e Returned) {
	a.Cents += e.Cents
	delete(a.OnTheWay, e.Number)
}
