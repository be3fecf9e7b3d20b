package partitions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestALaneThatFailsAgainAndAgainWaitsLongerEachTime(t *testing.T) {
	var s setback
	var pauses []time.Duration
	for range 12 {
		s.failures++
		pauses = append(pauses, s.pause())
	}
	require.Equal(t, []time.Duration{
		0, 20 * time.Millisecond, 40 * time.Millisecond, 80 * time.Millisecond, 160 * time.Millisecond, 320 * time.Millisecond,
		640 * time.Millisecond, 1280 * time.Millisecond, 2560 * time.Millisecond, 5 * time.Second, 5 * time.Second, 5 * time.Second,
	}, pauses)
	s.failures = 1 << 30
	require.Equal(t, 5*time.Second, s.pause())
}
