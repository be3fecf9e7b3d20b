package partitions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLightTrafficIsGatheredUntilShortlyBeforeTheCommit(t *testing.T) {
	start := time.UnixMilli(1_000_000)
	var p pace
	require.Zero(t, p.next(start), "before the first poll")

	due := start.Add(10 * time.Millisecond)
	p.polled(start, 3)
	require.Equal(t, due.Add(-2*gatherLead), p.next(due), "takes the fetch that is held")
	p.polled(due.Add(-2*gatherLead), 1)
	require.Equal(t, due.Add(-gatherLead), p.next(due), "takes what has arrived meanwhile")
}

func TestALateCommitDoesNotMakeTheLanePollWithoutPause(t *testing.T) {
	start := time.UnixMilli(1_000_000)
	var p pace
	p.polled(start, 1)
	require.Equal(t, start.Add(gatherLead), p.next(start.Add(-time.Second)))
}

func TestHeavyTrafficIsNeverGathered(t *testing.T) {
	start := time.UnixMilli(1_000_000)
	var p pace
	p.polled(start, lightPoll+1)
	require.Zero(t, p.next(start.Add(time.Hour)))
}
