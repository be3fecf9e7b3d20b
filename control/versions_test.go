package control_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/control"
)

func rebuilding(t *testing.T, v control.Versions) control.Versions {
	t.Helper()
	v, err := v.Rebuilding()
	require.NoError(t, err)
	return v
}

func switched(t *testing.T, v control.Versions) control.Versions {
	t.Helper()
	v, err := v.Switched()
	require.NoError(t, err)
	return v
}

func dropped(t *testing.T, v control.Versions, number int) control.Versions {
	t.Helper()
	v, n, err := v.Dropped()
	require.NoError(t, err)
	require.Equal(t, number, n)
	return v
}

func TestATableIsRebuiltSwitchedOverAndTheOldVersionDropped(t *testing.T) {
	var v control.Versions
	require.Equal(t, []control.Version{{Number: 1, Role: control.Live}}, v.All())
	v = rebuilding(t, v)
	require.Equal(t, []control.Version{{Number: 1, Role: control.Live}, {Number: 2, Role: control.Building}}, v.All())
	require.Empty(t, v.Gone())
	v = switched(t, v)
	require.Equal(t, []control.Version{{Number: 2, Role: control.Live}, {Number: 1, Role: control.Old}}, v.All())
	require.Empty(t, v.Gone())
	v = dropped(t, v, 1)
	require.Equal(t, []control.Version{{Number: 2, Role: control.Live}}, v.All())
	require.Equal(t, []int{1}, v.Gone())
}

// What a version has left behind is never found by a later one.
func TestNumbersOfVersionsAreNeverUsedTwice(t *testing.T) {
	var v control.Versions
	for n := 2; n < 5; n++ {
		v = dropped(t, rebuilding(t, v), n)
		require.Equal(t, 1, v.LiveVersion())
	}
	require.Equal(t, []int{2, 3, 4}, v.Gone())
	v = switched(t, rebuilding(t, v))
	require.Equal(t, 5, v.LiveVersion())
}

func TestWhatMakesNoSenseOfVersionsIsRefused(t *testing.T) {
	var one control.Versions
	_, err := one.Switched()
	require.ErrorContains(t, err, "is not being rebuilt")
	_, _, err = one.Dropped()
	require.ErrorContains(t, err, "has version 1 alone, which is live")
	building := rebuilding(t, one)
	_, err = building.Rebuilding()
	require.ErrorContains(t, err, "is being rebuilt already, as version 2")
	kept := switched(t, building)
	_, err = kept.Rebuilding()
	require.ErrorContains(t, err, "has its old version 1 still")
	_, err = kept.Switched()
	require.ErrorContains(t, err, "is not being rebuilt")
}

func TestVersionsAreReadAsTheyWereWritten(t *testing.T) {
	one := control.Versions{}
	building := rebuilding(t, one)
	kept := switched(t, building)
	for _, v := range []control.Versions{one, building, kept, dropped(t, kept, 1), dropped(t, building, 2)} {
		p := control.Projection{Number: 3, Versions: v}
		value, err := p.Value()
		require.NoError(t, err)
		read, err := control.Parse(value)
		require.NoError(t, err)
		require.Equal(t, p, read)
	}
}

func TestVersionsThatCannotBeAreRefused(t *testing.T) {
	for _, fields := range []string{
		`"live":-1`, `"live":2`, `"building":2`, `"building":1`, `"old":1`, `"live":2,"old":2,"last":2`, `"live":2,"building":3,"old":1,"last":3`, `"last":100001`,
	} {
		_, err := control.Parse([]byte(`{"version":1,"number":1,` + fields + `}`))
		require.ErrorContains(t, err, "control record: version", fields)
	}
}

func TestComponentsAreNamedAfterTheirVersions(t *testing.T) {
	require.Equal(t, "totals", control.Component("totals", 1))
	require.Equal(t, "totals.v12", control.Component("totals", 12))
	for component, want := range map[string]int{"totals": 1, "totals.v2": 2, "totals.v12": 12} {
		projection, version := control.VersionOf(component)
		require.Equal(t, "totals", projection)
		require.Equal(t, want, version)
	}
	for _, other := range []string{"cart.v1", "cart.v02", "cart.vx", "cart.v", "cart.v-2"} {
		projection, version := control.VersionOf(other)
		require.Equal(t, other, projection)
		require.Equal(t, 1, version)
	}
}
