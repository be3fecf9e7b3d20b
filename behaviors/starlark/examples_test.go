package starlark

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// example is an example's folder, seen without its context.yaml.
type example struct {
	dir   string
	set   *schemas.Set
	codec *schemas.Codec
}

func openExample(t testing.TB, name string, encoding schemas.Encoding) example {
	t.Helper()
	dir := filepath.Join("..", "..", "examples", name)
	set, problems := schemas.Load(filepath.Join(dir, "schemas"))
	require.Empty(t, problems)
	codec, err := schemas.NewCodec(set, schemas.Options{Encoding: encoding})
	require.NoError(t, err)
	return example{dir, set, codec}
}

func (x example) records(t testing.TB, names ...string) []*Message {
	t.Helper()
	all := make([]*Message, len(names))
	for i, name := range names {
		var err error
		all[i], err = x.set.Lookup(name)
		require.NoError(t, err)
	}
	return all
}

func (x example) entity(t testing.TB, name, state string, commands, events []string) behaviors.Entity {
	t.Helper()
	records := x.records(t, append(append([]string{state}, commands...), events...)...)
	e, problems := LoadEntity(EntityConfig{
		Folder: os.DirFS(x.dir), File: name + ".star", Name: name, State: records[0], Commands: records[1 : 1+len(commands)],
		Events: records[1+len(commands):], Codec: NewCodec(x.codec, records...),
	})
	require.Empty(t, problems)
	return e
}

func (x example) projection(t testing.TB, file, key, row string, events ...string) *Projection {
	t.Helper()
	records := x.records(t, append([]string{row}, events...)...)
	p, problems := LoadProjection(ProjectionConfig{
		Folder: os.DirFS(x.dir), File: file, Name: file, Key: key, Row: records[0], Events: records[1:],
		Codec: NewCodec(x.codec, records...), RowContentType: x.codec.ContentType(),
	})
	require.Empty(t, problems)
	return p
}

// payload is a message in the example's own encoding, given as JSON.
func (x example) payload(t testing.TB, name, text string) entities.Payload {
	t.Helper()
	m := x.records(t, name)[0]
	value, err := schemas.ParseJSON(m.Type, []byte(text))
	require.NoError(t, err)
	data, err := x.codec.Encode(nil, m, value)
	require.NoError(t, err)
	return entities.Payload{Data: data, ContentType: x.codec.ContentType()}
}

// A step is a command and what should come of it: the state or a rejection's code, and the names of the events.
type step struct {
	command, fields string
	events          []string
	want            string
}

func (x example) play(t testing.TB, e behaviors.Entity, steps ...step) {
	t.Helper()
	state := e.InitialState()
	for i, s := range steps {
		turns := []behaviors.Turn{{State: state, Command: &entities.Command{EntityID: "one", Type: s.command, Payload: x.payload(t, s.command, s.fields), NowMS: 7}}}
		e.Decide(t.Context(), turns)
		require.Nil(t, turns[0].Failure, "%d %s", i, s.command)
		d := turns[0].Decision
		var events []string
		for _, event := range d.Events {
			events = append(events, event.Type)
		}
		require.Equal(t, s.events, events, "%d %s", i, s.command)
		if d.Rejection != nil {
			require.Equal(t, s.want, d.Rejection.Code)
			continue
		}
		if len(d.Events) > 0 {
			var err error
			state, err = e.DecodeState(d.StateFingerprint, d.StateData)
			require.NoError(t, err)
		}
		text, err := e.StateJSON(state)
		require.NoError(t, err)
		require.Equal(t, s.want, string(text), "%d %s", i, s.command)
	}
}

func shopCart(t testing.TB, x example) behaviors.Entity {
	t.Helper()
	return x.entity(t, "cart", "Cart", []string{"AddItem", "RemoveItem", "CheckOut"}, []string{"ItemAdded", "ItemRemoved", "CheckedOut"})
}

func TestShopCart(t *testing.T) {
	for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.JSONEncoding} {
		x := openExample(t, "shop", encoding)
		apple := `{"sku":"apple","quantity":2,"price_cents":30,"customer_id":"alice"}`
		x.play(t, shopCart(t, x),
			step{"AddItem", apple, []string{"ItemAdded"}, `{"customer_id":"alice","lines":{"apple":2},"total_cents":60,"checked_out":false}`},
			step{"RemoveItem", `{"sku":"apple","quantity":1,"price_cents":30}`, []string{"ItemRemoved"}, `{"customer_id":"alice","lines":{"apple":1},"total_cents":30,"checked_out":false}`},
			step{"CheckOut", `{}`, []string{"CheckedOut"}, `{"customer_id":"alice","lines":{"apple":1},"total_cents":30,"checked_out":true}`},
			step{"AddItem", apple, nil, "cart-closed"},
		)
	}
}
