package partitions

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// says tells whether the instance waits, or waited, for what begins so.
func says(beginning string) func(*log) bool {
	return func(l *log) bool {
		return slices.ContainsFunc(l.waits, func(wait string) bool { return strings.HasPrefix(wait, beginning) })
	}
}

const copierWaits = "topics that copier writes to: "

func TestATaskWaitsForATopicThatItWritesToAndOthersGoOn(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		a := b.begin("a", b.component(), b.copying(noneBroken()))
		b.command(3)
		b.awaitAll()
		a.await(b.t, says(copierWaits+"topic "+b.name+".copies is missing"))
		b.command(3)
		b.awaitAll()
		b.createCopies(5)
		b.awaitCopies(5)
		b.command(3)
		b.awaitAll()
		b.awaitCopies(5)
		require.Empty(b.t, a.events.stopped)
	})
}

// Somebody deletes the topic while it is written to: the others of the lane go on all the same, and it is waited for.
func TestATopicThatIsDeletedUnderItsWriterIsWaitedFor(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		b.createCopies(5)
		a := b.begin("a", b.component(), b.copying(noneBroken()))
		b.command(1)
		b.awaitAll()
		b.awaitCopies(5)
		_, err := b.adm.DeleteTopic(b.t.Context(), b.name+".copies")
		require.NoError(b.t, err)
		b.command(3)
		b.awaitAll()
		a.await(b.t, says(copierWaits))
		pass(time.Minute)
		// Anew with fewer partitions, of which its writer learns.
		b.createCopies(2)
		a.events.mu.Lock()
		require.Less(b.t, a.events.windows["aborted"], 5, "windows of the others, in a minute")
		a.events.mu.Unlock()
		b.awaitRecords("copies", 60)
		b.command(2)
		b.awaitAll()
		b.awaitRecords("copies", 100)
		pass(time.Minute)
		require.Len(b.t, b.readAll("copies"), 100)
		require.Empty(b.t, a.events.stopped)
	})
}

// A held task that leaves with its shard is held no more, wherever it goes.
func TestAShardLeavesWithATaskThatWaits(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		components := []Component{b.component(), b.copying(noneBroken())}
		a := b.begin("a", components...)
		b.command(3)
		a.await(b.t, says(copierWaits))
		other := b.begin("b", components...)
		other.awaitRunning(b.t, 2)
		b.command(3)
		b.awaitAll()
		a.leave(b.t)
		other.awaitRunning(b.t, 4)
		b.createCopies(3)
		b.awaitCopies(3)
	})
}
