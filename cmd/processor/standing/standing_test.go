package standing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/service"
)

var began = time.UnixMilli(1_700_000_000_000)

// at is what is told so many seconds later, of a task at a position of an input that ends there; no task for a position below 0.
func at(seconds int, stands, end records.Position) look {
	l := look{at: began.Add(time.Duration(seconds) * time.Second), ends: map[records.TopicPartition]admin.Bounds{{Topic: "events", Partition: 1}: {Stable: end}}}
	if stands >= 0 {
		l.tasks = []service.Task{{
			Component: "totals", Shard: 1, State: "running", Inputs: []service.TaskInput{{Topic: "events", Partition: 1, Position: stands}},
		}}
	}
	return l
}

func TestAProjectionIsMeasuredBetweenTwoMoments(t *testing.T) {
	for _, c := range []struct {
		name               string
		first, last        look
		state              string
		lag                int64
		delay, level       time.Duration
		offsetsEachTwoSecs float64
	}{
		{"it catches up", at(0, 100, 1000), at(2, 300, 1000), "running", 700, -1, 7 * time.Second, 200},
		{"what comes meanwhile is counted", at(0, 100, 1000), at(2, 300, 1100), "running", 800, -1, 16 * time.Second, 200},
		{"it falls behind", at(0, 100, 1000), at(2, 300, 1300), "running", 1000, -1, -1, 200},
		{"it is level", at(0, 100, 100), at(2, 100, 100), "running", 0, 0, 0, 0},
		{"it stands", at(0, 100, 110), at(2, 100, 110), "running", 10, -1, -1, 0},
		{"its position was set back", at(0, 100, 110), at(2, 0, 110), "running", 110, -1, -1, 0},
		{"it came meanwhile", at(0, -1, 110), at(2, 100, 110), "running", 10, -1, -1, 0},
		{"nobody runs it", at(0, 100, 110), at(2, -1, 110), Unknown, -1, -1, -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := between(c.first, c.last, "totals", 1)
			require.Equal(t, c.state, s.State)
			require.Equal(t, c.lag, s.Lag)
			require.Equal(t, c.delay, s.Delay)
			require.Equal(t, c.level, s.Level)
			require.InDelta(t, c.offsetsEachTwoSecs/2, s.Rate, 1e-9)
		})
	}
}
