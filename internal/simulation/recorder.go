package simulation

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/records"
)

// A recorder keeps the last that a life's clients logged and fetched, to be shown when a seed fails.
type recorder struct {
	began time.Time

	// mu guards the rest.
	mu      sync.Mutex
	lines   []logged
	fetches []fetched
}

type logged struct {
	after   time.Duration
	message string
	values  []any
}

// A fetched frame is a request of a consumer as it was sent.
type fetched struct {
	after   time.Duration
	address string
	frame   []byte
}

const (
	linesKept   = 150
	fetchesKept = 30
)

// Level and Log make it a logger of clients.
func (r *recorder) Level() kgo.LogLevel { return kgo.LogLevelInfo }

// Log keeps a line.
func (r *recorder) Log(_ kgo.LogLevel, message string, values ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) == 2*linesKept {
		r.lines = append(r.lines[:0], r.lines[linesKept:]...)
	}
	r.lines = append(r.lines, logged{time.Since(r.began), message, values})
}

func (r *recorder) request(address string, frame []byte) {
	if len(frame) < 6 || kmsg.Key(binary.BigEndian.Uint16(frame[4:])) != kmsg.Fetch {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.fetches) == 2*fetchesKept {
		r.fetches = append(r.fetches[:0], r.fetches[fetchesKept:]...)
	}
	r.fetches = append(r.fetches, fetched{time.Since(r.began), address, append([]byte(nil), frame...)})
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for _, l := range r.lines[max(0, len(r.lines)-linesKept):] {
		fmt.Fprintf(&b, "%8.3f s  %s %v\n", l.after.Seconds(), l.message, l.values)
	}
	for _, f := range r.fetches[max(0, len(r.fetches)-fetchesKept):] {
		req, _ := parseRequest(f.frame, kmsg.Fetch)
		fetch, ok := req.(*kmsg.FetchRequest)
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "%8.3f s  fetch from %s, session %d/%d:", f.after.Seconds(), f.address, fetch.SessionID, fetch.SessionEpoch)
		for _, t := range fetch.Topics {
			for _, p := range t.Partitions {
				fmt.Fprintf(&b, " %s%x/%d@%d", t.Topic, t.TopicID[:2], p.Partition, p.FetchOffset)
			}
		}
		if len(fetch.ForgottenTopics) > 0 {
			fmt.Fprintf(&b, " without %v", fetch.ForgottenTopics)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// standing is where each input stands: its position, and the end of what is committed.
func (w *world) standing() string {
	var b strings.Builder
	for shard := range int32(shards) {
		last := map[string]*entry{}
		for _, e := range w.history.log(progressTopic, shard) {
			last[string(e.Key)] = e
		}
		for input, e := range last {
			key, err := records.ParseProgressKey(input)
			p, parseErr := records.ParseProgress(e.Value)
			info := w.cluster.PartitionInfo(key.Topic, key.Partition)
			if err != nil || parseErr != nil || info == nil {
				continue
			}
			fmt.Fprintf(&b, "%s: position %d, stable end %d, end %d, leader %d epoch %d, by %s\n", input, p.Position, info.LastStableOffset, info.HighWatermark,
				info.Leader, info.Epoch, w.lifeOf(e))
		}
	}
	for _, topic := range w.history.topics {
		fmt.Fprintf(&b, "%s has the id %x\n", topic, w.cluster.TopicInfo(topic).TopicID[:2])
	}
	return b.String()
}
