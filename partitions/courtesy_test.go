package partitions

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheBuildSideYieldsToLiveTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{config: Config{CommitFloor: 10 * time.Millisecond}}
		live, build := &lane{engine: e, side: ReadSide}, &lane{engine: e, side: BuildSide}
		work := func(l *lane, took time.Duration) {
			since := time.Now()
			<-time.After(took)
			l.hasDecided(since, time.Now())
		}
		work(build, 30*time.Millisecond)
		require.Zero(t, build.restUntil, "there is nobody to yield to")
		require.Equal(t, 10*time.Millisecond, build.commitFloor())

		work(live, 5*time.Millisecond)
		require.Zero(t, live.restUntil)
		require.Equal(t, 10*time.Millisecond, live.commitFloor())
		work(build, 30*time.Millisecond)
		rested := time.Now().Add(30 * time.Millisecond)
		require.Equal(t, rested, build.nextPoll())
		require.Equal(t, rested, build.nextBacklog())
		require.Equal(t, yieldingPoll, build.atOnce(8192))
		require.Equal(t, 7, build.atOnce(7))
		require.Equal(t, 8192, live.atOnce(8192))
		require.Equal(t, yieldingFloor, build.commitFloor())
		build.closing = map[*shard]*release{{}: {}}
		require.Equal(t, 10*time.Millisecond, build.commitFloor(), "a shard that is on its way out waits for the commit")
		build.closing = nil

		<-time.After(liveFor)
		require.False(t, build.yields())
		require.Equal(t, 8192, build.atOnce(8192))
		require.False(t, build.nextPoll().After(time.Now()))
		require.Equal(t, 10*time.Millisecond, build.commitFloor())
		require.LessOrEqual(t, build.deciders(), max(1, live.deciders()/2))
	})
}
