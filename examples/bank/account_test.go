package main

import (
	"testing"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/behaviors/typed/typedtest"
	"github.com/partita-io/partita/entities"
)

func TestAnAccountIsOpenedOnce(t *testing.T) {
	a := typedtest.Entity(t, account, "a1")
	a.When(Deposit{Cents: 100}).ThenRejected("not-open")
	a.When(Receive{From: "a2", Cents: 100}).ThenRejected("not-open")
	a.When(Open{}).ThenRejected("no-owner")
	a.When(Open{Owner: "ann"}).Then(Opened{Owner: "ann"}).ThenState(Account{Owner: "ann"})
	a.When(Open{Owner: "bob"}).ThenRejected("is-open")
}

func TestATransferNeverOverdraws(t *testing.T) {
	a := typedtest.Entity(t, account, "a1").Given(Opened{Owner: "ann"}, Deposited{Cents: 100})
	a.When(Transfer{To: "a2", Cents: 0}).ThenRejected("bad-amount")
	a.When(Transfer{To: "a1", Cents: 1}).ThenRejected("to-itself")
	a.When(Transfer{To: "a2", Cents: 101}).ThenRejected("overdraft")
	a.When(Transfer{To: "a2", Cents: 70}).
		Then(Transferred{Number: "3", To: "a2", Cents: 70}).
		ThenSends(typed.Ask("account", "a2", Receive{From: "a1", Cents: 70}, Settle{Number: "3"})).
		ThenReply(map[string]int64{"left": 30}).
		ThenState(Account{Owner: "ann", Cents: 30, OnTheWay: map[string]Transfer{"3": {To: "a2", Cents: 70}}})
}

func TestATransferIsSettledOnce(t *testing.T) {
	a := typedtest.Entity(t, account, "a1").Given(Opened{Owner: "ann"}, Deposited{Cents: 100}, Transferred{Number: "3", To: "a2", Cents: 70})
	a.When(Settle{Number: "3", Status: entities.Accepted}).
		Then(Arrived{Number: "3", To: "a2", Cents: 70}).
		ThenState(Account{Owner: "ann", Cents: 30})
	a.When(Settle{Number: "3", Status: entities.Rejected}).ThenRejected("not-on-the-way")
}

func TestARefusedTransferComesBack(t *testing.T) {
	for _, status := range []entities.Status{entities.Rejected, entities.Failed} {
		typedtest.Entity(t, account, "a1").
			Given(Opened{Owner: "ann"}, Deposited{Cents: 100}, Transferred{Number: "3", To: "a2", Cents: 70}).
			When(Settle{Number: "3", Status: status, Code: "not-open"}).
			Then(Returned{Number: "3", To: "a2", Cents: 70, Why: "not-open"}).
			ThenState(Account{Owner: "ann", Cents: 100})
	}
}

func TestIncomingAddsUpWhatOthersSent(t *testing.T) {
	typedtest.Projection(t, incoming, account).
		Given(map[string]Incoming{"a2": {Transfers: 1, Cents: 5}}).
		When("a1", Deposited{Cents: 100}, Arrived{Number: "3", To: "a2", Cents: 70}, Arrived{Number: "4", To: "a3", Cents: 1}).
		Then(map[string]Incoming{"a2": {Transfers: 2, Cents: 75}, "a3": {Transfers: 1, Cents: 1}})
}

func TestLargeTransfersAreTold(t *testing.T) {
	typedtest.Stream(t, large, account).
		When("a1", Deposited{Cents: 2_000_000}, Transferred{To: "a2", Cents: 999_999}, Transferred{To: "a3", Cents: 1_000_000}).
		Then(typed.Write("a1", LargeTransfer{To: "a3", Cents: 1_000_000}))
}
