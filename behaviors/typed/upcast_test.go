package typed_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// Priced is an event as it is written today, PricedV1 as it was.
type Priced struct {
	SKU   string `avro:"sku"`
	Cents int64  `avro:"cents"`
	By    Clerk  `avro:"by"`
	Shelf RackV4 `avro:"shelf"`
}

type PricedV1 struct {
	What  string  `avro:"what"`
	Euros float64 `avro:"euros"`
	By    ClerkV1 `avro:"by"`
	Shelf RackV4  `avro:"shelf"`
	Other RackV4  `avro:"other"`
}

type Clerk struct {
	Name string `avro:"name"`
}

type ClerkV1 struct {
	First string `avro:"first"`
	Last  string `avro:"last"`
}

// RackV4 is called so in today's records too: it is no older Rack.
type RackV4 struct {
	Row int64 `avro:"row"`
}

// pricedV1 is what the topic of schemas has of it.
const pricedV1 = `{"type":"record","name":"shop.Priced","fields":[{"name":"what","type":"string"},{"name":"euros","type":"double"},
	{"name":"by","type":{"type":"record","name":"shop.Clerk","fields":[{"name":"first","type":"string"},{"name":"last","type":"string"}]}},
	{"name":"shelf","type":{"type":"record","name":"shop.RackV4","fields":[{"name":"row","type":"long"}]}},{"name":"other","type":"shop.RackV4"}]}`

func priced(old PricedV1) Priced {
	if old.Euros < 0 {
		panic("nothing costs less than nothing")
	}
	return Priced{SKU: strings.ToLower(old.What), Cents: int64(old.Euros * 100), By: Clerk{old.By.First + " " + old.By.Last}, Shelf: old.Shelf}
}

// Glance is a command of which nothing comes.
type Glance struct{}

type Price struct {
	Cents int64  `avro:"cents"`
	By    string `avro:"by"`
	Row   int64  `avro:"row"`
}

func (p *Price) priced(e Priced)                       { p.Cents, p.By, p.Row = e.Cents, e.By.Name, e.Shelf.Row }
func (p *Price) seen(e Priced, _ *typed.EventContext)  { p.priced(e) }
func skuOf(e Priced, _ *typed.EventContext) string     { return e.SKU }
func (Price) look(Glance, typed.Context) typed.Effects { return typed.Effects{} }
func goods() *typed.Entity[Price] {
	return typed.NewEntity("goods", typed.On(Price.look), typed.Apply((*Price).priced))
}

func prices(g *typed.Entity[Price]) *typed.Projection[Price] {
	return typed.NewProjection("prices", typed.From(g), typed.Fold((*Price).seen), typed.Key[Price](skuOf))
}

func olderPriced(t *testing.T, codec *schemas.Codec, values []any) *behaviors.Event {
	t.Helper()
	set, err := schemas.Parse(pricedV1)
	require.NoError(t, err)
	m, err := set.Lookup("shop.Priced")
	require.NoError(t, err)
	data, err := codec.Encode(nil, m, values)
	require.NoError(t, err)
	return &behaviors.Event{EntityID: "g1", Type: "Priced", Payload: entities.Payload{Data: data, ContentType: codec.ContentType()}}
}

func TestWhatWasWrittenAsAnOlderStructIsBroughtToTodaysShape(t *testing.T) {
	g := goods()
	m := bind(t, typed.Config{Namespace: "shop"}, typed.Upcast(priced), g, prices(g))
	event := olderPriced(t, m.Codec, []any{"APPLE", 1.25, []any{"Ann", "Lee"}, []any{int64(7)}, []any{int64(8)}})
	entity, table := m.Entities[0].Behavior, m.Projections[0].Behavior
	for _, typ := range []string{"Priced", ""} {
		event.Type = typ
		state, failure := entity.Evolve(t.Context(), entity.InitialState(), event)
		require.Nil(t, failure)
		shown, err := entity.StateJSON(state)
		require.NoError(t, err)
		require.JSONEq(t, `{"cents":125,"by":"Ann Lee","row":7}`, string(shown))
	}
	event.Type = "Priced"
	key, failure := table.Key(t.Context(), event)
	require.Nil(t, failure)
	require.Equal(t, "apple", key)
	row, failure := table.Apply(t.Context(), nil, event)
	require.Nil(t, failure)
	shown, err := table.RowJSON(row)
	require.NoError(t, err)
	require.JSONEq(t, `{"cents":125,"by":"Ann Lee","row":7}`, string(shown))
}

func TestRecordsAsTheyWereAreReadAsSuch(t *testing.T) {
	set, err := schemas.Parse(pricedV1)
	require.NoError(t, err)
	for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.JSONEncoding} {
		m := bind(t, typed.Config{Namespace: "shop", Options: schemas.Options{Encoding: encoding}}, typed.Upcast(priced), goods())
		for _, name := range []string{"shop.Priced", "shop.Clerk"} {
			was, err := set.Lookup(name)
			require.NoError(t, err)
			today, err := m.Schemas.Lookup(name)
			require.NoError(t, err)
			require.Equal(t, today, m.Reader(today, 17), "something else")
			if encoding == schemas.JSONEncoding {
				require.Equal(t, today, m.Reader(today, was.Fingerprint), "nothing says that it was written so")
				continue
			}
			require.Equal(t, was.SchemaJSON, m.Reader(today, was.Fingerprint).SchemaJSON)
		}
	}
}

type PriceV1 struct {
	Euros float64 `avro:"euros"`
}

// elsewhere has a struct of a name that is a record's.
func elsewhere() typed.Part {
	type Priced struct {
		SKU string `avro:"sku"`
	}
	return typed.Upcast(func(PricedV1) Priced { return Priced{} })
}

func TestAnUpcastThatPanicsFailsItsEvent(t *testing.T) {
	m := bind(t, typed.Config{Namespace: "shop"}, goods(), typed.Upcast(priced))
	event := olderPriced(t, m.Codec, []any{"APPLE", -1.0, []any{"Ann", "Lee"}, []any{int64(7)}, []any{int64(8)}})
	_, failure := m.Entities[0].Behavior.Evolve(t.Context(), &Price{}, event)
	require.NotNil(t, failure)
	require.Regexp(t, `typed/upcast_test.go:\d+: panic: nothing costs less than nothing`, failure.Message)
	event.Payload.Data = event.Payload.Data[:20]
	_, failure = m.Entities[0].Behavior.Evolve(t.Context(), &Price{}, event)
	require.NotNil(t, failure)
	require.Equal(t, entities.Malformed, failure.Code)
	event.Type = "Other"
	_, failure = m.Entities[0].Behavior.Evolve(t.Context(), &Price{}, event)
	require.NotNil(t, failure)
	require.Equal(t, entities.UnknownType, failure.Code)
}

type PricedV2 struct {
	SKU   string `avro:"sku"`
	Cents int64  `avro:"cents"`
	By    Clerk  `avro:"by"`
	Shelf RackV4 `avro:"shelf"`
}

type PricedV3 PricedV1

type LostV1 struct {
	What string `avro:"what"`
}

type Lost struct {
	SKU string `avro:"sku"`
}

func TestUpcastsThatCannotBeAreRefused(t *testing.T) {
	for want, parts := range map[string][]typed.Part{
		"typed_test.ClerkV1 is brought to typed_test.Priced: call the struct as it was PricedV1, or another number": {
			typed.Upcast(func(ClerkV1) Priced { return Priced{} }),
		},
		"typed_test.Priced is brought to typed_test.Priced": {typed.Upcast(func(p Priced) Priced { return p })},
		"typed_test.Lost is no record of this context":      {typed.Upcast(func(LostV1) Lost { return Lost{} })},
		"PricedV2 describes what typed_test.Priced is today: leave it out": {
			typed.Upcast(func(p PricedV2) Priced { return Priced(p) }),
		},
		"describe the same record: keep one":                                   {typed.Upcast(priced), typed.Upcast(func(p PricedV3) Priced { return priced(PricedV1(p)) })},
		"typed_test.Price is a state: states are not upcast but computed anew": {typed.Upcast(func(PriceV1) Price { return Price{} })},
		"is no record of this context: no part of it reads or writes one":      {elsewhere()},
		"another part has this name":                                           {typed.Upcast(priced), typed.Upcast(priced)},
	} {
		_, err := typed.Bind(t.Context(), typed.Config{Namespace: "shop"}, append(parts, goods())...)
		require.ErrorContains(t, err, want)
	}
}
