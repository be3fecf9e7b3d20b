package main

import (
	"testing"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/behaviors/typed/typedtest"
)

func TestAnAccountIsOpenedOnce(t *testing.T) {
	a := typedtest.Entity(t, account, "a1")
	a.When(Deposit{Cents: 100}).ThenRejected("not-open")
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
		Then(Transferred{To: "a2", Cents: 70}).
		ThenReply(map[string]int64{"left": 30}).
		ThenState(Account{Owner: "ann", Cents: 30})
}

func TestIncomingAddsUpWhatOthersSent(t *testing.T) {
	typedtest.Projection(t, incoming, account).
		Given(map[string]Incoming{"a2": {Transfers: 1, Cents: 5}}).
		When("a1", Deposited{Cents: 100}, Transferred{To: "a2", Cents: 70}, Transferred{To: "a3", Cents: 1}).
		Then(map[string]Incoming{"a2": {Transfers: 2, Cents: 75}, "a3": {Transfers: 1, Cents: 1}})
}

func TestLargeTransfersAreTold(t *testing.T) {
	typedtest.Stream(t, large, account).
		When("a1", Deposited{Cents: 2_000_000}, Transferred{To: "a2", Cents: 999_999}, Transferred{To: "a3", Cents: 1_000_000}).
		Then(typed.Write("a1", LargeTransfer{To: "a3", Cents: 1_000_000}))
}
