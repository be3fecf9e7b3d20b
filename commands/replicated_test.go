package commands

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/replicated"
)

func newCountingDesk(t *testing.T) *desk {
	t.Helper()
	counter, err := crdt.ParseType("counter")
	require.NoError(t, err)
	return newDesk(t, func(d *Definition) {
		d.Replicated = replicated.New(map[string]crdt.Type{"visitors": counter}, shopTopics.Replicated().Name)
	})
}

// visitors is what the last contribution counts.
func (d *desk) visitors() int64 {
	d.t.Helper()
	published := d.window.of(partitions.OutputReplicated)
	require.NotEmpty(d.t, published)
	own, err := crdt.Parse(published[len(published)-1].Value)
	require.NoError(d.t, err)
	view, err := crdt.Fold(own.Type(), own)
	require.NoError(d.t, err)
	return view.Count().Int64()
}

func TestAnAbortedWindowLeavesNothingInReplicatedValues(t *testing.T) {
	d := newCountingDesk(t)
	d.do(command("c1", "+1 visit"))
	d.window.commit()
	d.do(command("c1", "+1 visit"), command("c1", "+1 visit"))
	require.EqualValues(t, 3, d.visitors())
	d.window.abort(0)
	d.processor.Dropped()
	d.do(command("c1", "+1 visit"), command("c1", "+1 visit"))
	require.EqualValues(t, 3, d.visitors())
}

func TestOnlyAcceptedCommandsChangeReplicatedValues(t *testing.T) {
	d := newCountingDesk(t)
	d.do(command("c1", "visit reject=no"), command("c1", "visit fail=behavior"), command("c1", "+1 visit pad=5000"))
	require.Empty(t, d.window.of(partitions.OutputReplicated))
	d.do(command("c1", "visit"))
	require.EqualValues(t, 1, d.visitors())
}
