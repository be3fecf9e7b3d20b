package contexts_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

const itemAddedV1 = `{"type":"record","name":"ItemAdded","fields":[{"name":"what","type":"string"},{"name":"euros","type":"double"}]}`

// upcastFolder is one whose event had another shape before.
var upcastFolder = map[string]string{
	"context.yaml": `
context: shop
entities:
  cart: {behavior: cart.star, state: Cart, commands: [Add], events: [ItemAdded]}
projections:
  items: {from: [cart], behavior: items.star, key: sku, row: Cart}
publications:
  added: {messages: [ItemAdded]}
subscriptions:
  feed: {topic: feed, behavior: feed.star, messages: [ItemAdded]}
`,
	"schemas/all.avsc": `[
 {"type":"record","name":"Cart","fields":[{"name":"cents","type":"long","default":0}]},
 {"type":"record","name":"Add","fields":[{"name":"sku","type":"string"}]},
 {"type":"record","name":"ItemAdded","fields":[{"name":"sku","type":"string"},{"name":"cents","type":"long"}]}
]`,
	"cart.star": `
def decide_add(cart, cmd, ctx):
    return emit("ItemAdded", sku = cmd.sku, cents = 1)

def evolve_item_added(cart, event):
    cart.cents += event.cents
`,
	"items.star":                 "def on_item_added(row, event, ctx):\n    row.cents += event.cents\n",
	"feed.star":                  "def on_item_added(message, ctx):\n    return publish('added', message.sku, 'ItemAdded', sku = message.sku, cents = message.cents)\n",
	"upcasts/item_added_v1.avsc": itemAddedV1,
	"upcasts/upcasts.star": `
def upcast_item_added_v1(event):
    if event.euros < 0:
        fail("nothing costs less than nothing")
    return ItemAdded(sku = event.what.lower(), cents = int(event.euros * 100))
`,
}

func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	}
	return dir
}

// olderEvent is an event as it was written before.
func olderEvent(t *testing.T, c *contexts.Context, what string, euros float64) *behaviors.Event {
	t.Helper()
	set, err := schemas.Parse(itemAddedV1)
	require.NoError(t, err)
	data, err := c.Codec.Encode(nil, set.Messages()[0], []any{what, euros})
	require.NoError(t, err)
	return &behaviors.Event{EntityID: "c1", Type: "ItemAdded", Payload: entities.Payload{Data: data, ContentType: c.Codec.ContentType()}}
}

func TestWhatWasWrittenBeforeIsBroughtToTodaysShape(t *testing.T) {
	c := load(t, folderOf(t, upcastFolder))
	event := olderEvent(t, c, "APPLE", 1.2)
	cart := c.Entity("cart").Behavior
	state, failure := cart.Evolve(t.Context(), cart.InitialState(), event)
	require.Nil(t, failure)
	shown, err := cart.StateJSON(state)
	require.NoError(t, err)
	require.JSONEq(t, `{"cents":120}`, string(shown))

	items := c.Projection("items").Behavior
	key, failure := items.Key(t.Context(), event)
	require.Nil(t, failure)
	require.Equal(t, "apple", key)
	row, failure := items.Apply(t.Context(), nil, event)
	require.Nil(t, failure)
	shown, err = items.RowJSON(row)
	require.NoError(t, err)
	require.JSONEq(t, `{"cents":120}`, string(shown))

	event.Type = "" // As of a sender that names nothing: the schema does.
	sent, failure := c.Subscription("feed").Behavior.Handle(t.Context(), event)
	require.Nil(t, failure)
	require.Equal(t, "apple", sent.Publications[0].Key)
}

// What a file that upcasts load does with ctx is checked with the scripts that have one.
func TestUpcastsShareAFileThatReadsReplicatedValuesAndTables(t *testing.T) {
	files := maps.Clone(upcastFolder)
	files["context.yaml"] += "replicated:\n  visitors: {type: counter}\ntables:\n  prices: {topic: prices, row: Cart}\n"
	files["lib.star"] = "def lower(text):\n    return text.lower()\n\ndef known(ctx):\n    return ctx.replicated.visitors.value + len(ctx.tables.prices)\n"
	files["upcasts/upcasts.star"] = "load('lib.star', 'lower')\n" + strings.ReplaceAll(files["upcasts/upcasts.star"], "event.what.lower()", "lower(event.what)")
	c := load(t, folderOf(t, files))
	key, failure := c.Projection("items").Behavior.Key(t.Context(), olderEvent(t, c, "APPLE", 1.2))
	require.Nil(t, failure)
	require.Equal(t, "apple", key)
}

func TestAnUpcastThatFailsFailsItsEvent(t *testing.T) {
	files := maps.Clone(upcastFolder)
	c := load(t, folderOf(t, files))
	cart := c.Entity("cart").Behavior
	_, failure := cart.Evolve(t.Context(), cart.InitialState(), olderEvent(t, c, "apple", -1))
	require.NotNil(t, failure)
	require.Equal(t, entities.BehaviorError, failure.Code)
	require.Contains(t, failure.Message, "upcasts/upcasts.star:4:13: in upcast_item_added_v1: fail: nothing costs less than nothing")

	files["upcasts/upcasts.star"] = "def upcast_item_added_v1(event):\n    return event\n"
	c = load(t, folderOf(t, files))
	cart = c.Entity("cart").Behavior
	_, failure = cart.Evolve(t.Context(), cart.InitialState(), olderEvent(t, c, "apple", 1))
	require.NotNil(t, failure)
	require.Contains(t, failure.Message, "returned ItemAdded: want a ItemAdded as it is today, ItemAdded(…)")
}

// Without the upcast the same would be refused at the start.
func TestAnOlderSchemaWithAnUpcastNeedNotBeReadable(t *testing.T) {
	set, err := schemas.Parse(itemAddedV1)
	require.NoError(t, err)
	was := set.Messages()[0]
	stored := []contexts.StoredSchema{{Name: was.FullName, Fingerprint: was.Fingerprint, JSON: was.SchemaJSON}}
	require.Empty(t, contexts.CheckHistory(load(t, folderOf(t, upcastFolder)), stored))
	files := maps.Clone(upcastFolder)
	delete(files, "upcasts/item_added_v1.avsc")
	delete(files, "upcasts/upcasts.star")
	require.ErrorContains(t, contexts.CheckHistory(load(t, folderOf(t, files)), stored).Err(), "record ItemAdded: what is stored under its schema")
}

// storedOf is what the topic of schemas has of the records of a schema.
func storedOf(t *testing.T, text string) []contexts.StoredSchema {
	t.Helper()
	set, err := schemas.Parse(text)
	require.NoError(t, err)
	var stored []contexts.StoredSchema
	for _, m := range set.Messages() {
		stored = append(stored, contexts.StoredSchema{Name: m.FullName, Fingerprint: m.Fingerprint, JSON: m.SchemaJSON})
	}
	return stored
}

const (
	movedV1 = `{"type":"record","name":"Moved","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
		{"name":"by","type":{"type":"record","name":"Clerk","fields":[{"name":"first","type":"string"}]}}]}`
	moved = `{"type":"record","name":"Moved","fields":[{"name":"day","type":"int"},
		{"name":"by","type":{"type":"record","name":"Clerk","fields":[{"name":"name","type":"string"}]}}]}`
)

// movedFolder is one with an event in which another record has changed too.
func movedFolder() map[string]string {
	files := maps.Clone(upcastFolder)
	files["schemas/all.avsc"] = strings.Replace(files["schemas/all.avsc"], "\n]", ",\n"+moved+"]", 1)
	files["context.yaml"] = strings.Replace(files["context.yaml"], "events: [ItemAdded]}", "events: [ItemAdded, Moved]}", 1)
	files["cart.star"] += "\ndef evolve_moved(cart, event):\n    pass\n"
	files["items.star"] += "\ndef on_moved(row, event, ctx):\n    pass\n"
	files["context.yaml"] = strings.Replace(files["context.yaml"], "key: sku, ", "", 1)
	files["items.star"] += "\ndef key_item_added(event, ctx):\n    return event.sku\ndef key_moved(event, ctx):\n    return event.by.name\n"
	files["upcasts/moved_v1.avsc"] = movedV1
	files["upcasts/upcasts.star"] += "\ndef upcast_moved_v1(event):\n    return Moved(day = 1, by = Clerk(name = event.by.first))\n"
	return files
}

func TestARecordWithinAnOlderOneNeedNotBeReadableEither(t *testing.T) {
	stored := storedOf(t, movedV1)
	require.Len(t, stored, 2)
	require.Empty(t, contexts.CheckHistory(load(t, folderOf(t, movedFolder())), stored))
	files := movedFolder()
	files["context.yaml"] = strings.Replace(files["context.yaml"], "messages: [ItemAdded]}\nsub", "messages: [ItemAdded, Clerk]}\nsub", 1)
	require.ErrorContains(t, contexts.CheckHistory(load(t, folderOf(t, files)), stored).Err(), "record Clerk: what is stored under its schema",
		"it stands by itself too, and for that there is no upcast")
}

// The fingerprint does not tell logical types: micros would be read as millis.
func TestWhatWasWrittenWithAnotherMeaningIsRefused(t *testing.T) {
	c := load(t, folderOf(t, movedFolder()))
	stored := storedOf(t, strings.Replace(movedV1, "timestamp-millis", "timestamp-micros", 1))
	require.ErrorContains(t, contexts.CheckHistory(c, stored).Err(), "at: was timestamp-micros, is timestamp-millis")
}

func TestWhatIsInJSONIsNotUpcast(t *testing.T) {
	files := movedFolder()
	files["context.yaml"] = strings.Replace(files["context.yaml"], "context: shop", "context: shop\nencoding: json", 1)
	require.ErrorContains(t, contexts.CheckHistory(load(t, folderOf(t, files)), storedOf(t, movedV1)).Err(), "record Moved: what is stored under its schema")
}

func TestStatesAreNotUpcast(t *testing.T) {
	files := maps.Clone(upcastFolder)
	files["upcasts/cart_v1.avsc"] = `{"type":"record","name":"Cart","fields":[{"name":"euros","type":"double"}]}`
	_, problems := contexts.Load(folderOf(t, files), contexts.Options{})
	require.ErrorContains(t, problems.Err(), "upcasts/cart_v1.avsc: Cart is a state: states are not upcast but computed anew; give the record of the new shape another name, and raise state_version")
}

func TestAnUpcastIsPartOfWhatATableComputesIfItReadsSuch(t *testing.T) {
	files := movedFolder()
	files["context.yaml"] = strings.Replace(files["context.yaml"], "publications:", "  moves: {from: [cart], behavior: moves.star, row: Cart}\npublications:", 1)
	files["moves.star"] = "def on_moved(row, event, ctx):\n    row.cents += 1\n"
	before := load(t, folderOf(t, files))
	delete(files, "upcasts/moved_v1.avsc")
	files["upcasts/upcasts.star"] = strings.Split(files["upcasts/upcasts.star"], "def upcast_moved_v1")[0]
	after := load(t, folderOf(t, files))
	require.NotEqual(t, before.Projection("items").Hash, after.Projection("items").Hash, "it reads ItemAdded, which is upcast by functions of the same file")
	require.NotEqual(t, before.Projection("moves").Hash, after.Projection("moves").Hash)
	delete(files, "upcasts/item_added_v1.avsc")
	delete(files, "upcasts/upcasts.star")
	require.Equal(t, after.Projection("moves").Hash, load(t, folderOf(t, files)).Projection("moves").Hash, "it reads nothing that is upcast")
}

func TestAnUpcastFromAnotherShapeIsNamed(t *testing.T) {
	stored := storedOf(t, strings.Replace(itemAddedV1, "euros", "pounds", 1))
	err := contexts.CheckHistory(load(t, folderOf(t, upcastFolder)), stored).Err()
	require.ErrorContains(t, err, `; what upcasts/ has of it describes another shape than {`)
	require.ErrorContains(t, err, "pounds")
}

func TestAnUpcastWithoutItsFileSaysWhatToWrite(t *testing.T) {
	files := maps.Clone(upcastFolder)
	delete(files, "upcasts/upcasts.star")
	_, problems := contexts.Load(folderOf(t, files), contexts.Options{})
	require.ErrorContains(t, problems.Err(), "upcasts/upcasts.star: there is no such file: write upcast_item_added_v1(event) into it")
}

func TestFunctionsOfUpcastsAreChecked(t *testing.T) {
	for script, want := range map[string]string{
		"def upcast_item_added_v2(event):\n    return event\n":      "upcasts/upcasts.star: upcasts: version 1 of ItemAdded needs a function upcast_item_added_v1(event)\nupcasts/upcasts.star:1:1: upcasts: function upcast_item_added_v2 is for no schema beside it: put the record as it was into item_added_v2.avsc",
		"def upcast_item_added_v1(event, ctx):\n    return event\n": "upcasts/upcasts.star:1:1: upcasts: upcast_item_added_v1 takes 2 parameters: want upcast_item_added_v1(event)",
	} {
		files := maps.Clone(upcastFolder)
		files["upcasts/upcasts.star"] = script
		dir := folderOf(t, files)
		_, problems := contexts.Load(dir, contexts.Options{})
		for line := range strings.SplitSeq(want, "\n") {
			require.ErrorContains(t, problems.Err(), dir+"/"+line)
		}
	}
}
