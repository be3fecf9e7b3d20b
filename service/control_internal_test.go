package service

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/topics"
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

// shop is a context with a keyed table and a plain one.
func shop() *Context {
	t := topics.Context{Name: "shop", Partitions: 2}
	c := &Context{Topics: t, Specs: []topics.Spec{t.Control(), t.Rows("totals"), t.Repartition("totals"), t.Rows("plain"), t.Publication("orders")}}
	for _, name := range []string{"totals", "plain"} {
		c.Projections = append(c.Projections, Projection{Name: name, Keyed: name == "totals", Hash: "now", Component: func(version int) partitions.Component {
			return partitions.Component{Name: control.Component(name, version), Of: name, Side: partitions.ReadSide}
		}})
	}
	return c
}

func boardOf(t *testing.T, all ...*kgo.Record) *control.Board {
	t.Helper()
	b := new(control.Board)
	for _, r := range all {
		_, err := b.Take(string(r.Key), r.Value)
		require.NoError(t, err)
	}
	return b
}

func namesOf(specs []topics.Spec) (names []string) {
	for _, spec := range specs {
		names = append(names, spec.Name)
	}
	return names
}

// What was dropped is not made again.
func TestTopicsFollowTheVersionsThatAreWanted(t *testing.T) {
	c := shop()
	require.Equal(t, namesOf(c.Specs), namesOf(c.SpecsOf(boardOf(t))))
	building := boardOf(t, said(control.Key("totals"), `{"version":1,"number":1,"building":2,"last":2}`))
	require.Equal(t, []string{
		"shop.control", "shop.totals", "shop.totals.repartition", "shop.totals.v2", "shop.totals.v2.repartition", "shop.plain", "shop.orders",
	}, namesOf(c.SpecsOf(building)))
	gone := boardOf(t, said(control.Key("totals"), `{"version":1,"number":3,"live":2,"last":2}`))
	require.Equal(t, []string{"shop.control", "shop.totals.v2", "shop.totals.v2.repartition", "shop.plain", "shop.orders"}, namesOf(c.SpecsOf(gone)))
	unread := new(control.Board)
	_, err := unread.Take(control.Key("totals"), []byte("rubbish"))
	require.Error(t, err)
	require.Equal(t, []string{"shop.control", "shop.plain", "shop.orders"}, namesOf(c.SpecsOf(unread)))
}

func TestWhatRunsIsWhatTheRecordsSay(t *testing.T) {
	c := newController()
	c.projections = shop().Projections
	sides := func() map[string]partitions.Side {
		all := make(map[string]partitions.Side)
		for _, component := range c.wanted().Components {
			all[component.Name] = component.Side
		}
		return all
	}
	require.Equal(t, map[string]partitions.Side{"totals": partitions.ReadSide, "plain": partitions.ReadSide}, sides())
	c.apply([]*kgo.Record{said(control.Key("totals"), `{"version":1,"number":1,"building":2,"last":2}`)})
	require.Equal(t, map[string]partitions.Side{"totals": partitions.ReadSide, "totals.v2": partitions.BuildSide, "plain": partitions.ReadSide}, sides())
	require.Empty(t, c.wanted().Gone)
	c.apply([]*kgo.Record{said(control.Key("totals"), `{"version":1,"number":3,"live":2,"last":3}`)})
	require.Equal(t, map[string]partitions.Side{"totals.v2": partitions.ReadSide, "plain": partitions.ReadSide}, sides())
	require.Equal(t, []string{"totals", "totals.v3"}, c.wanted().Gone)
	c.apply([]*kgo.Record{said(control.Key("totals"), `{"version":2}`), said(control.Key("plain"), `{"version":2}`)})
	require.Equal(t, map[string]partitions.Side{"totals.v2": partitions.ReadSide}, sides(), "what versions there are of the other is not known")
	require.True(t, c.wanted().Orders["totals"].Paused)
}

func TestTheNameOfATableStandsForItsLiveVersion(t *testing.T) {
	c := newController()
	c.note = func(string, int, control.Behavior) {}
	c.projections = shop().Projections
	s := &service{Options: Options{Context: shop()}, live: c.live}
	_, err := s.componentOf("totals")
	require.ErrorContains(t, err, "which version of totals is live is not known")
	c.apply([]*kgo.Record{said(control.Key("totals"), `{"version":1,"number":2,"live":2,"old":1,"last":2}`)})
	c.becomeLevel()
	for name, want := range map[string]string{"totals": "totals.v2", "plain": "plain", "totals.v2": "totals.v2", "cart": "cart"} {
		component, err := s.componentOf(name)
		require.NoError(t, err)
		require.Equal(t, want, component)
	}
}

func TestABehaviourIsNotedOnceAndAChangeIsSaid(t *testing.T) {
	var said strings.Builder
	noted := make(map[string][]string)
	c := newController()
	c.logger = slog.New(slog.NewTextHandler(&said, nil))
	c.projections = shop().Projections
	c.note = func(projection string, version int, b control.Behavior) {
		noted[control.Component(projection, version)] = b.Hashes
	}
	c.apply([]*kgo.Record{
		{Key: []byte(control.BehaviorKey("totals", 1)), Value: []byte(`{"version":1,"hashes":["before"]}`)},
		{Key: []byte(control.Key("totals")), Value: []byte(`{"version":1,"number":1,"building":2,"last":2}`)},
	})
	c.becomeLevel()
	require.Equal(t, map[string][]string{"totals": {"before", "now"}, "totals.v2": {"now"}, "plain": {"now"}}, noted)
	require.Contains(t, said.String(), `projection=totals version=1 command="processor projections DIR rebuild totals"`)
	require.Equal(t, 1, strings.Count(said.String(), "more than one behaviour"))
	clear(noted)
	c.apply([]*kgo.Record{{Key: []byte(control.BehaviorKey("totals", 1)), Value: []byte(`{"version":1,"hashes":["before","now"]}`)}})
	require.Empty(t, noted)
	require.Equal(t, 1, strings.Count(said.String(), "more than one behaviour"))
}
