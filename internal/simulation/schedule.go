package simulation

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/records"
)

// A schedule draws what happens.
type schedule struct {
	*world
	*rand.Rand
	commands int
	// recent are ids that were sent, by account, to be sent again.
	recent map[string][]string
	heals  []heal
}

// A heal ends a fault at its time.
type heal struct {
	at time.Time
	do func()
}

const (
	accounts = 12
	steps    = 40
)

func newSchedule(w *world, seed uint64) *schedule {
	return &schedule{world: w, Rand: rand.New(rand.NewPCG(seed, 0)), recent: map[string][]string{}}
}

// run carries out the drawn steps, then ends all faults and starts all instances.
func (s *schedule) run() {
	for _, in := range s.instances {
		in.start()
	}
	for range steps {
		s.rest(time.Duration(s.IntN(400)) * time.Millisecond)
		s.step()
	}
	for len(s.heals) > 0 {
		s.heals[0].do()
		s.heals = s.heals[1:]
	}
	for _, in := range s.instances {
		s.supervise(in)
		if !in.alive() {
			in.start()
		}
	}
	s.note("healed")
}

// rest lets time pass, ends faults that are due and starts what ended by itself.
func (s *schedule) rest(d time.Duration) {
	time.Sleep(d)
	now := time.Now()
	var later []heal
	for _, h := range s.heals {
		if h.at.After(now) {
			later = append(later, h)
		} else {
			h.do()
		}
	}
	s.heals = later
	for _, in := range s.instances {
		s.supervise(in)
	}
}

func (s *schedule) supervise(in *instance) {
	if ended, err := in.ended(); ended {
		s.note("%s ended by itself: %v", in.name, err)
		in.start()
	}
}

func (s *schedule) step() {
	in := s.instances[s.IntN(instances)]
	switch n := s.IntN(100); {
	case n < 45:
		s.send(1 + s.IntN(25))
	case n < 53:
		s.kill(in)
	case n < 57:
		s.leave(in)
	case n < 63:
		s.freeze(in)
	case n < 68:
		s.cut(in)
	case n < 80:
		s.loseReply(in)
	case n < 90:
		s.refuse()
	case n < 94:
		s.note("leaders move")
		s.tally.add("brokers", "all leaders moved", 1)
		s.cluster.ShufflePartitionLeaders()
	case n < 97:
		s.note("coordinators move")
		s.tally.add("brokers", "all coordinators moved", 1)
		s.cluster.RehashCoordinators()
	default:
		d := time.Duration(s.IntN(12_000)) * time.Millisecond
		s.note("quiet for %v", d)
		s.rest(d)
	}
}

func (s *schedule) healAfter(d time.Duration, do func()) {
	s.heals = append(s.heals, heal{at: time.Now().Add(d), do: do})
}

func (s *schedule) kill(in *instance) {
	if !in.alive() {
		return
	}
	s.note("kill %s", in.name)
	s.tally.add("processes", "kills", 1)
	in.kill()
	s.startLater(in)
}

func (s *schedule) leave(in *instance) {
	if !in.alive() {
		return
	}
	s.note("%s leaves", in.name)
	s.tally.add("processes", "leaves", 1)
	in.leave()
	s.startLater(in)
}

func (s *schedule) startLater(in *instance) {
	s.healAfter(time.Duration(s.IntN(8000))*time.Millisecond, func() {
		if !in.alive() {
			s.note("start %s", in.name)
			in.start()
		}
	})
}

// freeze stops an instance, for longer than its session or not.
func (s *schedule) freeze(in *instance) {
	if !in.alive() {
		return
	}
	d := time.Duration(s.IntN(15_000)) * time.Millisecond
	s.note("freeze %s for %v", in.name, d)
	s.tally.add("processes", "freezes", 1)
	l := in.life.link
	l.freeze()
	s.healAfter(d, l.thaw)
}

func (s *schedule) cut(in *instance) {
	if !in.alive() {
		return
	}
	d := time.Duration(s.IntN(10_000)) * time.Millisecond
	s.note("cut %s off for %v", in.name, d)
	s.tally.add("network", "cuts", 1)
	life := in.life
	life.link.setCut(true)
	s.healAfter(d, func() {
		if in.life == life {
			life.link.setCut(false)
		}
	})
}

func (s *schedule) loseReply(in *instance) {
	keys := []kmsg.Key{kmsg.Produce, kmsg.TxnOffsetCommit, kmsg.EndTxn, kmsg.InitProducerID, kmsg.Fetch, kmsg.JoinGroup, kmsg.SyncGroup}
	key := keys[s.IntN(len(keys))]
	if !in.alive() {
		return
	}
	s.note("%s loses the answer to its next %s", in.name, kmsg.NameForKey(key.Int16()))
	in.life.link.loseNextReply(key.Int16())
}

// refuse has the brokers answer some requests of one kind with an error.
func (s *schedule) refuse() {
	faults := []struct {
		key kmsg.Key
		err *kerr.Error
	}{
		{kmsg.Produce, kerr.NotLeaderForPartition},
		{kmsg.Produce, kerr.RequestTimedOut},
		{kmsg.Produce, kerr.NotEnoughReplicasAfterAppend},
		{kmsg.Produce, kerr.NotEnoughReplicas},
		{kmsg.Produce, kerr.InvalidProducerEpoch},
		{kmsg.Produce, kerr.OutOfOrderSequenceNumber},
		{kmsg.TxnOffsetCommit, kerr.CoordinatorLoadInProgress},
		{kmsg.TxnOffsetCommit, kerr.RebalanceInProgress},
		{kmsg.TxnOffsetCommit, kerr.IllegalGeneration},
		{kmsg.TxnOffsetCommit, kerr.UnknownMemberID},
		{kmsg.TxnOffsetCommit, kerr.TransactionAbortable},
		{kmsg.EndTxn, kerr.CoordinatorNotAvailable},
		{kmsg.EndTxn, kerr.ConcurrentTransactions},
		{kmsg.EndTxn, kerr.InvalidTxnState},
		{kmsg.EndTxn, kerr.ProducerFenced},
		{kmsg.InitProducerID, kerr.ConcurrentTransactions},
		{kmsg.Heartbeat, kerr.UnknownMemberID},
		{kmsg.Heartbeat, kerr.IllegalGeneration},
		{kmsg.JoinGroup, kerr.UnknownMemberID},
		{kmsg.SyncGroup, kerr.RebalanceInProgress},
		{kmsg.Fetch, kerr.NotLeaderForPartition},
		{kmsg.ListOffsets, kerr.NotLeaderForPartition},
	}
	f := faults[s.IntN(len(faults))]
	count := 1 + s.IntN(3)
	s.note("%d requests %s get %s", count, kmsg.NameForKey(f.key.Int16()), f.err.Message)
	handle := s.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{f.key}, Err: f.err, Count: count, When: func(req kmsg.Request) bool {
		p, ok := req.(*kmsg.ProduceRequest)
		return !ok || p.TransactionID != nil // The workload's own commands are not meant.
	}})
	s.healAfter(5*time.Second, func() {
		handle.Remove()
		s.tally.add("refusals", kmsg.NameForKey(f.key.Int16())+" "+f.err.Message, int(handle.Hits()))
	})
}

// send produces commands and waits for them to be in the log.
func (s *schedule) send(n int) {
	s.note("%d commands", n)
	s.tally.add("work", "commands", n)
	for range n {
		s.cl.Produce(s.t.Context(), s.command(), func(_ *kgo.Record, err error) { require.NoError(s.t, err) })
	}
	require.NoError(s.t, s.cl.Flush(s.t.Context()))
}

func (s *schedule) command() *kgo.Record {
	s.commands++
	key := "a" + strconv.Itoa(s.IntN(accounts))
	r := &kgo.Record{Topic: bank.Commands("account").Name, Key: []byte(key), Partition: records.Partition([]byte(key), shards)}
	if s.IntN(50) == 0 {
		r.Partition = s.Int32N(shards)
	}
	group := "g" + strconv.Itoa(s.IntN(5))
	switch n := s.IntN(20); {
	case n == 0:
		r.Value = []byte("fail")
	case n < 7:
		r.Value = fmt.Appendf(nil, "draw %d %s", 1+s.IntN(60), group)
	default:
		r.Value = fmt.Appendf(nil, "pay %d %s", 1+s.IntN(50), group)
	}
	head := func(key, value string) {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: key, Value: []byte(value)})
	}
	head(records.Type, "Move")
	if s.IntN(3) > 0 {
		head(records.Source, "sim")
		head(records.ID, s.id(key))
	}
	if s.IntN(10) == 0 {
		head(records.ExpectedSequence, strconv.Itoa(s.IntN(12)))
	}
	if s.IntN(2) == 0 {
		head(records.ReplyTopic, bank.Replies().Name)
		head(records.CorrelationID, strconv.Itoa(s.commands))
	}
	return r
}

// id is a new command id, or one that the account has had lately.
func (s *schedule) id(key string) string {
	recent := s.recent[key]
	if len(recent) > 0 && s.IntN(6) == 0 {
		return recent[s.IntN(len(recent))]
	}
	id := "c" + strconv.Itoa(s.commands)
	if recent = append(recent, id); len(recent) > 10 {
		recent = recent[1:]
	}
	s.recent[key] = recent
	return id
}
