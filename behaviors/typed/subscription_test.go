package typed_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
)

// Heard is a message of others.
type Heard struct {
	How  string `avro:"how"`
	Note string `avro:"note,default="`
}

func hear(m Heard, ctx typed.MessageContext) typed.Effects {
	switch m.How {
	case "send":
		return typed.Send("shelf", ctx.Key, Reserve{Quantity: int32(ctx.Now().Second())}).And(typed.Publish("notes", ctx.ID, Noted{string(ctx.Header("who"))})).
			And(typed.Send("billing.invoice", "i1", Charge{Cents: 1}))
	case "emit":
		return typed.Emit(Placed{})
	case "reply":
		return typed.Send("shelf", "s1", Reserve{}).And(typed.Reply(1))
	case "reject":
		return typed.Reject("no", "no")
	case "delete":
		return typed.Delete()
	case "ask":
		return typed.Ask("shelf", "s1", Reserve{}, Answered{})
	case "unknown entity":
		return typed.Send("order", "o1", Reserve{})
	case "panic":
		panic("too loud")
	}
	return typed.Effects{}
}

func ears() *typed.Subscription {
	return typed.NewSubscription("ears", "street.noise", typed.OnMessage(hear)).SendsTo("billing.invoice", typed.Message[Charge]())
}

func heard(how string) *behaviors.Event {
	return &behaviors.Event{
		EntityID: "k", Type: "Heard", NowMS: 7000, CausationID: "street/9", Payload: entities.Payload{Data: []byte(`{"how":"` + how + `"}`)},
		Headers: []entities.Header{{Key: "who", Value: []byte("a dog")}},
	}
}

func TestAMessageBecomesCommandsAndPublications(t *testing.T) {
	m := bind(t, typed.Config{}, ears(), notes(), shelf())
	s := m.Subscriptions[0]
	require.Equal(t, []string{"ears", "street.noise", "Heard"}, []string{s.Name, s.Topic, s.Messages[0].Name})
	require.True(t, s.Behavior.Wants("Heard"))
	require.False(t, s.Behavior.Wants("Noted"))
	sent, failure := s.Behavior.Handle(t.Context(), heard("send"))
	require.Nil(t, failure)
	require.Len(t, sent.Sends, 2)
	require.Equal(t, []string{"shelf", "k"}, []string{sent.Sends[0].Entity, sent.Sends[0].ID})
	require.Equal(t, `Reserve{"quantity":7}`, content(t, m, "Reserve", sent.Sends[0].Payload))
	require.Equal(t, []string{"billing", "invoice"}, []string{sent.Sends[1].Context, sent.Sends[1].Entity})
	require.Len(t, sent.Publications, 1)
	require.Equal(t, "street/9", sent.Publications[0].Key)
	require.Equal(t, `Noted{"text":"a dog"}`, content(t, m, "Noted", sent.Publications[0].Payload))

	sent, failure = s.Behavior.Handle(t.Context(), heard("nothing"))
	require.Nil(t, failure)
	require.Zero(t, sent.Count())
}

func TestAMessageThatCannotBeHandledFails(t *testing.T) {
	b := bind(t, typed.Config{}, ears(), notes(), shelf()).Subscriptions[0].Behavior
	const only = "subscription ears: hearing Heard returned more than Send and Publish"
	for how, want := range map[string]string{
		"emit": only, "reply": only, "reject": only, "delete": only,
		"ask":            "subscription ears sends Reserve to shelf: it asks for an answer, and only entities wait for one: Send it",
		"unknown entity": "subscription ears sends Reserve to order: there is no entity order: did you mean one of shelf?",
		"panic":          "panic: too loud",
	} {
		sent, failure := b.Handle(t.Context(), heard(how))
		require.NotNil(t, failure, how)
		require.Equal(t, entities.BehaviorError, failure.Code)
		require.Contains(t, failure.Message, want)
		require.Zero(t, sent.Count())
	}
	_, failure := b.Handle(t.Context(), &behaviors.Event{Type: "Heard", Payload: entities.Payload{Data: []byte("rubbish")}})
	require.NotNil(t, failure)
	require.Equal(t, entities.Malformed, failure.Code)
}

func TestASubscriptionBeginsWhereItSays(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, want := range []typed.Start{{}, {Latest: true}, {At: at}} {
		require.Equal(t, want, bind(t, typed.Config{}, ears().Start(want)).Subscriptions[0].Start)
	}
	_, err := typed.Bind(t.Context(), typed.Config{}, ears().Start(typed.Start{Latest: true, At: at}))
	require.ErrorContains(t, err, "subscription ears begins with what comes and at 2026-03-01 12:00:00 +0000 UTC: it can only be one")
}

func TestAPublicationIsBoundWithItsMessages(t *testing.T) {
	p := bind(t, typed.Config{Namespace: "com.example"}, notes()).Publications[0]
	require.Equal(t, "notes", p.Name)
	require.Equal(t, "com.example.Noted", p.Messages[0].FullName)
}

func TestPartsThatSendMustFitTogether(t *testing.T) {
	_, err := typed.Bind(t.Context(), typed.Config{},
		shelf().SendsTo("shelf", typed.Message[Charge]()), notes(), cart().SendsTo("Cart", typed.Message[Close]()),
		typed.NewPublication("notes", typed.Message[Noted](), typed.Message[Noted]()), typed.NewPublication("Quiet"), typed.NewPublication("odd", typed.Message[int]()),
		ears().SendsTo("shlef", typed.Message[Reserve]()), typed.NewSubscription("cart", ""),
		typed.NewSubscription("twice", "x", typed.OnMessage(hear), typed.OnMessage(hear)).SendsTo("a.b.c", typed.Message[Reserve]()),
	)
	require.Error(t, err)
	for _, want := range []string{
		"entity shelf sends Charge to shelf, which does not take it: did you mean one of Reserve?",
		`entity cart sends to Cart, which is no entity: did you mean one of cart, shelf? (of another context it is "context.entity")`,
		"publication notes: another part has this name",
		"publication notes: Message is given twice for typed_test.Noted: keep one",
		`publication "Quiet": a name is`,
		"publication Quiet has no message: give NewPublication a typed.Message[…]()",
		"int is no struct with a name",
		"subscription ears sends to shlef, which is no entity",
		"subscription cart: another part has this name",
		"subscription cart hears no message: give NewSubscription an OnMessage(func(message, typed.MessageContext) typed.Effects)",
		"subscription cart names no topic",
		"subscription twice: OnMessage is given twice for typed_test.Heard: keep one",
		"subscription twice sends to a.b.c, which is no entity",
	} {
		require.ErrorContains(t, err, want)
	}
}
