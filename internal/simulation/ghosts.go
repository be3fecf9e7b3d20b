package simulation

import (
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/client"
)

// A ghost is a member of the group whose process is dead. A broker expires it after its session timeout. The embedded one forgets to when the
// member's connection was gone as its JoinGroup was answered: it arms no timer for it, gives it shards, and these stand still for ever. So the
// world does what Kafka does.
type ghost struct {
	// member begins the client id.
	member string
	until  time.Time
}

// sessionTimeout is that of the engine's members.
const sessionTimeout = 6 * time.Second

// haunt notes a process that has died.
func (w *world) haunt(instanceID string) {
	w.ghosts = append(w.ghosts, ghost{member: client.MemberID(instanceID, ""), until: time.Now().Add(sessionTimeout)})
}

// reborn: who starts again removes its former self from the group, and is no ghost.
func (w *world) reborn(instanceID string) {
	kept := w.ghosts[:0]
	for _, g := range w.ghosts {
		if g.member != client.MemberID(instanceID, "") {
			kept = append(kept, g)
		}
	}
	w.ghosts = kept
}

// expire removes ghosts whose time has come.
func (w *world) expire() {
	for len(w.ghosts) > 0 && !time.Now().Before(w.ghosts[0].until) {
		member := w.ghosts[0].member
		w.ghosts = w.ghosts[1:]
		w.remove(member)
	}
}

func (w *world) remove(member string) {
	groups, err := kadm.NewClient(w.cl).DescribeGroups(w.t.Context(), bank.Name)
	require.NoError(w.t, err)
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = bank.Name
	for _, m := range groups[bank.Name].Members {
		if strings.HasPrefix(m.ClientID, member) {
			leaving := kmsg.NewLeaveGroupRequestMember()
			leaving.MemberID = m.MemberID
			req.Members = append(req.Members, leaving)
		}
	}
	if len(req.Members) == 0 {
		return
	}
	w.note("a ghost is expired: %s", member)
	w.tally.add("engine", "dead members expired", len(req.Members))
	_, err = req.RequestWith(w.t.Context(), w.cl)
	require.NoError(w.t, err)
}
