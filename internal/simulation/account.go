package simulation

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// The behaviours under test. A command is "pay N GROUP", "draw N GROUP" (rejected beyond the balance), "fail", or "trip N GROUP WHICH", which fails
// until WHICH is mended and pays then, or "move N GROUP TO", which draws, sends "pay N GROUP" to another account, waits for the answer, and publishes that
// it did; the answer, a JSON object, changes nothing. An event is "±N GROUP", and what its decision saw of replicated values (replicated.go). State and
// rows are digits: a balance; "COUNT SUM" of a group; an account's last sequence and balance.

const fingerprint = 1

type account struct{ mended *mended }

type balance struct{ cents int64 }

func (account) InitialState() entities.State { return &balance{} }

func (account) DecodeState(_ uint64, data []byte) (entities.State, error) {
	n, err := strconv.ParseInt(string(data), 10, 64)
	return &balance{n}, err
}

func (account) StateJSON(s entities.State) ([]byte, error) {
	return strconv.AppendInt(nil, s.(*balance).cents, 10), nil
}

func (account) EncodeState(s entities.State) ([]byte, uint64, error) {
	return strconv.AppendInt(nil, s.(*balance).cents, 10), fingerprint, nil
}

func (account) Evolve(_ context.Context, s entities.State, e *behaviors.Event) (entities.State, *entities.Failure) {
	n, _ := movement(e)
	return &balance{s.(*balance).cents + n}, nil
}

func (a account) Decide(_ context.Context, turns []behaviors.Turn) {
	for i := range turns {
		t := &turns[i]
		state := t.State.(*balance)
		words := strings.Fields(string(t.Command.Payload.Data))
		if strings.HasPrefix(words[0], "{") {
			continue
		}
		if words[0] == "fail" || words[0] == "trip" && !a.mended.has(words[3]) {
			t.Failure = &entities.Failure{Code: entities.BehaviorError, Message: "as asked"}
			continue
		}
		n, _ := strconv.ParseInt(words[1], 10, 64) // The workload writes numbers.
		if words[0] == "draw" || words[0] == "move" {
			n = -n
		}
		if state.cents+n < 0 {
			t.StateIsKept = true
			t.Decision.Rejection = &entities.Rejection{Code: "overdraft", Message: "not enough"}
			continue
		}
		state.cents += n
		t.Decision = entities.Decision{
			Events: []entities.Event{{Type: "Moved", Payload: entities.Payload{Data: fmt.Appendf(nil, "%+d %s %s", n, words[2], saw(t))}}},
			Reply:  fmt.Appendf(nil, "%d", state.cents), Changes: changes(t.Command, n, words[2]),
			State: state, StateFingerprint: fingerprint, StateData: strconv.AppendInt(nil, state.cents, 10),
		}
		if words[0] == "move" {
			t.Decision.Messages = moved(words[1], words[2], words[3])
		}
	}
}

// moved is what is sent when money is moved.
func moved(n, group, to string) entities.Messages {
	return entities.Messages{
		Sends: []entities.Send{{
			Entity: "account", ID: to, Type: "Move", Payload: entities.Payload{Data: []byte("pay " + n + " " + group)},
			OnReply: &entities.OnReply{Type: "Move", Take: []string{"status", "code"}},
		}},
		Publications: []entities.Publication{{Name: "moves", Key: to, Type: "Moved", Payload: entities.Payload{Data: []byte(n + " " + group)}}},
	}
}

// payments subscribes to what happens outside: "N GROUP TO" is paid to an account.
type payments struct{}

func (payments) Wants(string) bool { return true }

func (payments) Handle(_ context.Context, m *behaviors.Event) (entities.Messages, *entities.Failure) {
	words := strings.Fields(string(m.Payload.Data))
	return entities.Messages{Sends: []entities.Send{{
		Entity: "account", ID: words[2], Type: "Move", Payload: entities.Payload{Data: []byte("pay " + words[0] + " " + words[1])},
	}}}, nil
}

// groups counts and sums the movements of each group, over all accounts.
type groups struct{ rows }

func (groups) Key(_ context.Context, e *behaviors.Event) (string, *entities.Failure) {
	_, group := movement(e)
	return group, nil
}

func (groups) Apply(_ context.Context, row []byte, e *behaviors.Event) ([]byte, *entities.Failure) {
	var count, sum int64
	_, _ = fmt.Sscan(string(row), &count, &sum) // Zeros for no row.
	n, _ := movement(e)
	return fmt.Appendf(nil, "%d %d", count+1, sum+n), nil
}

// balances has a row for each account, beside its events.
type balances struct{ rows }

func (balances) Key(_ context.Context, e *behaviors.Event) (string, *entities.Failure) {
	return e.EntityID, nil
}

func (balances) Apply(_ context.Context, row []byte, e *behaviors.Event) ([]byte, *entities.Failure) {
	var sequence, sum int64
	_, _ = fmt.Sscan(string(row), &sequence, &sum)
	n, _ := movement(e)
	return fmt.Appendf(nil, "%d %d", e.Sequence, sum+n), nil
}

func movement(e *behaviors.Event) (n int64, group string) {
	words := strings.Fields(string(e.Payload.Data))
	n, _ = strconv.ParseInt(words[0], 10, 64)
	return n, words[1]
}

type rows struct{}

func (rows) Wants(eventType string) bool        { return eventType == "Moved" }
func (rows) RowJSON(row []byte) ([]byte, error) { return row, nil }
func (rows) RowType() string                    { return "Row" }
func (rows) RowContentType() string             { return "text/plain" }
