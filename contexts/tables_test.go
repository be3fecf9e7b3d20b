package contexts_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/contexts"
)

// priced is a folder whose cart, projection and subscription read a table.
func priced(t *testing.T, tests string) *contexts.Context {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"context.yaml": `
context: shop
entities:
  cart: {behavior: cart.star, state: Cart, commands: [Add], events: [Added]}
projections:
  by-kind: {from: [cart], behavior: kinds.star, row: Cart}
publications:
  added: {messages: [Added]}
subscriptions:
  wishes: {topic: wishes, messages: [Add], behavior: wishes.star}
tables:
  unit-prices: {topic: shop-prices, row: Price}
  latest: {topic: shop.by-kind, row: Cart, start: latest, max_bytes: 1MiB}
`,
		"schemas/all.avsc": `[
 {"type":"record","name":"Cart","fields":[{"name":"cents","type":"long","default":0}]},
 {"type":"record","name":"Add","fields":[{"name":"sku","type":"string"}]},
 {"type":"record","name":"Added","fields":[{"name":"sku","type":"string"},{"name":"cents","type":"long"}]},
 {"type":"record","name":"Price","fields":[{"name":"cents","type":"long"},{"name":"kind","type":"string","default":"fruit"}]}
]`,
		"cart.star": `
def decide_add(cart, cmd, ctx):
    price = ctx.tables.unit_prices.get(cmd.sku)
    if not price:
        return reject("no-price", "there is no price of " + cmd.sku)
    return emit("Added", sku = cmd.sku, cents = price.cents)

def evolve_added(cart, event):
    cart.cents += event.cents
`,
		"kinds.star": `
def key_added(event, ctx):
    return ctx.tables.unit_prices[event.sku].kind

def on_added(row, event, ctx):
    row.cents += event.cents
`,
		"wishes.star": `
def on_add(message, ctx):
    return [publish("added", sku, "Added", sku = sku, cents = ctx.tables.unit_prices[sku].cents) for sku in ctx.tables.unit_prices]
`,
		"tests/all.yaml": tests,
	} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	}
	return load(t, dir)
}

func TestTestsGiveTheRowsOfTables(t *testing.T) {
	c := priced(t, `
- name: a price is that of the table
  entity: cart/c1
  tables: {unit-prices: {apple: {cents: 120}, pear: {cents: 80}}}
  given: [{Added: {sku: apple, cents: 100}}]
  when: {Add: {sku: pear}}
  then: {events: [{Added: {cents: 80}}], state: {cents: 180}}
- name: what has no price is rejected, and tests share no rows
  entity: cart/c1
  tables: {unit-prices: {apple: {cents: 120}}}
  when: {Add: {sku: pear}}
  then: {rejected: no-price}
- name: keys come from tables too
  projection: by-kind
  tables: {unit-prices: {apple: {cents: 120}, beet: {cents: 20, kind: vegetable}}}
  given: [{cart/c1: {Added: {sku: apple, cents: 120}}}, {cart/c1: {Added: {sku: beet, cents: 20}}}]
  then: {rows: {fruit: {cents: 120}, vegetable: {cents: 20}}}
- name: and subscriptions read them
  subscription: wishes
  tables: {unit-prices: {pear: {cents: 80}, apple: {cents: 120}}}
  when: {Add: {sku: any}}
  then: {publishes: [{added/apple: {Added: {sku: apple, cents: 120}}}, {added/pear: {Added: {sku: pear, cents: 80}}}]}
- name: a row that is not there fails where it is asked for
  projection: by-kind
  given: [{cart/c1: {Added: {sku: apple, cents: 120}}}]
  then: {failed: behavior}
`)
	results, problems := contexts.RunTests(t.Context(), c, "")
	require.NoError(t, problems.Err())
	require.Len(t, results, 5)
	for _, r := range results {
		require.True(t, r.Passed(), "%s", r)
	}
}

func TestTopicsOfTablesAreThoseOfOthersOrOfTheContextItself(t *testing.T) {
	c := priced(t, "[]")
	var external []string
	for _, spec := range c.Topics() {
		if spec.External {
			external = append(external, spec.Name)
		}
	}
	require.Equal(t, []string{"wishes", "shop-prices"}, external)
	require.Equal(t, []int64{64 << 20, 1 << 20}, []int64{c.Table("unit-prices").Content.MaxBytes(), c.Table("latest").Content.MaxBytes()})
}
