package partitions

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/transactions"
)

// The steps of a commit are requests, and each of them has three moments: it is made and not sent, it is carried out and not answered, it is
// answered. So these are all the moments at which a process can stop between two steps that anybody else can see:
//
//	decided ─ Produce ─ flushed ─ TxnOffsetCommit ─ fenced ─ EndTxn ─ committed ─ applied
//
// What happens on disk behind the last has moments of its own, see TestKilledWhileStoresTakeTheWindow.
func moments() []moment {
	if raceDetector {
		return []moment{{kmsg.TxnOffsetCommit, asking}, {kmsg.EndTxn, carriedOut}}
	}
	var all []moment
	for _, key := range []kmsg.Key{kmsg.Produce, kmsg.TxnOffsetCommit, kmsg.EndTxn} {
		for _, w := range []when{asking, carriedOut, answered} {
			all = append(all, moment{key: key, when: w})
		}
	}
	return all
}

func (m moment) String() string { return fmt.Sprintf("%s %s", kmsg.NameForKey(m.key.Int16()), m.when) }

// atEachMoment runs f in a bubble for each moment. Instance "a" owns four shards and has committed; f is given a function that sends commands and
// returns when a window of them has come to the moment, at which spring was called.
func atEachMoment(t *testing.T, f func(b *bubble, a *life, reach func(spring func(*wireConn)))) {
	t.Helper()
	atMoments(t, func(b *bubble, a *life, _ moment, reach func(spring func(*wireConn))) { f(b, a, reach) })
}

func atMoments(t *testing.T, f func(b *bubble, a *life, m moment, reach func(spring func(*wireConn)))) {
	t.Helper()
	for _, m := range moments() {
		t.Run(m.String(), func(t *testing.T) {
			inBubble(t, 4, func(b *bubble) {
				a := b.begin("a")
				b.command(3)
				b.awaitAll()
				f(b, a, m, func(spring func(*wireConn)) {
					sprung := a.wire.at(m, spring)
					b.command(3)
					select {
					case <-sprung:
					case <-time.After(time.Minute):
						require.FailNow(b.t, "the moment never came")
					}
				})
			})
		})
	}
}

func TestKilledAtAnyMomentOthersTakeOver(t *testing.T) {
	atEachMoment(t, func(b *bubble, a *life, reach func(func(*wireConn))) {
		reach(func(*wireConn) { a.die() })
		died := time.Now()
		a.bury()
		b.begin("b").awaitRunning(b.t, 4)
		require.Less(b.t, time.Since(died), 7*time.Second, "the session timeout is 6 s, and what was left open is ended at take-over")
		b.command(3)
		b.awaitAll()
	})
}

func TestKilledAtAnyMomentItGoesOnByItself(t *testing.T) {
	atEachMoment(t, func(b *bubble, a *life, reach func(func(*wireConn))) {
		reach(func(*wireConn) { a.die() })
		a.bury()
		b.begin("a")
		b.command(3)
		b.awaitAll()
	})
}

// A zombie stands still for longer than its session, and wakes up when another has its shards and has written. Unless the broker has carried its
// EndTxn out already, its window is refused.
func TestZombieWindowIsRefusedAtAnyMoment(t *testing.T) {
	atMoments(t, func(b *bubble, a *life, m moment, reach func(func(*wireConn))) {
		other := b.begin("b")
		other.awaitRunning(b.t, 2)
		b.awaitAll()
		before := a.committed()
		reach(func(*wireConn) { a.wire.freeze() })
		other.awaitRunning(b.t, 4)
		b.command(3)
		b.awaitAll()
		a.wire.thaw()
		a.await(b.t, func(l *log) bool { return l.running == 2 })
		other.awaitRunning(b.t, 2)
		if m.key != kmsg.EndTxn || m.when == asking {
			// Behind that the broker has committed; whether the zombie hears of it before it hears that its shards are lost is a race.
			require.Equal(b.t, before, a.committed(), "windows committed")
		}
		b.command(3)
		b.awaitAll()
		require.Greater(b.t, a.committed(), before, "it works again")
	})
}

// windows is how many windows of a process have ended.
func (l *life) windows() int {
	l.events.mu.Lock()
	defer l.events.mu.Unlock()
	all := 0
	for _, n := range l.events.windows {
		all += n
	}
	return all
}

// committed is how many windows a process knows to be committed.
func (l *life) committed() int {
	l.events.mu.Lock()
	defer l.events.mu.Unlock()
	return l.events.windows["committed"]
}

// Half of the shards are asked for while a window is on its way: it is finished if it can be in time, and dropped if not.
func TestShardsAreRevokedAtAnyMoment(t *testing.T) {
	for _, held := range []time.Duration{time.Second, 2 * finishWithin} {
		t.Run("held for "+held.String(), func(t *testing.T) {
			atEachMoment(t, func(b *bubble, a *life, reach func(func(*wireConn))) {
				reach(func(*wireConn) {
					b.begin("b")
					pass(held)
				})
				b.command(3)
				b.lives[1].awaitRunning(b.t, 2)
				b.awaitAll()
				if held < finishWithin {
					require.Equal(b.t, a.windows(), a.committed(), "every window was finished")
				}
			})
		})
	}
}

// A process is told to end while one window is on its way and the next is decided, and meanwhile the group gives its shards to another: the end waits for
// windows, and the hand-over must wait for them, too. The other would read what is there, and the window come behind, under a generation that counts.
func TestShardsAreRevokedWhileTheProcessEndsAtAnyMoment(t *testing.T) {
	atEachMoment(t, func(b *bubble, a *life, reach func(func(*wireConn))) {
		reach(func(*wireConn) {
			b.command(2)
			pass(50 * time.Millisecond)
			a.cancel()
			b.begin("b")
			pass(time.Second)
		})
		b.lives[1].awaitRunning(b.t, 4)
		b.command(3)
		b.awaitAll()
		a.leave(b.t)
	})
}

// The group throws a member out while a window of it is on its way: its shards are lost, not revoked.
func TestShardsAreLostAtAnyMoment(t *testing.T) {
	atEachMoment(t, func(b *bubble, a *life, reach func(func(*wireConn))) {
		other := b.begin("b")
		other.awaitRunning(b.t, 2)
		reach(func(*wireConn) {
			b.evict(a)
			b.command(1)
			pass(2 * time.Second)
		})
		b.command(3)
		b.awaitAll()
		a.awaitRunning(b.t, 2)
	})
}

// evict takes an instance's members out of the group, as a broker does whose patience has ended.
func (b *bubble) evict(l *life) {
	groups, err := b.adm.DescribeGroups(b.t.Context(), b.name)
	require.NoError(b.t, err)
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = b.name
	for _, m := range groups[b.name].Members {
		if id := l.env.InstanceID(); len(m.ClientID) > len(id) && m.ClientID[len("partita/"):len("partita/")+len(id)] == id {
			leaving := kmsg.NewLeaveGroupRequestMember()
			leaving.MemberID = m.MemberID
			req.Members = append(req.Members, leaving)
		}
	}
	require.NotEmpty(b.t, req.Members)
	_, err = req.RequestWith(b.t.Context(), b.cl)
	require.NoError(b.t, err)
}

// The connection breaks: either the broker never had the request, or its answer is lost, or it is the connection of the next one.
func TestConnectionBreaksAtAnyMoment(t *testing.T) {
	atEachMoment(t, func(b *bubble, _ *life, reach func(func(*wireConn))) {
		reach(func(c *wireConn) { _ = c.Close() })
		b.command(3)
		b.awaitAll()
	})
}

// Something stands still while heartbeats go on: for a moment, for longer than the fence waits, for longer than the broker leaves a
// transaction open.
func TestRequestOrAnswerIsLateAtAnyMoment(t *testing.T) {
	for _, late := range []time.Duration{time.Second, fencePatience + time.Second, 25 * time.Second} {
		t.Run(late.String(), func(t *testing.T) {
			atEachMoment(t, func(b *bubble, _ *life, reach func(func(*wireConn))) {
				reach(func(c *wireConn) { c.hold(late) })
				b.command(3)
				b.awaitAll()
			})
		})
	}
}

func TestAllBrokersAreAwayFromAnyMomentOn(t *testing.T) {
	for _, away := range []time.Duration{time.Second, 30 * time.Second} {
		t.Run(away.String(), func(t *testing.T) {
			atEachMoment(t, func(b *bubble, a *life, reach func(func(*wireConn))) {
				reach(func(*wireConn) { a.wire.cut() })
				before := a.told()
				pass(away)
				for what, times := range a.told() {
					require.LessOrEqual(b.t, times-before[what], toldIn(away), "told of %s", what)
				}
				a.wire.mend()
				b.command(3)
				b.awaitAll()
			})
		})
	}
}

// told is how often a process has said that it waits, for each that it waits for.
func (l *life) told() map[string]int {
	l.events.mu.Lock()
	defer l.events.mu.Unlock()
	told := make(map[string]int)
	for _, w := range l.events.waits {
		what, _, _ := strings.Cut(w, ": ")
		told[what]++
	}
	return told
}

// toldIn is how often a wait is told of in some time, with pauses that double.
func toldIn(d time.Duration) int {
	times := 1
	for pause := waitPauseMin; d >= pause; pause *= 2 {
		times++
		d -= pause
	}
	return times
}

// A process dies when some of its stores have the last window on disk, and others have less. What its successor writes they do not have either.
func TestKilledWhileStoresTakeTheWindow(t *testing.T) {
	for flushed := range 5 {
		t.Run(fmt.Sprintf("%d of 4 have it", flushed), func(t *testing.T) {
			inBubble(t, 4, func(b *bubble) {
				a := b.begin("a")
				b.command(3)
				b.awaitAll()
				require.NoError(b.t, a.flush(4))
				died := make(chan struct{})
				var flushErr error
				a.events.mu.Lock()
				a.events.onCommitted = func() {
					select {
					case <-died:
						return
					default:
					}
					flushErr = a.flush(int32(flushed))
					a.die()
					close(died)
				}
				a.events.mu.Unlock()
				b.command(3)
				<-died
				require.NoError(b.t, flushErr)
				a.bury()
				b.checkStores()
				other := b.begin("b")
				b.command(3)
				b.awaitAll()
				a = b.begin("a")
				a.awaitRunning(b.t, 2)
				other.leave(b.t)
				a.awaitRunning(b.t, 4)
				b.command(3)
				b.awaitAll()
			})
		})
	}
}

// flush puts what the first stores of a process have on its disk.
func (l *life) flush(stores int32) (err error) {
	l.views.mu.RLock()
	defer l.views.mu.RUnlock()
	for shard := range stores {
		err = errors.Join(err, l.views.stores[viewKey{"counter", shard}].Flush())
	}
	return err
}

// Somebody takes the transactional ids of a process that is well, as a successor does that thinks it dead.
func TestTransactionalIDsAreTakenAtAnyMoment(t *testing.T) {
	atEachMoment(t, func(b *bubble, a *life, reach func(func(*wireConn))) {
		reach(func(*wireConn) {
			for _, turn := range []string{"a", "b"} {
				b.fence(transactions.TransactionalID(b.name, a.env.InstanceID(), "w0", turn))
			}
		})
		b.command(3)
		b.awaitAll()
	})
}

// evictAsItJoins throws a member out when it joins the next time, which is told by evicted; its JoinGroup is sent at release.
func (b *bubble) evictAsItJoins(l *life) (evicted, release chan struct{}) {
	evicted, release = make(chan struct{}), make(chan struct{})
	l.wire.at(moment{key: kmsg.JoinGroup, when: asking}, func(*wireConn) {
		b.evict(l)
		close(evicted)
		<-release
	})
	return evicted, release
}

// The sequence: a member is thrown out while it joins again, and another owns its shards and writes. Its client is told so in answer to JoinGroup,
// takes a new member id and joins; nobody is told that anything was lost, and a fence under the new id is good.
func TestEvictionThatLooksLikeARevocation(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		a := b.begin("a")
		b.command(3)
		b.awaitAll()
		evicted, release := b.evictAsItJoins(a)
		other := b.begin("b")
		<-evicted
		b.command(1)
		other.awaitRunning(b.t, 4)
		b.command(3)
		b.awaitAll()
		b.command(1)
		close(release)
		a.awaitRunning(b.t, 2)
		b.command(3)
		b.awaitAll()
	})
}

// The sequence: a member is thrown out while it joins again, another owns its shards, writes, and leaves. The client of the first takes a new member id,
// joins, and is assigned what it thinks it owns: nobody is told that anything was lost, or came.
func TestEvictionThatComesBackAsTheSameAssignment(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		a := b.begin("a")
		b.command(3)
		b.awaitAll()
		evicted, release := b.evictAsItJoins(a)
		other := b.begin("b")
		<-evicted
		other.awaitRunning(b.t, 4)
		b.command(3)
		b.awaitAll()
		other.leave(b.t)
		close(release)
		b.command(3)
		b.awaitAll()
	})
}
