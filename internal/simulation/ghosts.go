package simulation

import (
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/client"
)

// An attendance is when the broker heard of each member of the group. A broker expires a member that it does not hear of any more. The embedded one
// forgets to when the member's connection was gone as its JoinGroup was answered: it arms no timer for it, and gives it shards, which stand still
// for ever, or waits for it in every rebalance, whose deadline each other member moves on by joining again. So the world does what Kafka does.
//
// It also loses count: a member that waits in SyncGroup, for a leader that stands still, and is expired meanwhile, which Kafka does not do, is taken off
// the number of those that wait in JoinGroup. One more than there are would have to join from then on. Only a rebalance's deadline would set that right,
// and members that ask again every 20 s move it on.
type attendance struct {
	// mu guards seen: the broker adds to it.
	mu   sync.Mutex
	seen map[string]time.Time
	next time.Time
	// preparing is since when every roll call found the group waiting for members to join; zero if the last did not.
	preparing time.Time
}

const (
	// ghostAfter is longer than a session and than a rebalance, in which a member that waits says nothing. forgottenAfter is for one that a living process
	// may have been before it got another id: longer than its client waits for an answer before it asks again.
	ghostAfter     = 12 * time.Second
	forgottenAfter = 25 * time.Second
	rollCall       = 2 * time.Second
	// stuckAfter is longer than several rebalances may take, one after the other.
	stuckAfter = 35 * time.Second
)

// attend has the cluster note who speaks.
func (a *attendance) attend(cluster *kfake.Cluster) {
	a.seen = make(map[string]time.Time)
	for _, key := range []kmsg.Key{kmsg.JoinGroup, kmsg.SyncGroup, kmsg.Heartbeat} {
		cluster.ControlKey(key.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
			cluster.KeepControl()
			a.hear(request)
			return nil, nil, false
		})
	}
}

func (a *attendance) hear(request kmsg.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch r := request.(type) {
	case *kmsg.JoinGroupRequest:
		a.seen[r.MemberID] = time.Now()
	case *kmsg.SyncGroupRequest:
		a.seen[r.MemberID] = time.Now()
	case *kmsg.HeartbeatRequest:
		a.seen[r.MemberID] = time.Now()
	}
}

func (a *attendance) silentFor(member string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Since(a.seen[member])
}

// patienceWith is how long a member may say nothing.
func (w *world) patienceWith(clientID string) time.Duration {
	id, _, _ := client.ParseMemberID(clientID)
	for _, in := range w.instances {
		if in.alive() && in.life.instanceID == id {
			return forgottenAfter
		}
	}
	return ghostAfter
}

// rebalanceIsStuck tells whether a rebalance takes longer than any that a broker keeps its deadlines of.
func (a *attendance) rebalanceIsStuck(state string, now time.Time) bool {
	switch {
	case state != "PreparingRebalance":
		a.preparing = time.Time{}
	case a.preparing.IsZero():
		a.preparing = now
	}
	return !a.preparing.IsZero() && now.Sub(a.preparing) > stuckAfter
}

// expire removes members of the group that have said nothing for too long, and all of them when the group has lost count: they join anew.
func (w *world) expire() {
	now := time.Now()
	if now.Before(w.attendance.next) {
		return
	}
	w.attendance.next = now.Add(rollCall)
	groups, err := kadm.NewClient(w.cl).DescribeGroups(w.t.Context(), bank.Name)
	require.NoError(w.t, err)
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = bank.Name
	stuck := w.attendance.rebalanceIsStuck(groups[bank.Name].State, now)
	if stuck {
		w.note("a rebalance does not end: the group begins anew")
		w.tally.add("engine", "rebalances ended by the world", 1)
		w.attendance.preparing = time.Time{}
	}
	for _, m := range groups[bank.Name].Members {
		if stuck || w.attendance.silentFor(m.MemberID) > w.patienceWith(m.ClientID) {
			w.note("expired: %s", m.ClientID)
			w.tally.add("engine", "members expired by the world", 1)
			leaving := kmsg.NewLeaveGroupRequestMember()
			leaving.MemberID = m.MemberID
			req.Members = append(req.Members, leaving)
		}
	}
	if len(req.Members) == 0 {
		return
	}
	_, err = req.RequestWith(w.t.Context(), w.cl)
	require.NoError(w.t, err)
}
