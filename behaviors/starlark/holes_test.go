package starlark

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/entities"
)

func TestReplyIsExactJSON(t *testing.T) {
	_, turn := decideBody(t, `return reply({"z": 1 << 62, "d": decimal("1.50"), "b": b"ab", "r": Film(title = "Ran"), "l": [None, True, 1.5]})`)
	require.Nil(t, turn.Failure)
	require.JSONEq(t, `{"b":"YWI=","d":"1.5","l":[null,true,1.5],"r":{"title":"Ran","minutes":0},"z":4611686018427387904}`, string(turn.Decision.Reply))
}

func TestMessagesAreShortWhateverTheValue(t *testing.T) {
	for _, body := range []string{
		`return {}["a" * 100000]`, `fail("a" * 100000)`, `return emit("a" * 100000)`, `return decimal("x" * 900)`, `return getattr(cart, "a" * 100000)`,
		`return reject("a" * 100000)`, `return emit("ItemAdded", **{"a" * 100000: 1})`,
	} {
		_, turn := decideBody(t, body)
		require.NotNil(t, turn.Failure, body)
		require.Less(t, len(turn.Failure.Message), 1200, body)
	}
}

func TestDeeplyNestedScriptsAreRefused(t *testing.T) {
	for _, script := range []string{
		"x = " + strings.Repeat("(", 100_000), "x = " + strings.Repeat("-", 200_000) + "1", "x = " + strings.Repeat("not ", 50_000) + "1",
		"x = " + strings.Repeat("lambda:", 30_000) + "1", "x = 1" + strings.Repeat("+1", 100_000), "x = y" + strings.Repeat("[0]", 60_000), strings.Repeat("#", 300_000),
	} {
		_, problems := load(t, script)
		require.Len(t, problems, 1)
		require.Regexp(t, "nested too deeply|a script has at most", problems[0].Message)
	}
}

func TestUnionsOfRecordsKeepTheirBranch(t *testing.T) {
	for body, want := range map[string]string{
		`cart.what = Film(title = "Ran", minutes = 162)`: `{"shop.Film":{"title":"Ran","minutes":162}}`,
		`cart.what = Book(title = "Emma")`:               `{"shop.Book":{"title":"Emma"}}`,
		`cart.what = {"title": "Ran", "minutes": 1}`:     `{"shop.Film":{"title":"Ran","minutes":1}}`,
		`cart.what = None`:                               `null`,
	} {
		e, turn := evolveBody(t, body)
		require.Nil(t, turn.Failure, body)
		state, err := e.DecodeState(turn.Decision.StateFingerprint, turn.Decision.StateData)
		require.NoError(t, err)
		text, err := e.StateJSON(state)
		require.NoError(t, err)
		require.Contains(t, string(text), `"what":`+want)
	}
	_, turn := evolveBody(t, `cart.what = {"title": "Emma"}`)
	require.Contains(t, turn.Failure.Message, "could be any of Book, Film")
}

func TestDecimals(t *testing.T) {
	for body, want := range map[string]string{
		`return reply(decimal("1.10") + 1)`:                                       `"2.1"`,
		`return reply([decimal("2") > 1, 2 == decimal("2.00"), 3 <= decimal(2)])`: `[true,true,false]`,
		`return reply(decimal("10") / 4)`:                                         `"2.5"`,
		`return reply(7 - decimal("0.01"))`:                                       `"6.99"`,
	} {
		_, turn := decideBody(t, body)
		require.Nil(t, turn.Failure, body)
		require.Equal(t, want, string(turn.Decision.Reply))
	}
	for body, want := range map[string]string{
		`decimal("10") / 3`: "does not end within 34 digits", `decimal("1") + 1.5`: "do not mix", `decimal("1") == 1.0`: "do not mix",
	} {
		_, turn := decideBody(t, body)
		require.NotNil(t, turn.Failure, body)
		require.Contains(t, turn.Failure.Message, want)
	}
}

func TestMistakesOfAllFilesAreTold(t *testing.T) {
	_, problems := loadFiles(t, fstest.MapFS{
		"cart.star": {Data: []byte("load('a.star', 'x')\nload('b.star', 'y')\nload('../out.star', 'z')\nnope()\n")},
		"a.star":    {Data: []byte("x = = 1\n")},
		"b.star":    {Data: []byte("load('cart.star', 'q')\ny = 1 // 0\n")},
	}, nil)
	var all []string
	for _, p := range problems {
		all = append(all, p.String())
	}
	told := strings.Join(all, "\n")
	for _, want := range []string{"a.star:1:5: ", "b.star:1:1: load(\"cart.star\"): the files load each other", "cart.star:3:1: load(\"../out.star\")", "cart.star:4:1: undefined: nope"} {
		require.Contains(t, told, want)
	}
}

func TestATopLevelErrorHasItsPlace(t *testing.T) {
	_, problems := load(t, "x = 1\ny = x // 0\n")
	require.Len(t, problems, 1)
	require.Equal(t, 2, problems[0].Line)
}

func TestPrintNamesTheFileThatPrints(t *testing.T) {
	var files []string
	e, problems := loadFiles(t, fstest.MapFS{
		"cart.star": {Data: []byte("load('lib.star', 'say')\ndef decide_add_item(cart, cmd, ctx):\n    say()\n    print('here')\n" + evolves)},
		"lib.star":  {Data: []byte("def say():\n    print('there')\n")},
	}, func(file, _ string) { files = append(files, file) })
	require.Empty(t, problems)
	turn := decideOn(t, e)
	require.Nil(t, turn.Failure)
	require.Equal(t, []string{"lib.star", "cart.star"}, files)
}

func TestFieldsAreCheckedWhenAssigned(t *testing.T) {
	for body, want := range map[string]string{
		`cart.tags = {"a": 1}`: "cart.star:4:9: in evolve_item_added: Cart.tags: want a list, got dict",
		`cart.tags = "ab"`:     "want a list, got string",
		`cart.lines["x"] = ""`: "in evolve_item_added: Cart.lines: [\"x\"]: want an int, got string",
		`return 1`:             "returned int",
	} {
		_, turn := evolveBody(t, body)
		require.NotNil(t, turn.Failure, body)
		require.Contains(t, turn.Failure.Message, want)
	}
}

func TestAContainerCanBeReadWhileItIsIterated(t *testing.T) {
	e, turn := evolveBody(t, "cart.tags = ['a', 'b']\n    for x in cart.tags:\n        cart.total += len(cart.tags)\n    cart.tags.append('c')")
	require.Nil(t, turn.Failure)
	text, err := e.StateJSON(turn.Decision.State)
	require.NoError(t, err)
	require.Contains(t, string(text), `"total":4,"tags":["a","b","c"]`)
}

func TestACyclicRecordIsRefused(t *testing.T) {
	_, turn := decideBody(t, "l = []\n    l.append(l)\n    return reply(l)")
	require.Contains(t, turn.Failure.Message, "nested too deeply")
	require.Equal(t, entities.BehaviorError, turn.Failure.Code)
}
