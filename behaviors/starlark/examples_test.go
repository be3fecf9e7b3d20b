package starlark

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// example is an example's folder, seen without its context.yaml.
type example struct {
	dir   string
	set   *schemas.Set
	codec *schemas.Codec
}

func openExample(tb testing.TB, name string, encoding schemas.Encoding) example {
	tb.Helper()
	dir := filepath.Join("..", "..", "examples", name)
	set, problems := schemas.Load(filepath.Join(dir, "schemas"))
	require.Empty(tb, problems)
	codec, err := schemas.NewCodec(set, schemas.Options{Encoding: encoding})
	require.NoError(tb, err)
	return example{dir, set, codec}
}

func (x example) records(tb testing.TB, names ...string) []*Message {
	tb.Helper()
	all := make([]*Message, len(names))
	for i, name := range names {
		var err error
		all[i], err = x.set.Lookup(name)
		require.NoError(tb, err)
	}
	return all
}

func (x example) entity(tb testing.TB, name, state string, commands, events []string, outlets *Outlets) behaviors.Entity {
	tb.Helper()
	records := x.records(tb, append(append([]string{state}, commands...), events...)...)
	e, problems := LoadEntity(EntityConfig{
		Folder: os.DirFS(x.dir), File: name + ".star", Name: name, State: records[0], Commands: records[1 : 1+len(commands)],
		Events: records[1+len(commands):], Codec: NewCodec(x.codec, records...), Outlets: outlets,
		Replicated: x.replicated(tb),
	})
	require.Empty(tb, problems)
	return e
}

// replicated has the value that the shop declares.
func (x example) replicated(tb testing.TB) Replicated {
	tb.Helper()
	available, err := crdt.ParseType("map of counter")
	require.NoError(tb, err)
	return Replicated{Types: map[string]crdt.Type{"available": available}}
}

func (x example) projection(tb testing.TB, file, key, row string, events ...string) *Projection {
	tb.Helper()
	records := x.records(tb, append([]string{row}, events...)...)
	p, problems := LoadProjection(ProjectionConfig{
		Folder: os.DirFS(x.dir), File: file, Name: file, Key: key, Row: records[0], Events: records[1:],
		Codec: NewCodec(x.codec, records...), RowContentType: x.codec.ContentType(),
	})
	require.Empty(tb, problems)
	return p
}

// payload is a message in the example's own encoding, given as JSON.
func (x example) payload(tb testing.TB, name, text string) entities.Payload {
	tb.Helper()
	m := x.records(tb, name)[0]
	value, err := schemas.ParseJSON(m.Type, []byte(text))
	require.NoError(tb, err)
	data, err := x.codec.Encode(nil, m, value)
	require.NoError(tb, err)
	return entities.Payload{Data: data, ContentType: x.codec.ContentType()}
}

// A step is a command and what should come of it: the state or a rejection's code, and the names of the events.
type step struct {
	command, fields string
	events          []string
	want            string
}

func (x example) play(tb testing.TB, e behaviors.Entity, steps ...step) {
	tb.Helper()
	state := e.InitialState()
	for i, s := range steps {
		turns := []behaviors.Turn{{State: state, Command: &entities.Command{EntityID: "one", Type: s.command, Payload: x.payload(tb, s.command, s.fields), NowMS: 7}}}
		e.Decide(tb.Context(), turns)
		require.Nil(tb, turns[0].Failure, "%d %s", i, s.command)
		d := turns[0].Decision
		var events []string
		for _, event := range d.Events {
			events = append(events, event.Type)
		}
		require.Equal(tb, s.events, events, "%d %s", i, s.command)
		if d.Rejection != nil {
			require.Equal(tb, s.want, d.Rejection.Code)
			continue
		}
		if len(d.Events) > 0 {
			var err error
			state, err = e.DecodeState(d.StateFingerprint, d.StateData)
			require.NoError(tb, err)
		}
		text, err := e.StateJSON(state)
		require.NoError(tb, err)
		require.Equal(tb, s.want, string(text), "%d %s", i, s.command)
	}
}

func shopCart(tb testing.TB, x example) behaviors.Entity {
	tb.Helper()
	commands, events := []string{"AddItem", "RemoveItem", "CheckOut", "MarkPaid"}, []string{"ItemAdded", "ItemRemoved", "CheckedOut", "Paid"}
	return x.entity(tb, "cart", "Cart", commands, events, &Outlets{Publications: map[string][]*Message{"orders": x.records(tb, "OrderPlaced")}})
}

func TestShopCart(t *testing.T) {
	for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.JSONEncoding} {
		x := openExample(t, "shop", encoding)
		apple := `{"sku":"apple","quantity":2,"price_cents":30,"customer_id":"alice"}`
		x.play(t, shopCart(t, x),
			step{"AddItem", apple, []string{"ItemAdded"}, `{"customer_id":"alice","lines":{"apple":2},"total_cents":60,"checked_out":false,"paid":false}`},
			step{"RemoveItem", `{"sku":"apple","quantity":1,"price_cents":30}`, []string{"ItemRemoved"}, `{"customer_id":"alice","lines":{"apple":1},"total_cents":30,"checked_out":false,"paid":false}`},
			step{"CheckOut", `{}`, []string{"CheckedOut"}, `{"customer_id":"alice","lines":{"apple":1},"total_cents":30,"checked_out":true,"paid":false}`},
			step{"AddItem", apple, nil, "cart-closed"},
			step{"MarkPaid", `{"cents":30}`, []string{"Paid"}, `{"customer_id":"alice","lines":{"apple":1},"total_cents":30,"checked_out":true,"paid":true}`},
		)
	}
}
