package entities_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/entities"
)

func TestNoTwoCommandsHashAlike(t *testing.T) {
	require.NotEqual(t, entities.HashCommand("web", "1"), entities.HashCommand("we", "b1"))
	require.NotEqual(t, entities.HashCommand("", "web1"), entities.HashCommand("web1", ""))
}

// What is kept is what a list without bounds would find, if only the last ones are asked for.
func TestOutcomesAreTheLastOnesOfThatAge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := entities.Remember{
			Outcomes: rapid.IntRange(0, 4).Draw(t, "most"), For: time.Duration(rapid.IntRange(0, 20).Draw(t, "age")) * time.Millisecond,
		}
		var kept, all []entities.Outcome
		now := int64(1000)
		for i := range rapid.IntRange(0, 12).Draw(t, "commands") {
			now += rapid.Int64Range(0, 8).Draw(t, "ms")
			o := entities.Outcome{Command: entities.HashCommand("s", fmt.Sprint(i)), Sequence: int64(i), TimeMS: now}
			before := fmt.Sprint(kept)
			next := r.Keep(kept, o, now)
			require.Equal(t, before, fmt.Sprint(kept), "the slice given is not changed")
			kept, all = next, append(all, o)
			require.LessOrEqual(t, len(kept), r.Outcomes)
			for i, o := range all {
				found, ok := r.Recall(kept, o.Command, now)
				want := len(all)-i <= r.Outcomes && o.TimeMS >= now-r.For.Milliseconds()
				require.Equal(t, want, ok)
				if ok {
					require.Equal(t, o, found)
				}
			}
		}
	})
}

// The clocks of owners differ: what the last owner decided may lie in the future of this one.
func TestAnswerOfTheFutureIsRemembered(t *testing.T) {
	r, command := entities.DefaultRemember, entities.HashCommand("web", "1")
	_, ok := r.Recall(r.Keep(nil, entities.Outcome{Command: command, TimeMS: 5000}, 5000), command, 1000)
	require.True(t, ok)
}

func TestLongRepliesAndTextsAreNotRemembered(t *testing.T) {
	r := entities.DefaultRemember
	kept := r.Keep(nil, entities.Outcome{
		Reply: []byte(strings.Repeat("1", 257)), Code: strings.Repeat("c", 300), Message: strings.Repeat("é", 200) + "!",
	}, 0)
	require.Nil(t, kept[0].Reply)
	require.Equal(t, strings.Repeat("c", 256), kept[0].Code)
	require.Equal(t, strings.Repeat("é", 128), kept[0].Message)
	kept = r.Keep(nil, entities.Outcome{Reply: []byte(strings.Repeat("1", 256))}, 0)
	require.Len(t, kept[0].Reply, 256)
}
