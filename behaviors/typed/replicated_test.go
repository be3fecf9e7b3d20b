package typed_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/behaviors/typed/typedtest"
	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
)

type (
	Room struct{}
	// Do is done by what a test gives for its name.
	Do struct {
		What string `avro:"what"`
	}
	Done struct{}
	// Color is a string of its own.
	Color string
)

var (
	likes  = typed.NewCounter("likes")
	visits = typed.NewGrowCounter("visits")
	open   = typed.NewFlag("open")
	poll   = typed.NewVote("poll")
	motd   = typed.NewRegister[string]("motd")
	limit  = typed.NewRegister[float64]("limit")
	moods  = typed.NewMultiRegister[bool]("moods")
	colors = typed.NewSet[Color]("colors")
	ever   = typed.NewGrowSet[int]("ever")
	stock  = typed.NewMap[typed.Counter]("stock")
	racks  = typed.NewMap[typed.Map[typed.Set[string]]]("racks")
	all    = []typed.Part{likes, visits, open, poll, motd, limit, moods, colors, ever, stock, racks}
)

// room decides a Do by a function.
func room(does func(ctx typed.Context) typed.Effects) *typed.Entity[Room] {
	return typed.NewEntity("room", typed.On(func(_ Room, _ Do, ctx typed.Context) typed.Effects { return does(ctx) }))
}

// shown is everything that is known.
func shown(ctx typed.Looker) []any {
	yes, of := poll.Tally(ctx)
	text, isSet := motd.Value(ctx)
	number, _ := limit.Value(ctx)
	return []any{
		likes.Value(ctx), likes.Big(ctx), visits.Value(ctx), visits.Big(ctx), open.Enabled(ctx), yes, of, text, isSet, number, moods.Values(ctx),
		colors.Values(ctx), colors.Has(ctx, "red"), ever.Values(ctx), ever.Has(ctx, 7), stock.Keys(ctx), stock.Has(ctx, "pear"), stock.At("pear").Value(ctx),
		racks.At("a").At("b").Values(ctx),
	}
}

var changesOfAllTypes = typed.Effects{}.
	And(likes.Increment(5)).And(likes.Decrement(7)).And(visits.Increment(3)).And(open.Enable()).And(poll.Cast("ann", true)).And(poll.Cast("bob", false)).
	And(motd.Assign("hi")).And(limit.Assign(1.5)).And(moods.Assign(true)).And(colors.Add("red")).And(colors.Add("blue")).And(colors.Remove("blue")).
	And(ever.Add(7)).And(stock.At("pear").Increment(4)).And(stock.At("plum").Increment(1)).And(stock.Delete("plum")).And(racks.At("a").At("b").Add("x"))

func TestReplicatedValuesOfAllTypesAreReadAndChanged(t *testing.T) {
	typedtest.Entity(t, room(func(ctx typed.Context) typed.Effects { return typed.Reply(shown(ctx)) }), "r1", all...).
		When(Do{}).ThenReply([]any{0, 0, 0, 0, false, 0, 0, "", false, 0, []any{}, []any{}, false, []any{}, false, nil, false, 0, []any{}}).ThenReplicated().
		GivenReplicated(changesOfAllTypes).
		When(Do{}).ThenReply([]any{-2, -2, 3, 3, true, 1, 2, "hi", true, 1.5, []any{true}, []any{"red"}, true, []any{7}, true, []any{"pear"}, true, 4, []any{"x"}})
	typedtest.Entity(t, room(func(typed.Context) typed.Effects { return changesOfAllTypes }), "r1", all...).
		When(Do{}).ThenReplicated(changesOfAllTypes)
	typedtest.Entity(t, room(func(typed.Context) typed.Effects { return open.Disable().And(colors.Clear()).And(racks.Clear()) }), "r1", all...).
		GivenReplicated(changesOfAllTypes).When(Do{}).ThenReplicated(open.Disable(), colors.Remove("red"), racks.Delete("a"))
}

func TestChangesThatCannotBeFailTheCommand(t *testing.T) {
	undeclared, other := typed.NewCounter("undeclared"), typed.NewSet[string]("likes")
	for name, c := range map[string]struct {
		does func(typed.Context) typed.Effects
		says string
	}{
		"undeclared":      {func(typed.Context) typed.Effects { return undeclared.Increment(1) }, "entity room: replicated value undeclared is no part of this context: give it to Parts"},
		"another type":    {func(typed.Context) typed.Effects { return other.Add("x") }, "replicated value likes is a counter in this context, not a set"},
		"negative":        {func(typed.Context) typed.Effects { return likes.Increment(-1) }, "replicated value likes: -1: a count is at least 0"},
		"no number":       {func(typed.Context) typed.Effects { return limit.Assign(math.NaN()) }, "replicated value limit: value NaN"},
		"no text":         {func(typed.Context) typed.Effects { return colors.Add("\xff") }, `replicated value colors: text "\xff" is not UTF-8`},
		"no key":          {func(typed.Context) typed.Effects { return stock.At("\xff").Increment(1) }, "replicated value stock: increment"},
		"rejection":       {func(typed.Context) typed.Effects { return likes.Increment(1).And(typed.Reject("no", "no")) }, "returned Reject beside other effects"},
		"read undeclared": {func(ctx typed.Context) typed.Effects { return typed.Reply(undeclared.Value(ctx)) }, "replicated value undeclared is no part of this context"},
		"read otherwise":  {func(ctx typed.Context) typed.Effects { return typed.Reply(other.Values(ctx)) }, "replicated value likes is a counter in this context, not a set"},
		"no int64": {
			func(ctx typed.Context) typed.Effects { return typed.Reply(visits.Value(ctx)) },
			"replicated value visits is 18446744073709551614, which is more than 64 bits hold: read it by Big",
		},
	} {
		t.Run(name, func(t *testing.T) {
			typedtest.Entity(t, room(c.does), "r1", all...).GivenReplicated(visits.Increment(math.MaxInt64)).GivenReplicated(visits.Increment(math.MaxInt64)).
				When(Do{}).ThenFailed(c.says)
		})
	}
}

func TestAValueThatIsNoneOfItsTypeFailsTheCommand(t *testing.T) {
	numbers := typed.NewSet[int32]("colors")
	set, err := crdt.ParseType("set")
	require.NoError(t, err)
	for json, says := range map[string]string{`"red"`: `replicated value colors has "red", which is no int32`, `2147483648`: "has 2147483648, which is no int32", "null": "has null"} {
		m, err := typed.Bind(t.Context(), typed.Config{}, room(func(ctx typed.Context) typed.Effects { return typed.Reply(numbers.Values(ctx)) }), numbers)
		require.NoError(t, err)
		element, err := crdt.ParseScalar([]byte(json))
		require.NoError(t, err)
		none, err := crdt.Fold(set)
		require.NoError(t, err)
		contribution, err := crdt.New(set, 1).Apply(crdt.Add(element), none)
		require.NoError(t, err)
		view, err := none.With(contribution)
		require.NoError(t, err)
		turns := []behaviors.Turn{{
			State: m.Entities[0].Behavior.InitialState(), Replicated: func(string) crdt.View { return view },
			Command: &entities.Command{Type: "Do", Payload: entities.Payload{Data: []byte(`{"what":""}`)}},
		}}
		m.Entities[0].Behavior.Decide(t.Context(), turns)
		require.NotNil(t, turns[0].Failure)
		require.Contains(t, turns[0].Failure.Message, says)
	}
}

func TestAFunctionSeesAReplicatedValueAtOneMoment(t *testing.T) {
	counter, err := crdt.ParseType("counter")
	require.NoError(t, err)
	m, err := typed.Bind(t.Context(), typed.Config{}, typed.NewEntity("room", typed.On(func(Room, Do, typed.Context) typed.Effects { return typed.Effects{} }),
		typed.Apply(func(*Room, Done) {})), likes,
		typed.NewStream("looks", typed.From(room(nil)), typed.Writes[Do](), typed.Each(func(_ Done, ctx *typed.EventContext) []typed.Written {
			if first := likes.Value(ctx); first != likes.Value(ctx) {
				panic("two moments")
			}
			return nil
		})))
	require.NoError(t, err)
	own := crdt.New(counter, 1)
	m.Replicated.Connect(func(string) crdt.View {
		view, err := crdt.Fold(counter, own)
		require.NoError(t, err)
		own, err = own.Apply(crdt.Increment(1), view)
		require.NoError(t, err)
		return view
	})
	event := &behaviors.Event{Type: "Done", Payload: entities.Payload{Data: []byte(`{}`), ContentType: "application/json"}}
	_, failure := m.Streams[0].Behavior.Write(t.Context(), event)
	require.Nil(t, failure)
}

func TestStreamsAndSubscriptionsReadReplicatedValues(t *testing.T) {
	done := typed.NewEntity("room", typed.On(func(Room, Do, typed.Context) typed.Effects { return typed.Emit(Done{}) }), typed.Apply(func(*Room, Done) {}))
	written := typed.NewStream("written", typed.From(done), typed.Writes[Do](), typed.Each(func(_ Done, ctx *typed.EventContext) []typed.Written {
		text, _ := motd.Value(ctx)
		return []typed.Written{typed.Write(ctx.EntityID, Do{What: text})}
	}))
	typedtest.Stream(t, written, done, motd).GivenReplicated(motd.Assign("hello")).When("r1", Done{}).Then(typed.Write("r1", Do{What: "hello"}))

	hears := func(does func(typed.MessageContext) typed.Effects) *typed.Subscription {
		return typed.NewSubscription("hearing", "others", typed.OnMessage(func(_ Do, ctx typed.MessageContext) typed.Effects { return does(ctx) }))
	}
	sends := hears(func(ctx typed.MessageContext) typed.Effects {
		var all typed.Effects
		for _, color := range colors.Values(ctx) {
			all = all.And(typed.Send("room", string(color), Do{}))
		}
		return all
	})
	typedtest.Subscription(t, sends, done, colors).GivenReplicated(colors.Add("red")).GivenReplicated(colors.Add("blue")).
		When("k", Do{}).ThenSends(typed.Send("room", "blue", Do{}), typed.Send("room", "red", Do{}))
	changes := hears(func(typed.MessageContext) typed.Effects { return colors.Add("red") })
	typedtest.Subscription(t, changes, done, colors).When("k", Do{}).ThenFailed("a subscription emits, replies, rejects and changes nothing")
}
