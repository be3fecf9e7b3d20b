package typed_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

func TestEverythingThatIsWrongIsSaidAtOnce(t *testing.T) {
	type Odd struct {
		F func() `avro:"f"`
	}
	nothing := func(int, Odd, typed.Context) typed.Effects { return typed.Effects{} }
	_, err := typed.Bind(t.Context(), typed.Config{Options: schemas.Options{Encoding: schemas.ConfluentEncoding}}, cart(), cart(),
		typed.NewEntity("Bad Name", typed.On(Cart.close), typed.On(Cart.close)),
		typed.NewEntity[Cart]("progress").Remember(entities.Remember{Outcomes: -1}).OnFailure("parked"),
		typed.NewEntity("odd", typed.On(nothing)),
		typed.NewProjection[Cart]("empty", nil),
		typed.NewProjection("loose", typed.From(typed.Topic("x")), typed.Fold(func(*Cart, Closed, *typed.EventContext) {})),
		typed.NewProjection("parking", typed.From(cart(), cart()), typed.Fold(func(*Cart, Closed, *typed.EventContext) {})).OnFailure(entities.Park),
		typed.NewStream("silent", nil).OnFailure("parked"),
		typed.NewStream("circle", typed.From(typed.Topic("a.b"), typed.Topic("a.b"))).To("a.b"),
		typed.NewStream("nowhere", typed.From(cart()), typed.Writes[Total](), typed.Writes[Total]()).To("a b"),
	)
	require.Error(t, err)
	for _, want := range []string{
		"entity cart: another part has this name",
		"encoding confluent needs a registry: give partita.Options its Registry",
		`entity "Bad Name": a name is`,
		"entity Bad Name: On is given twice for typed_test.Close: keep one",
		"entity progress: the name is reserved",
		"entity progress decides no command: give NewEntity an On(func(Cart, command, typed.Context) typed.Effects)",
		"entity progress: Remember -1 outcomes",
		"entity progress: OnFailure \"parked\": there are entities.DeadLetter and entities.Park",
		"int is no struct with a name",
		"struct typed_test.Odd as an Avro record",
		"projection empty folds no event",
		"projection empty follows nothing",
		"projection loose follows the topic x, whose keys may lie on any partition: give its events a Key",
		"projection parking: OnFailure \"park\": there are entities.DeadLetter and entities.Stop",
		"projection parking follows cart twice",
		"projection silent follows no event",
		"projection silent writes nothing: name what it writes, Writes[Message]()",
		"projection silent follows nothing",
		"projection silent: OnFailure \"parked\"",
		"projection circle follows the topic a.b that it writes to, for ever",
		"projection circle follows a.b twice",
		"projection nowhere: To(\"a b\") is no name of a topic",
		"projection nowhere: Writes is given twice for typed_test.Total: keep one",
	} {
		require.Contains(t, err.Error(), want)
	}
}

func TestPartsMustFitTogether(t *testing.T) {
	fold := typed.Fold(func(*Total, Closed, *typed.EventContext) {})
	_, err := typed.Bind(t.Context(), typed.Config{}, cart(), cart(), typed.NewProjection("cart", typed.From(typed.NewEntity[Cart]("other")), fold))
	require.ErrorContains(t, err, "entity cart: another part has this name")
	require.ErrorContains(t, err, "projection cart: another part has this name")
	require.ErrorContains(t, err, "projection cart follows the entity other: give Bind that entity too")
}

func TestAnEventThatNoSourceEmitsIsRefused(t *testing.T) {
	lost := func(sources ...typed.Source) typed.Part {
		return typed.NewProjection("lost", sources,
			typed.Key[Total](func(Forgotten, *typed.EventContext) string { return "" }),
			typed.Fold(func(*Total, Forgotten, *typed.EventContext) {}))
	}
	_, err := typed.Bind(t.Context(), typed.Config{}, cart(), lamp(), lost(cart(), lamp()))
	require.EqualError(t, err, "projection lost folds Forgotten, which none of its sources emits: did you mean one of ItemAdded, Closed, Painted?")
	_, err = typed.Bind(t.Context(), typed.Config{}, cart(), lost(cart(), typed.Topic("others")))
	require.NoError(t, err, "what others write is not known")
}

func TestConfluentWithoutARegistryNamesTheOptionOfGo(t *testing.T) {
	turn := decide(t, bind(t, typed.Config{}, cart()).Entities[0].Behavior, "Close", []byte{0, 0, 0, 0, 7, 2})
	require.Equal(t, entities.UnknownSchema, turn.Failure.Code)
	require.Equal(t, "schema id 7: the context has no registry: give partita.Options its Registry (with typed.Bind: Config.Registry)", turn.Failure.Message)
}

func TestStructsOfOneNameAreRefused(t *testing.T) {
	type Closed struct {
		Other int64 `avro:"other"`
	}
	_, err := typed.Bind(t.Context(), typed.Config{}, cart(), typed.NewEntity("other", typed.On(func(Cart, Closed, typed.Context) typed.Effects {
		return typed.Effects{}
	})))
	require.ErrorContains(t, err, "would both be the record Closed: rename one of them")
}

func TestNestedStructsOfOneNameAreRefused(t *testing.T) {
	type line struct {
		Sku int64 `avro:"sku"`
	}
	type Count struct {
		Line line `avro:"line"`
	}
	_, err := typed.Bind(t.Context(), typed.Config{}, cart(), typed.NewEntity("other", typed.On(func(Cart, Count, typed.Context) typed.Effects {
		return typed.Effects{}
	})))
	require.ErrorContains(t, err, "several Go types would be the Avro type line")
}

func TestRecordsAreInTheNamespace(t *testing.T) {
	m := bind(t, typed.Config{Namespace: "com.example"}, cart())
	require.Equal(t, "com.example.Cart", m.Entities[0].State.FullName)
	turn := decide(t, m.Entities[0].Behavior, "AddItem", []byte(`{"line":{"sku":"apple","quantity":2}}`))
	require.Nil(t, turn.Failure)
	require.Equal(t, "ItemAdded", turn.Decision.Events[0].Type)
	require.NotNil(t, m.Schemas.Messages())
}

// A Gadget and its later version: the same record.
type Gadget struct {
	Size int32 `avro:"size"`
	Old  bool  `avro:"old"`
}

func newGadget() (typed.Part, typed.Part) {
	type Resize struct {
		Size int32 `avro:"size"`
	}
	type Resized struct {
		Size int32 `avro:"size"`
	}
	before := typed.NewEntity("gadget",
		typed.On(func(_ Gadget, c Resize, _ typed.Context) typed.Effects { return typed.Emit(Resized(c)) }),
		typed.Apply(func(g *Gadget, e Resized) { g.Size = e.Size }),
	)
	type Gadget struct {
		Size  int64  `avro:"size"`
		Color string `avro:"color,default=grey"`
	}
	after := typed.NewEntity("gadget",
		typed.On(func(_ Gadget, c Resize, _ typed.Context) typed.Effects { return typed.Emit(Resized(c)) }),
		typed.Apply(func(g *Gadget, e Resized) { g.Size = int64(e.Size) }),
	)
	return before, after
}

func TestAStateOfAnOlderStructIsRead(t *testing.T) {
	before, after := newGadget()
	old := bind(t, typed.Config{}, before)
	turn := decide(t, old.Entities[0].Behavior, "Resize", []byte(`{"size":3}`))
	require.Nil(t, turn.Failure)

	history := schemas.NewHistory()
	history.Add(old.Entities[0].State.Fingerprint, old.Entities[0].State.SchemaJSON)
	b := bind(t, typed.Config{Options: schemas.Options{History: history}}, after).Entities[0].Behavior
	state, err := b.DecodeState(turn.Decision.StateFingerprint, turn.Decision.StateData)
	require.NoError(t, err)
	shown, err := b.StateJSON(state)
	require.NoError(t, err)
	require.JSONEq(t, `{"size":3,"color":"grey"}`, string(shown))

	_, err = bind(t, typed.Config{}, after).Entities[0].Behavior.DecodeState(turn.Decision.StateFingerprint, turn.Decision.StateData)
	require.ErrorContains(t, err, "state of entity gadget")
}

func registry(t *testing.T) *schemas.Registry {
	t.Helper()
	var registered []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
		if r.Method == http.MethodPost {
			var body struct{ Schema string }
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			registered = append(registered, body.Schema)
		}
		id := len(registered)
		answer := map[string]any{"id": id, "version": 1, "subject": "s", "schemaType": "AVRO", "schema": ""}
		if at := strings.TrimPrefix(r.URL.Path, "/schemas/ids/"); at != r.URL.Path {
			for i, schema := range registered {
				if at == string(rune('1'+i)) {
					answer["schema"], answer["id"] = schema, i+1
				}
			}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	r, err := schemas.NewRegistry(server.URL)
	require.NoError(t, err)
	return r
}

func TestPayloadsAreWrittenAsTheContextSays(t *testing.T) {
	for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.ConfluentEncoding, schemas.JSONEncoding} {
		t.Run(string(encoding), func(t *testing.T) {
			m := bind(t, typed.Config{Options: schemas.Options{Encoding: encoding, Registry: registry(t)}}, cart(), totals(cart()))
			require.NoError(t, m.Codec.Register(t.Context()))
			b, p := m.Entities[0].Behavior, m.Projections[0].Behavior
			var row []byte
			for range 3 {
				turn := decide(t, b, "AddItem", []byte(`{"line":{"sku":"apple","quantity":2}}`))
				require.Nil(t, turn.Failure)
				payload := turn.Decision.Events[0].Payload
				require.Equal(t, m.Codec.ContentType(), payload.ContentType)
				event := &behaviors.Event{Entity: "cart", EntityID: "c1", Type: "ItemAdded", Payload: payload}
				key, failure := p.Key(t.Context(), event)
				require.Nil(t, failure)
				require.Equal(t, "apple", key)
				row, failure = p.Apply(t.Context(), row, event)
				require.Nil(t, failure)
			}
			shown, err := p.RowJSON(row)
			require.NoError(t, err)
			require.JSONEq(t, `{"quantity":6}`, string(shown))
			require.Equal(t, m.Codec.ContentType(), p.RowContentType())
		})
	}
}

func TestTimesAndOptionalFieldsComeBack(t *testing.T) {
	type Stay struct {
		Since  time.Time  `avro:"since"`
		Until  *time.Time `avro:"until"`
		Nights *int32     `avro:"nights"`
	}
	type Arrive struct {
		Since time.Time `avro:"since"`
	}
	type Arrived struct {
		Since time.Time `avro:"since"`
	}
	m := bind(t, typed.Config{}, typed.NewEntity("stay",
		typed.On(func(_ Stay, c Arrive, _ typed.Context) typed.Effects { return typed.Emit(Arrived(c)) }),
		typed.Apply(func(s *Stay, e Arrived) { s.Since = e.Since }),
	))
	b := m.Entities[0].Behavior
	turn := decide(t, b, "Arrive", []byte(`{"since":"2026-03-01T12:00:00Z"}`))
	require.Nil(t, turn.Failure)
	state, err := b.DecodeState(turn.Decision.StateFingerprint, turn.Decision.StateData)
	require.NoError(t, err)
	require.Equal(t, &Stay{Since: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, state)
}
