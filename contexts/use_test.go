package contexts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/contexts"
)

func TestFieldWordsBecomeTheJSONOfTheCommand(t *testing.T) {
	cart := load(t, "../examples/shop").Entity("cart")
	add, err := cart.FindCommand("AddItem")
	require.NoError(t, err)
	for _, test := range []struct{ words, want, err string }{
		{words: "sku=apple quantity=2 price_cents=30 customer_id=alice", want: `{"customer_id":"alice","price_cents":30,"quantity":2,"sku":"apple"}`},
		{words: "sku=12 quantity=2 price_cents=30 customer_id=", want: `{"customer_id":"","price_cents":30,"quantity":2,"sku":"12"}`},
		{words: "sku=a=b quantity=9007199254740993 price_cents=1 customer_id=x", want: `{"customer_id":"x","price_cents":1,"quantity":9007199254740993,"sku":"a=b"}`},
		{words: "skuu=apple", err: "AddItem has no field skuu (did you mean sku?)"},
		{words: "sku=apple quantity=two", err: `quantity: expected a whole number, got "two"`},
		{words: "sku=apple quantity=2.5", err: `quantity: expected a whole number, got "2.5"`},
		{words: "sku=apple sku=pear", err: "sku: the field is given twice"},
		{words: "apple", err: "apple: expected field=value, as in sku=…"},
		{words: "sku=apple quantity=2 price_cents=30", err: "AddItem needs customer_id: add customer_id=…"},
	} {
		got, err := contexts.PayloadJSON(add, strings.Fields(test.words))
		if test.err != "" {
			require.EqualError(t, err, test.err, test.words)
			continue
		}
		require.NoError(t, err, test.words)
		require.JSONEq(t, test.want, string(got))
	}
}

func TestDatesAndNullsAreTypedAsTheyAreRead(t *testing.T) {
	record, err := load(t, "../examples/fleet").Entity("aircraft").FindCommand("RecordFlight")
	require.NoError(t, err)
	got, err := contexts.PayloadJSON(record, strings.Fields("date=2013-01-01 carrier=UA number=1 origin=EWR dest=IAH air_minutes=null dep_time=517"))
	require.NoError(t, err)
	require.JSONEq(t, `{"date":"2013-01-01","carrier":"UA","number":1,"origin":"EWR","dest":"IAH","air_minutes":null,"dep_time":517}`, string(got))
}

func TestNamesMeanEventsOfEntitiesAndRowsOfProjections(t *testing.T) {
	c := load(t, "../examples/shop")
	topic, err := c.Find("cart")
	require.NoError(t, err)
	require.Equal(t, contexts.Topic{Component: "cart", Name: "shop.cart.events"}, topic)
	topic, err = c.Find("customer-totals")
	require.NoError(t, err)
	require.Equal(t, contexts.Topic{Component: "customer-totals", Name: "shop.customer-totals", Rows: true}, topic)
	_, err = c.Find("customer-total")
	require.EqualError(t, err, "there is no entity, projection or publication named customer-total (did you mean customer-totals?)")
	_, err = c.FindEntity("basket")
	require.EqualError(t, err, "there is no entity named basket (there are cart, customer, stock)")
	_, err = c.Entity("cart").FindCommand("Checkout")
	require.EqualError(t, err, "there is no command of cart named Checkout (did you mean CheckOut?)")
}

func TestStoredValuesMustStayReadable(t *testing.T) {
	c := load(t, "../examples/shop")
	state := c.Entity("cart").State
	stored := []contexts.StoredSchema{
		{Name: "shop.Cart", Fingerprint: state.Fingerprint, JSON: state.SchemaJSON},
		{Name: "shop.Gone", Fingerprint: 1, JSON: `{"type":"record","name":"Gone","namespace":"shop","fields":[]}`},
		{Name: "shop.CheckedOut", Fingerprint: 2, JSON: `{"type":"record","name":"CheckedOut","namespace":"shop","fields":[]}`},
		{Name: "shop.Cart", Fingerprint: 3, JSON: `{"type":"record","name":"Cart","namespace":"shop","fields":[
			{"name":"total_cents","type":"int"}]}`},
		{Name: "shop.ItemAdded", Fingerprint: 4, JSON: strings.Replace(c.Entity("cart").Event("ItemAdded").SchemaJSON, `"long"`, `"string"`, 1)},
	}
	golden(t, "testdata/history.golden", contexts.CheckHistory(c, stored).Error()+"\n")
}

func TestFailedTestsSayWhatDiffers(t *testing.T) {
	dir := shop(t)
	for _, name := range []string{"cart.yaml", "customer.yaml", "invoices.yaml", "stock.yaml", "projections.yaml"} {
		require.NoError(t, os.Remove(filepath.Join(dir, "tests", name)))
	}
	require.NoError(t, os.CopyFS(filepath.Join(dir, "tests"), os.DirFS("testdata/failing")))
	c := load(t, dir)
	results, problems := contexts.RunTests(t.Context(), c, "")
	require.NoError(t, problems.Err())
	var b strings.Builder
	for _, r := range results {
		b.WriteString(strings.Replace(r.String(), dir, "shop", 1) + "\n")
	}
	golden(t, "testdata/failing.golden", b.String()+contexts.Summary(results)+"\n")
}

func TestFilterChoosesTests(t *testing.T) {
	c := load(t, "../examples/shop")
	results, problems := contexts.RunTests(t.Context(), c, "sku adds up")
	require.NoError(t, problems.Err())
	require.Len(t, results, 1)
	require.Equal(t, "ok  1 test", contexts.Summary(results))
}

func TestMistakesInTestsAreProblems(t *testing.T) {
	dir := shop(t)
	file := filepath.Join(dir, "tests", "cart.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`- name: a
  entity: card/c1
  when: {CheckOut: {}}
  then: {events: []}
- name: b
  entity: cart/c1
  given: [{ItemRemovd: {}}]
  when: {AddItem: {sku: apple}, nou: 3, now: soon}
  then: {state: {linez: {}}, rejcted: x}
- name: b
  projection: totals
  then: {rows: {}}
- name: c
  projection: customer-totals
  given: [{stock/s: {RanLow: {available: 1}}}, {cart: {}}]
  then: {rows: {alice: {ordrs: 1}}}
- name: d
- name: e
  entity: cart/c1
  when: {AddItem: {sku: apple, qty: 2, price_cents: 3, name: x}}
  then: {}
`), 0o644))
	_, problems := contexts.Load(dir, contexts.Options{Tests: true})
	golden(t, "testdata/tests.golden", strings.ReplaceAll(problems.Error(), dir, "shop")+"\n")
	_, problems = contexts.Load(dir, contexts.Options{})
	require.Empty(t, problems, "whoever only runs the folder needs no tests")
}
