package typed_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

type Order struct {
	Placed bool `avro:"placed,default=false"`
}

type Place struct {
	How string `avro:"how"`
}

type Placed struct{}

// Reserve is what a shelf is asked, Charge what another context is.
type Reserve struct {
	Quantity int32 `avro:"quantity"`
}

type Charge struct {
	Cents int64  `avro:"cents"`
	Note  string `avro:"note"`
}

// Reserved tells what the shelf answered.
type Reserved struct {
	Lines  []line          `avro:"lines"`
	Status entities.Status `avro:"status"`
	Code   string          `avro:"code,default="`
	Reply  *int64          `avro:"reply,default=null"`
	By     *string         `avro:"by"`
}

// Answered has nothing beside the answer.
type Answered struct {
	Status string `avro:"status"`
}

// Unfit could not tell that a command was accepted.
type Unfit struct {
	Code  string `avro:"code"`
	Reply int64  `avro:"reply"`
}

type Shelf struct{}

// Noted is published.
type Noted struct {
	Text string `avro:"text"`
}

func (o Order) place(c Place, ctx typed.Context) typed.Effects {
	placed := typed.Emit(Placed{})
	reserve := func(to, id string) typed.Effects { return typed.Send(to, id, Reserve{Quantity: 2}) }
	switch c.How {
	case "all":
		return typed.Publish("notes", "k1", Noted{"first"}).And(placed).And(reserve("shelf", "s1")).
			And(typed.Ask("shelf", "s2", &Reserve{3}, Reserved{Lines: []line{{"apple", 2}}, Status: "not told", Code: "nor this"})).
			And(typed.Send("billing.invoice", ctx.EntityID, Charge{Cents: 5, Note: "née"})).And(typed.Publish("notes", "k2", &Noted{"second"}))
	case "no event":
		return reserve("shelf", "s1")
	case "answer alone":
		return typed.Ask("shelf", "s1", Reserve{}, &Answered{})
	case "reject":
		return reserve("shelf", "s1").And(typed.Reject("no", "no"))
	case "unknown entity":
		return placed.And(reserve("shlef", "s1"))
	case "unknown command":
		return typed.Send("shelf", "s1", Charge{})
	case "undeclared context":
		return reserve("billing.invoice", "i1")
	case "no entity of one":
		return reserve("billing.invoice.x", "i1")
	case "no id":
		return reserve("shelf", "")
	case "long id":
		return reserve("shelf", strings.Repeat("x", 1025))
	case "unknown publication":
		return typed.Publish("note", "k", Noted{})
	case "unknown message":
		return typed.Publish("notes", "k", Charge{})
	case "no UTF-8":
		return placed.And(typed.Publish("notes", "k", Noted{"\xff"}))
	case "no UTF-8 for others":
		return typed.Send("billing.invoice", "i1", Charge{Note: "\xff"})
	case "no UTF-8 told":
		return typed.Ask("shelf", "s1", Reserve{}, Reserved{Lines: []line{{Sku: "\xff"}}})
	case "told to nobody":
		return typed.Ask("shelf", "s1", Reserve{}, Noted{})
	case "told in vain":
		return typed.Ask("shelf", "s1", Reserve{}, Unfit{})
	case "nothing":
		return typed.Send[*Reserve]("shelf", "s1", nil)
	}
	return typed.Effects{}
}

func (o Order) reserved(c Reserved, _ typed.Context) typed.Effects { return typed.Reply(c) }

func order() *typed.Entity[Order] {
	return typed.NewEntity("order",
		typed.On(Order.place), typed.On(Order.reserved),
		typed.On(func(Order, Answered, typed.Context) typed.Effects { return typed.Effects{} }),
		typed.On(func(Order, Unfit, typed.Context) typed.Effects { return typed.Effects{} }),
		typed.Apply(func(o *Order, _ Placed) { o.Placed = true }),
	).SendsTo("billing.invoice", typed.Message[Charge]()).SendsTo("shelf", typed.Message[Reserve]())
}

func shelf() *typed.Entity[Shelf] {
	return typed.NewEntity("shelf", typed.On(func(Shelf, Reserve, typed.Context) typed.Effects { return typed.Effects{} }))
}

func notes() *typed.Publication { return typed.NewPublication("notes", typed.Message[Noted]()) }

// content shows a payload.
func content(t *testing.T, m *typed.Model, name string, payload entities.Payload) string {
	t.Helper()
	message, value, err := m.Codec.Decode(t.Context(), payload, name)
	require.NoError(t, err)
	data, err := schemas.AppendJSON(nil, message.Type, value)
	require.NoError(t, err)
	return name + string(data)
}

func place(how string) []byte { return []byte(`{"how":"` + how + `"}`) }

func TestWhatIsSentIsWrittenDownBesideTheEvents(t *testing.T) {
	for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.ConfluentEncoding, schemas.JSONEncoding} {
		t.Run(string(encoding), func(t *testing.T) {
			m := bind(t, typed.Config{Options: schemas.Options{Encoding: encoding, Registry: registry(t)}}, order(), notes(), shelf())
			require.NoError(t, m.Codec.Register(t.Context()))
			turn := decide(t, m.Entities[0].Behavior, "Place", place("all"))
			require.Nil(t, turn.Failure)
			require.Len(t, turn.Decision.Events, 1)
			sends, publications := turn.Decision.Messages.Sends, turn.Decision.Messages.Publications
			require.Len(t, sends, 3)
			require.Len(t, publications, 2)
			for i, want := range []struct{ context, entity, id, command, content string }{
				{"", "shelf", "s1", "Reserve", `Reserve{"quantity":2}`},
				{"", "shelf", "s2", "Reserve", `Reserve{"quantity":3}`},
				{"billing", "invoice", "c1", "Charge", `Charge{"cents":5,"note":"née"}`},
			} {
				require.Equal(t, []string{want.context, want.entity, want.id, want.command}, []string{sends[i].Context, sends[i].Entity, sends[i].ID, sends[i].Type})
				require.Equal(t, want.content, content(t, m, sends[i].Type, sends[i].Payload))
			}
			require.Equal(t, m.Codec.ContentType(), sends[0].Payload.ContentType)
			require.Equal(t, schemas.JSONContentType, sends[2].Payload.ContentType, "the other context has its own version of the schema")
			for i, want := range []struct{ key, content string }{{"k1", `Noted{"text":"first"}`}, {"k2", `Noted{"text":"second"}`}} {
				require.Equal(t, []string{"notes", want.key, "Noted"}, []string{publications[i].Name, publications[i].Key, publications[i].Type})
				require.Equal(t, want.content, content(t, m, "Noted", publications[i].Payload))
				require.Equal(t, m.Codec.ContentType(), publications[i].Payload.ContentType)
			}
		})
	}
}

func TestAnAnswerComesBackAsACommand(t *testing.T) {
	b := bind(t, typed.Config{}, order(), notes(), shelf()).Entities[0].Behavior
	sends := decide(t, b, "Place", place("all")).Decision.Messages.Sends
	require.Nil(t, sends[0].OnReply)
	asked := sends[1].OnReply
	require.Equal(t, "Reserved", asked.Type)
	require.Equal(t, []string{"status", "code", "reply"}, asked.Take)
	require.JSONEq(t, `{"lines":[{"sku":"apple","quantity":2}],"by":null}`, string(asked.Fields))

	// What package outbox adds of an answer makes the command whole.
	var fields map[string]any
	require.NoError(t, json.Unmarshal(asked.Fields, &fields))
	fields["status"], fields["reply"] = entities.Accepted, 7
	command, err := json.Marshal(fields)
	require.NoError(t, err)
	turn := decide(t, b, asked.Type, command)
	require.Nil(t, turn.Failure)
	require.JSONEq(t, `{"Lines":[{"Sku":"apple","Quantity":2}],"Status":"accepted","Code":"","Reply":7,"By":null}`, string(turn.Decision.Reply))
}

func TestAnAnswerMayComeBackWithNothingBesideIt(t *testing.T) {
	b := bind(t, typed.Config{}, order(), shelf()).Entities[0].Behavior
	turn := decide(t, b, "Place", place("answer alone"))
	require.Nil(t, turn.Failure)
	require.Equal(t, &entities.OnReply{Type: "Answered", Take: []string{"status"}}, turn.Decision.Messages.Sends[0].OnReply)
}

func TestSendingAloneChangesNothing(t *testing.T) {
	b := bind(t, typed.Config{}, order(), shelf()).Entities[0].Behavior
	turn := decide(t, b, "Place", place("no event"))
	require.Nil(t, turn.Failure)
	require.Empty(t, turn.Decision.Events)
	require.Nil(t, turn.Decision.StateData)
	require.True(t, turn.StateIsKept)
	require.Equal(t, 1, turn.Decision.Messages.Count())
}

func TestEffectsAreNotSharedByWhatIsMadeOfThem(t *testing.T) {
	shared := typed.Send("shelf", "s1", Reserve{1}).And(typed.Send("shelf", "s2", Reserve{2})).And(typed.Send("shelf", "s3", Reserve{3}))
	one, other := shared.And(typed.Send("shelf", "one", Reserve{4})), shared.And(typed.Send("shelf", "other", Reserve{5}))
	bound := bind(t, typed.Config{}, shelf()).Entities[0]
	for id, effects := range map[string]typed.Effects{"one": one, "other": other} {
		sent, err := bound.Sends(effects)
		require.NoError(t, err)
		require.Len(t, sent.Sends, 4)
		require.Equal(t, id, sent.Sends[3].ID)
	}
}

func TestWhatCannotBeSentFailsTheCommand(t *testing.T) {
	b := bind(t, typed.Config{}, order(), notes(), shelf()).Entities[0].Behavior
	for how, want := range map[string]string{
		"reject":              "entity order: deciding Place returned Reject beside other effects",
		"unknown entity":      "entity order sends Reserve to shlef: there is no entity shlef: did you mean one of order, shelf?",
		"unknown command":     "entity order sends Charge to shelf: entity shelf takes no such struct: did you mean one of Reserve?",
		"undeclared context":  `entity order sends Reserve to billing.invoice: it is not declared: a SendsTo("billing.invoice", typed.Message[Reserve]()) makes its schema known`,
		"no entity of one":    `entity order sends Reserve to billing.invoice.x: it is not declared`,
		"no id":               "entity order sends Reserve to shelf: the id or key is empty",
		"long id":             "entity order sends Reserve to shelf: the id or key has 1025 bytes, at most 1024 are one",
		"unknown publication": "entity order publishes Noted to note: there is no publication note: did you mean one of notes?",
		"unknown message":     "entity order publishes Charge to notes: publication notes takes no such struct: did you mean one of Noted?",
		"no UTF-8":            "entity order publishes Noted to notes: what cannot be read again is not written: record Noted: ",
		"no UTF-8 for others": "entity order sends Charge to billing.invoice: what cannot be read again is not written: record Charge: ",
		"no UTF-8 told":       "entity order sends Reserve to shelf: the answer: what cannot be read again is not written: record Reserved: ",
		"told to nobody":      "entity order sends Reserve to shelf: the answer would come as Noted, which no On of entity order takes: did you mean one of Answered, Place, Reserved, Unfit?",
		"told in vain":        "entity order sends Reserve to shelf: Unfit.code needs a default in its tag, as not every answer has one\nUnfit.reply needs a default",
		"nothing":             "entity order sends Reserve to shelf: record Reserve: ",
	} {
		t.Run(how, func(t *testing.T) {
			turn := decide(t, b, "Place", place(how))
			require.Equal(t, entities.Decision{}, turn.Decision)
			require.NotNil(t, turn.Failure)
			require.Equal(t, entities.BehaviorError, turn.Failure.Code)
			require.Contains(t, turn.Failure.Message, want)
		})
	}
}

func TestAContextWithoutPublicationsSaysSo(t *testing.T) {
	turn := decide(t, bind(t, typed.Config{}, order(), shelf()).Entities[0].Behavior, "Place", place("unknown publication"))
	require.ErrorContains(t, turn.Failure, "there is no publication note: Bind is given none")
}
