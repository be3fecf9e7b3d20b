package simulation

import (
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/records"
)

func (s *schedule) cut(in *instance) {
	if !in.alive() {
		return
	}
	d := time.Duration(s.IntN(10_000)) * time.Millisecond
	s.note("cut %s off for %v", in.name, d)
	s.tally.add("network", "cut off from all brokers", 1)
	l := in.life.link
	l.setCut(true)
	s.healAfter(d, func() {
		if in.alive() && in.life.link == l {
			l.setCut(false)
		}
	})
}

// cutFromSome cuts an instance off from the group's coordinator and not from others, or the other way round.
func (s *schedule) cutFromSome(in *instance) {
	if !in.alive() {
		return
	}
	d := time.Duration(s.IntN(12_000)) * time.Millisecond
	coordinator, which := int(s.cluster.CoordinatorFor(bank.Name)), "the coordinator"
	var nodesAway []int
	if s.IntN(2) == 0 {
		nodesAway = []int{coordinator}
	} else {
		which = "all but the coordinator"
		for n := range nodes {
			if n != coordinator {
				nodesAway = append(nodesAway, n)
			}
		}
	}
	s.note("cut %s off from %s for %v", in.name, which, d)
	s.tally.add("network", "cut off from "+which, 1)
	l := in.life.link
	for _, n := range nodesAway {
		l.setAway(address(n), true)
		s.healAfter(d, func() { l.setAway(address(n), false) })
	}
}

// holdProducers holds back what an instance writes, for longer than its transactions may take or not, while its membership goes on.
func (s *schedule) holdProducers(in *instance) {
	if !in.alive() {
		return
	}
	d := time.Duration(s.IntN(16_000)) * time.Millisecond
	s.note("hold back the producers of %s for %v", in.name, d)
	s.tally.add("network", "producers held back", 1)
	l := in.life.link
	l.hold()
	s.healAfter(d, l.letGo)
}

func (s *schedule) slowLink(in *instance) {
	if !in.alive() {
		return
	}
	d := time.Duration(10+s.IntN(200)) * time.Millisecond
	s.note("each request of %s takes %v", in.name, d)
	s.tally.add("network", "slow links", 1)
	l := in.life.link
	l.setLatency(d)
	s.healAfter(time.Duration(s.IntN(10_000))*time.Millisecond, func() { l.setLatency(latency) })
}

var answerKinds = []kmsg.Key{
	kmsg.Produce, kmsg.TxnOffsetCommit, kmsg.EndTxn, kmsg.InitProducerID, kmsg.Fetch, kmsg.ListOffsets, kmsg.OffsetForLeaderEpoch, kmsg.Metadata, kmsg.JoinGroup,
	kmsg.SyncGroup, kmsg.Heartbeat, kmsg.FindCoordinator,
}

func (s *schedule) loseReply(in *instance) {
	key := answerKinds[s.IntN(len(answerKinds))]
	if !in.alive() {
		return
	}
	s.note("%s loses the answer to its next %s", in.name, kmsg.NameForKey(key.Int16()))
	in.life.link.loseNextReply(key.Int16())
}

func (s *schedule) delayReply(in *instance) {
	key := answerKinds[s.IntN(len(answerKinds))]
	if !in.alive() {
		return
	}
	d := time.Duration(s.IntN(15_000)) * time.Millisecond
	s.note("%s gets the answer to its next %s after %v", in.name, kmsg.NameForKey(key.Int16()), d)
	in.life.link.delayNextReply(key.Int16(), d)
}

// takeBrokersAway lets nobody but the workload reach one broker, or any, for some seconds.
func (s *schedule) takeBrokersAway() {
	d := time.Duration(s.IntN(8000)) * time.Millisecond
	away := []int{s.IntN(nodes)}
	if s.IntN(3) == 0 {
		away = s.Perm(nodes)
	}
	s.note("brokers %v are away for %v", away, d)
	s.tally.add("brokers", map[bool]string{true: "one away", false: "all away"}[len(away) == 1], 1)
	for _, n := range away {
		s.outage.set(address(n), true)
		s.healAfter(d, func() { s.outage.set(address(n), false) })
	}
	for _, in := range s.instances {
		if in.alive() {
			in.life.link.closeConns(func(c *linkConn) bool { return s.outage.has(c.address) })
		}
	}
}

func (s *schedule) moveLeaders() {
	if s.IntN(2) == 0 {
		s.note("leaders move")
		s.tally.add("brokers", "all leaders moved", 1)
		s.cluster.ShufflePartitionLeaders()
		return
	}
	topic := []string{eventsTopic, progressTopic, changelogTopic, commandsTopic}[s.IntN(4)]
	at := records.TopicPartition{Topic: topic, Partition: s.Int32N(shards)}
	s.note("the leader of %s moves", at)
	s.tally.add("brokers", "one leader moved", 1)
	if err := s.cluster.MoveTopicPartition(at.Topic, at.Partition, s.Int32N(nodes)); err != nil {
		s.note("it does not: %v", err)
	}
}

func (s *schedule) moveCoordinators() {
	s.note("coordinators move")
	s.tally.add("brokers", "all coordinators moved", 1)
	s.cluster.RehashCoordinators()
}

var refusals = []struct {
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
	{kmsg.Heartbeat, kerr.RebalanceInProgress},
	{kmsg.JoinGroup, kerr.UnknownMemberID},
	{kmsg.SyncGroup, kerr.RebalanceInProgress},
	{kmsg.Fetch, kerr.NotLeaderForPartition},
	{kmsg.Fetch, kerr.UnknownTopicOrPartition},
	{kmsg.Fetch, kerr.FencedLeaderEpoch},
	{kmsg.Fetch, kerr.UnknownLeaderEpoch},
	{kmsg.Fetch, kerr.FetchSessionIDNotFound},
	{kmsg.Fetch, kerr.OffsetNotAvailable},
	{kmsg.ListOffsets, kerr.NotLeaderForPartition},
	{kmsg.OffsetForLeaderEpoch, kerr.NotLeaderForPartition},
	{kmsg.Metadata, kerr.LeaderNotAvailable},
}

// refuse has the brokers answer some requests of one kind with an error.
func (s *schedule) refuse() {
	f := refusals[s.IntN(len(refusals))]
	count := 1 + s.IntN(3)
	s.note("%d requests %s get %s", count, kmsg.NameForKey(f.key.Int16()), f.err.Message)
	handle := s.cluster.Fault(kfake.Fault{
		Keys: []kmsg.Key{f.key}, Err: f.err, Count: count, TopLevel: f.err == kerr.FetchSessionIDNotFound,
		When: func(req kmsg.Request) bool {
			p, ok := req.(*kmsg.ProduceRequest)
			return !ok || p.TransactionID != nil // The workload's own commands are not meant.
		},
	})
	s.healAfter(5*time.Second, func() {
		handle.Remove()
		s.tally.add("refusals", kmsg.NameForKey(f.key.Int16())+" "+f.err.Message, handle.Hits())
	})
}
