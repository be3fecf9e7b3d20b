package starlark

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

const counting = "def on_item_added(row, event, ctx):\n    row.total += 1\n"

// keyOf is the row's key of an ItemAdded of sku "a" and quantity 2, that happened to cart c1 on 2026-11-25 at 14:30.
func (x example) keyOf(tb testing.TB, config ProjectionConfig, script, topic string) (string, *entities.Failure) {
	tb.Helper()
	records := x.records(tb, "Cart", "ItemAdded")
	config.Folder, config.File, config.Name = fstest.MapFS{"p.star": {Data: []byte(script + counting)}}, "p.star", "p"
	config.Row, config.Events, config.Codec, config.RowContentType = records[0], records[1:], NewCodec(x.codec, records...), x.codec.ContentType()
	p, problems := LoadProjection(config)
	require.Empty(tb, problems)
	return p.Key(tb.Context(), &behaviors.Event{
		Entity: "cart", EntityID: "c1", Type: "ItemAdded", Topic: topic, NowMS: 1795617000000, Payload: x.payload(tb, "ItemAdded", `{"sku":"a","quantity":2}`),
	})
}

func TestTheKeyOfARow(t *testing.T) {
	x := cartExample(t)
	own := map[string]string{"orders": "quantity"}
	function := "def key_item_added(event, ctx):\n    return event.sku\n"
	timed := "def key_item_added(event, ctx):\n    return by_time('hour', ctx.now - 3600 * 1000) + '/' + event.sku\n"
	for name, c := range map[string]struct {
		config        ProjectionConfig
		script, topic string
		want          string
	}{
		"the entity":                             {ProjectionConfig{}, "", "", "c1"},
		"a field":                                {ProjectionConfig{Key: "sku"}, "", "", "a"},
		"a function":                             {ProjectionConfig{}, function, "", "a"},
		"a field of this source":                 {ProjectionConfig{Key: "sku", SourceKeys: own}, "", "orders", "2"},
		"the field of the others":                {ProjectionConfig{Key: "sku", SourceKeys: own}, "", "carts", "a"},
		"the entity, where others have a field":  {ProjectionConfig{SourceKeys: own}, "", "carts", "c1"},
		"the day alone":                          {ProjectionConfig{ByTime: behaviors.Day}, "", "", "2026-11-25"},
		"the hour alone":                         {ProjectionConfig{ByTime: behaviors.Hour}, "", "", "2026-11-25T14"},
		"a field and the day":                    {ProjectionConfig{Key: "sku", ByTime: behaviors.Day}, "", "", "a@2026-11-25"},
		"a function and the hour":                {ProjectionConfig{ByTime: behaviors.Hour}, function, "", "a@2026-11-25T14"},
		"a field of this source and the day":     {ProjectionConfig{SourceKeys: own, ByTime: behaviors.Day}, "", "orders", "2@2026-11-25"},
		"the entity, as others have one, by day": {ProjectionConfig{SourceKeys: own, ByTime: behaviors.Day}, "", "carts", "c1@2026-11-25"},
		"an hour that a function chose":          {ProjectionConfig{}, timed, "", "2026-11-25T13/a"},
		"nothing, which is no key by day either": {ProjectionConfig{ByTime: behaviors.Day}, "def key_item_added(event, ctx):\n    return ''\n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			key, failure := x.keyOf(t, c.config, c.script, c.topic)
			require.Nil(t, failure)
			require.Equal(t, c.want, key)
		})
	}
}

func TestAKeyThatCannotBeToldIsAFailure(t *testing.T) {
	x := cartExample(t)
	for says, c := range map[string]struct {
		config ProjectionConfig
		script string
	}{
		"event ItemAdded of orders has no field buyer, which is the key": {ProjectionConfig{SourceKeys: map[string]string{"orders": "buyer"}}, ""},
		`there is no period "week": there are day and hour`:              {ProjectionConfig{}, "def key_item_added(event, ctx):\n    return by_time('week', ctx.now)\n"},
		"is no time in ms since 1970":                                    {ProjectionConfig{}, "def key_item_added(event, ctx):\n    return by_time('day', 1 << 60)\n"},
	} {
		_, failure := x.keyOf(t, c.config, c.script, "orders")
		require.NotNil(t, failure, says)
		require.Equal(t, entities.BehaviorError, failure.Code)
		require.Contains(t, failure.Message, says)
	}
}
