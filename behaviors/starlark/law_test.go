package starlark

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

func TestAFailedEvolveLeavesTheStateUntouched(t *testing.T) {
	changes := []string{"cart.lines['b'] = 7", "cart.total += 1", "cart.tags.append('t')", "cart.lines.clear()", "cart.what = Book(title = 'x')", "cart.what.title = 'y'", "cart.tags = ['u']"}
	prepared, turn := evolveBody(t, "cart.lines['a'] = 1\n    cart.tags.append('s')\n    cart.what = Book(title = 'Emma')")
	require.Nil(t, turn.Failure)
	data, fingerprint := turn.Decision.StateData, turn.Decision.StateFingerprint
	want, err := prepared.StateJSON(turn.Decision.State)
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		body := ""
		for _, change := range rapid.SliceOfN(rapid.SampledFrom(changes), 0, 6).Draw(r, "changes") {
			body += change + "\n    "
		}
		script := "def decide_add_item(cart, cmd, ctx):\n    return emit('ItemAdded', sku = 'a', quantity = 1)\ndef evolve_item_added(cart, event):\n    " + body + "fail('no')\n"
		e, problems := load(t, script)
		require.Empty(r, problems)
		state, err := e.DecodeState(fingerprint, data)
		require.NoError(r, err)
		turns := []behaviors.Turn{{State: state, Command: turn.Command}}
		e.Decide(t.Context(), turns)
		require.NotNil(r, turns[0].Failure)
		require.True(r, turns[0].StateIsKept)
		got, err := e.StateJSON(state)
		require.NoError(r, err)
		require.Equal(r, string(want), string(got))
	})
}

func TestTurnsRunInManyGoroutines(t *testing.T) {
	x := openExample(t, "shop", schemas.AvroEncoding)
	e := shopCart(t, x)
	command := &entities.Command{EntityID: "c1", Type: "AddItem", Payload: x.payload(t, "AddItem", `{"sku":"apple","quantity":2,"price_cents":30,"customer_id":"alice"}`)}
	totals := make([]string, 8)
	var all sync.WaitGroup
	for i := range totals {
		all.Go(func() {
			state := e.InitialState()
			for range 50 {
				turns := []behaviors.Turn{{State: state, Command: command}}
				e.Decide(t.Context(), turns)
				state = turns[0].Decision.State
			}
			text, _ := e.StateJSON(state)
			totals[i] = string(text)
		})
	}
	all.Wait()
	for _, total := range totals {
		require.Contains(t, total, `"total_cents":3000`)
	}
}

// FuzzScript runs any text as a script: it may be refused or fail, and ends.
func FuzzScript(f *testing.F) {
	for _, body := range []string{"return None", "return emit('ItemAdded', sku = 'a', quantity = 1)", "return [x for x in range(9) if x in [1]]", "return reply(decimal('1') / 8)"} {
		f.Add("def decide_add_item(cart, cmd, ctx):\n    " + body + "\n" + evolves)
	}
	f.Fuzz(func(t *testing.T, script string) {
		e, problems := load(t, script)
		if len(problems) == 0 {
			decideOn(t, e)
		}
	})
}

func BenchmarkShopAddItem(b *testing.B) {
	x := openExample(b, "shop", schemas.AvroEncoding)
	e := shopCart(b, x)
	command := &entities.Command{EntityID: "c1", Type: "AddItem", Payload: x.payload(b, "AddItem", `{"sku":"apple","quantity":2,"price_cents":30,"customer_id":"alice"}`)}
	turns := []behaviors.Turn{{Command: command, State: e.InitialState()}}
	b.ReportAllocs()
	for b.Loop() {
		e.Decide(b.Context(), turns)
	}
}
