package contexts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/contexts"
)

// golden compares with a file; PARTITA_REWRITE=1 writes it, for its difference to be read before it is committed.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("PARTITA_REWRITE") != "" {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestEveryMistakeOfAFolderIsReportedInOneRun(t *testing.T) {
	for _, folder := range []string{"mistakes", "keys", "shapes", "messages", "streams", "tables", "replicated", "upcasts"} {
		t.Run(folder, func(t *testing.T) {
			c, problems := contexts.Load(filepath.Join("testdata", folder), contexts.Options{Tests: true})
			require.Nil(t, c)
			golden(t, filepath.Join("testdata", folder+".golden"), problems.Error()+"\n")
		})
	}
}

func TestExamplesLoadAndPassTheirTests(t *testing.T) {
	for _, example := range []string{"shop", "billing", "fleet"} {
		t.Run(example, func(t *testing.T) {
			c, problems := contexts.Load("../examples/"+example, contexts.Options{Tests: true})
			require.NoError(t, problems.Err())
			results, problems := contexts.RunTests(t.Context(), c, "")
			require.NoError(t, problems.Err())
			require.NotEmpty(t, results)
			for _, r := range results {
				require.True(t, r.Passed(), "%s", r)
			}
		})
	}
}

// shop is a copy of the shop that a test may change.
func shop(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("../examples/shop")))
	return dir
}

func change(t *testing.T, file, from, to string) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(data), from)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(data), from, to, 1)), 0o644))
}

func load(t *testing.T, dir string) *contexts.Context {
	t.Helper()
	c, problems := contexts.Load(dir, contexts.Options{Tests: true})
	require.NoError(t, problems.Err())
	return c
}

// The tests of an entity or a projection name fields of a record that is not there, nor one of a similar name.
func TestRecordsThatAreMissingAreToldOnceAndTestsGoOn(t *testing.T) {
	dir := shop(t)
	change(t, filepath.Join(dir, "context.yaml"), "state: Customer\n", "state: Qqqqqqqq\n")
	change(t, filepath.Join(dir, "context.yaml"), "row: Reorder\n", "row: Zzzzzzzz\n")
	_, problems := contexts.Load(dir, contexts.Options{Tests: true})
	require.Len(t, problems, 2)
	require.Contains(t, problems[0].Message, "Qqqqqqqq")
	require.Contains(t, problems[1].Message, "Zzzzzzzz")
}

func TestTestsOfAnEntityThatIsNotToldRightAreNotComplainedAbout(t *testing.T) {
	for name, c := range map[string]struct{ from, to, says string }{
		"no YAML":            {"partitions: 12\n", "partitions: 12\n\t\n  x\n", "not YAML"},
		"no list of events":  {"    events: [ItemAdded, ItemRemoved, CheckedOut, Paid]\n", "", "entity cart: events is missing"},
		"an unknown command": {"commands: [AddItem, ", "commands: [Qqqqqqqq, ", "entity cart: command Qqqqqqqq"},
		"no mapping":         {"  cart:\n", "  cart: x\n  car:\n", "entity cart: expected a mapping"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := shop(t)
			change(t, filepath.Join(dir, "context.yaml"), c.from, c.to)
			_, problems := contexts.Load(dir, contexts.Options{Tests: true})
			require.ErrorContains(t, problems.Err(), c.says)
			require.NotContains(t, problems.Error(), "tests/cart.yaml")
		})
	}
}

func TestWhatIsNoYAMLIsNamedWithItsLine(t *testing.T) {
	for text, says := range map[string]string{
		"context: shop: x\n": "1: not YAML: mapping values are not allowed",
		"context: shop\nencoding: \"avro\nentities:\n  cart:\n":                                        "2: not YAML: found unexpected end of stream",
		"context: shop\nentities:\n  cart: @x\n":                                                       "3: not YAML: found character that cannot start any token",
		"context: shop\nentities:\n  cart:\n    commands: [A, B\n    state: C\n":                       "4: not YAML: did not find expected ',' or ']'",
		"context: shop\nentities:\n  cart:\n    behavior: x\n   state: C\n    commands: [A]\n":         "5: not YAML: did not find expected key",
		"context: shop\nentities:\n  cart:\n    behavior: x\n    remember: {for: 3h}}\n    state: C\n": "5: not YAML: did not find expected key",
	} {
		dir := shop(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "context.yaml"), []byte(text), 0o600))
		_, problems := contexts.Load(dir, contexts.Options{})
		require.ErrorContains(t, problems.Err(), "context.yaml:"+says)
	}
}

func TestAKeyThatSomeEventLacksIsNotSuggestedAgain(t *testing.T) {
	dir := shop(t)
	change(t, filepath.Join(dir, "context.yaml"), "    key: customer_id\n", "    key: sku\n")
	change(t, filepath.Join(dir, "customer_totals.star"), "def on_checked_out", "def on_item_added(row, event, ctx):\n    pass\n\ndef on_checked_out")
	_, problems := contexts.Load(dir, contexts.Options{})
	require.ErrorContains(t, problems.Err(), "key sku is no field of CheckedOut: leave key out and write key_ functions")
	change(t, filepath.Join(dir, "context.yaml"), "    key: sku\n", "    key: custmer\n")
	_, problems = contexts.Load(dir, contexts.Options{})
	require.ErrorContains(t, problems.Err(), "key custmer is no field of ItemAdded, CheckedOut (did you mean customer_id?)")
}

func TestHashFollowsWhatIsComputedAndNotTests(t *testing.T) {
	dir := shop(t)
	before := load(t, dir).Hash
	change(t, filepath.Join(dir, "tests", "cart.yaml"), "the same sku adds up", "one sku adds up")
	require.Equal(t, before, load(t, dir).Hash)
	change(t, filepath.Join(dir, "cart.star"), "the cart is already checked out", "too late")
	require.NotEqual(t, before, load(t, dir).Hash)
}

func TestModelHoldsWhatTheFolderSays(t *testing.T) {
	c := load(t, "../examples/shop")
	require.Equal(t, "shop", c.Name)
	require.EqualValues(t, 12, c.Partitions)
	require.Equal(t, []string{"cart", "customer", "stock"}, []string{c.Entities[0].Name, c.Entities[1].Name, c.Entities[2].Name})
	require.Equal(t, "shop.Cart", c.Entity("cart").State.FullName)
	require.Equal(t, 32, c.Entity("cart").Remember.Outcomes)
	require.Equal(t, "shop.cart.events", c.Projection("customer-totals").Sources[0].Topic)
	require.True(t, c.Projection("customer-totals").Keyed)
}

func TestTopicsAreThoseOfTheContract(t *testing.T) {
	var names []string
	for _, s := range load(t, "../examples/shop").Topics() {
		names = append(names, s.Name)
	}
	require.Subset(t, names, []string{
		"shop.cart.commands", "shop.cart.events", "shop.cart.changelog", "shop.customer-totals", "shop.customer-totals.repartition",
		"shop.progress", "shop.replies", "shop.dead-letters", "shop.schemas",
	})
}

func TestMissingFolderIsAProblem(t *testing.T) {
	_, problems := contexts.Load("testdata/nowhere", contexts.Options{Tests: true})
	require.Equal(t, "testdata/nowhere: cannot be read: no such file or directory\n1 problem", problems.Error())
}
