package service

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/partitions"
)

func newController() *controller {
	c := &controller{controls: partitions.NewControls(), live: new(liveVersions), noted: make(map[string]bool), logger: slog.New(slog.DiscardHandler)}
	c.begin()
	return c
}

func said(key, value string) *kgo.Record { return &kgo.Record{Key: []byte(key), Value: []byte(value)} }

func TestAProjectionWhoseControlRecordCannotBeReadWaitsAndOthersDoNot(t *testing.T) {
	c := newController()
	c.apply([]*kgo.Record{
		said(control.Key("newer"), `{"version":2}`), said(control.Key("rubbish"), "rubbish"), said("entity/cart", "{}"),
		said(control.Key("totals"), `{"version":1,"number":1,"by":"ann","at":"now"}`),
	})
	orders := c.wanted().Orders
	require.Len(t, orders, 3)
	require.True(t, orders["newer"].Paused)
	require.Contains(t, orders["newer"].Why, "it is of version 2")
	require.True(t, orders["rubbish"].Paused)
	require.Equal(t, partitions.Orders{Why: "by ann at now"}, orders["totals"])
}

func TestWhatIsWantedIsTheLastRecordOfAProjection(t *testing.T) {
	c := newController()
	c.apply([]*kgo.Record{
		said(control.Key("totals"), "rubbish"), said(control.Key("totals"), `{"version":1,"number":2,"paused":true}`),
		said(control.Key("gone"), `{"version":1,"number":1,"paused":true}`),
		{Key: []byte(control.Key("gone"))},
	})
	require.True(t, c.wanted().Orders["totals"].Paused)
	require.False(t, c.wanted().Orders["gone"].Paused)
	c.begin()
	require.Empty(t, c.wanted().Orders, "the topic was deleted and made again")
}
