package typedtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/behaviors/typed/typedtest"
)

type Gate struct{}

type Enter struct {
	Who string `avro:"who"`
}

var (
	inside = typed.NewCounter("inside")
	last   = typed.NewMultiRegister[string]("last")
)

var gate = typed.NewEntity("gate", typed.On(func(_ Gate, c Enter, ctx typed.Context) typed.Effects {
	if inside.Value(ctx) >= 3 {
		return typed.Reject("full", "three are inside")
	}
	return inside.Increment(1).And(last.Assign(c.Who)).And(typed.Reply(last.Values(ctx)))
}))

func TestReplicatedValuesGoOnFromCommandToCommand(t *testing.T) {
	g := typedtest.Entity(t, gate, "g1", inside, last).GivenReplicated(inside.Increment(1), last.Assign("bob")).GivenReplicated(last.Assign("ann"))
	g.When(Enter{"eve"}).ThenReply([]string{"ann", "bob"}).ThenReplicated(inside.Increment(1), last.Assign("eve"))
	g.When(Enter{"joe"}).ThenReply([]string{"eve"}).ThenReplicated(inside.Increment(1), last.Assign("joe"))
	g.When(Enter{"sue"}).ThenRejected("full")
}

func TestReplicatedValuesThatComeOtherwiseAreShown(t *testing.T) {
	enter := func(r *recorder) *typedtest.EntityTest[Gate] {
		return typedtest.Entity(r, gate, "g1", inside, last).GivenReplicated(inside.Increment(1)).When(Enter{"eve"})
	}
	for name, c := range map[string]struct {
		run  func(*recorder)
		want string
	}{
		"nothing expected": {func(r *recorder) { enter(r).ThenReplicated() }, "+inside 2"},
		"another count":    {func(r *recorder) { enter(r).ThenReplicated(inside.Increment(2), last.Assign("eve")) }, "-inside 3"},
		"another value":    {func(r *recorder) { enter(r).ThenReplicated(inside.Increment(1), last.Assign("joe")) }, `+last ["eve"]`},
		"not declared":     {func(r *recorder) { enter(r).ThenReplicated(typed.NewFlag("open").Enable()) }, "replicated value open is no part of this context"},
		"rejected": {func(r *recorder) {
			typedtest.Entity(r, gate, "g1", inside, last).GivenReplicated(inside.Increment(3)).When(Enter{"eve"}).ThenReplicated()
		}, "full: three are inside"},
	} {
		t.Run(name, func(t *testing.T) { require.Contains(t, failure(t, c.run), c.want) })
	}
}
