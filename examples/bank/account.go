package main

import (
	"fmt"

	"github.com/partita-io/partita/behaviors/typed"
)

// Account is the state of an account. Nobody changes it but the events.
type Account struct {
	Owner string `avro:"owner,default="`
	Cents int64  `avro:"cents,default=0"`
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
	// Transferred lowers it.
	Transferred struct {
		To    string `avro:"to"`
		Cents int64  `avro:"cents"`
	}
)

// Incoming is a row: what was sent to an account by others.
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
	typed.On(Account.open), typed.On(Account.deposit), typed.On(Account.transfer),
	typed.Apply((*Account).opened), typed.Apply((*Account).deposited), typed.Apply((*Account).transferred),
)

var incoming = typed.NewProjection("incoming", typed.From(account),
	typed.Key[Incoming](func(e Transferred, _ *typed.EventContext) string { return e.To }),
	typed.Fold(func(row *Incoming, e Transferred, _ *typed.EventContext) { row.Transfers++; row.Cents += e.Cents }),
)

var large = typed.NewStream("large", typed.From(account), typed.Writes[LargeTransfer](),
	typed.Each(func(e Transferred, ctx *typed.EventContext) []typed.Message {
		if e.Cents < 1_000_000 {
			return nil
		}
		return []typed.Message{typed.Write(ctx.EntityID, LargeTransfer(e))}
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
	return typed.Emit(Transferred(c)).And(typed.Reply(map[string]int64{"left": a.Cents - c.Cents}))
}

// refuses is what deposits and transfers have in common.
func (a Account) refuses(cents int64) (typed.Effects, bool) {
	switch {
	case a.Owner == "":
		return typed.Reject("not-open", "nobody has opened the account"), true
	case cents <= 0:
		return typed.Reject("bad-amount", fmt.Sprintf("an amount is positive, not %d", cents)), true
	}
	return typed.Effects{}, false
}

func (a *Account) opened(e Opened)           { a.Owner = e.Owner }
func (a *Account) deposited(e Deposited)     { a.Cents += e.Cents }
func (a *Account) transferred(e Transferred) { a.Cents -= e.Cents }
