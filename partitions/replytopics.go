package partitions

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// replyTopics knows which topics an answer may go to. Senders name them, so they are looked up before a window decides, many in one question,
// and what is not there is remembered too: a flood of wrong names costs a question every few seconds.
type replyTopics struct {
	context string
	admin   *kadm.Client

	// mu guards known: lanes look up, deciding goroutines read.
	mu    sync.RWMutex
	known map[string]replyTopic
}

type replyTopic struct {
	partitions int32 // 0: there is no such topic
	asked      time.Time
}

const (
	replyTopicFresh   = time.Minute
	replyTopicMissing = 5 * time.Second
	replyTopicsMax    = 4096
	replyLookup       = 2 * time.Second
)

func newReplyTopics(contextName string, cl *kgo.Client) *replyTopics {
	return &replyTopics{context: contextName, admin: kadm.NewClient(cl), known: make(map[string]replyTopic)}
}

// choose returns the partition of topic to reply to. A negative partition asks for any: the shard's own number, folded.
func (r *replyTopics) choose(ctx context.Context, topic string, partition, shard int32) (int32, bool) {
	n := r.partitions(topic)
	if now := time.Now(); n == 0 && r.stale(topic, now) {
		// Only of a command that does not come with this window's records: one that waited with a parked entity.
		r.remember(topic, 0, now)
		r.learn(ctx, []string{topic}, now)
		n = r.partitions(topic)
	}
	if partition < 0 && n > 0 {
		return shard % n, true
	}
	return partition, partition >= 0 && partition < n
}

func (r *replyTopics) partitions(topic string) int32 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.known[topic].partitions
}

// allowed tells whether answers may go to a topic of this name at all.
func (r *replyTopics) allowed(topic string) bool {
	if strings.HasPrefix(topic, "__") {
		return false
	}
	own := strings.HasPrefix(topic, r.context+".")
	return !own || topic == r.context+".replies"
}

// lookUp learns the reply topics that records ask for and that are not known. It returns no error: what cannot be learned now counts as missing
// for some seconds, as the command matters more than its answer.
func (r *replyTopics) lookUp(ctx context.Context, recs []Record, now time.Time) {
	var ask []string
	for i := range recs {
		for _, h := range recs[i].Headers {
			if h.Key == records.ReplyTopic && r.stale(string(h.Value), now) {
				ask = append(ask, string(h.Value))
				r.remember(string(h.Value), 0, now) // Asked for once, however many records name it.
			}
		}
	}
	if len(ask) > 0 {
		r.learn(ctx, ask, now)
	}
}

// learn asks for topics.
func (r *replyTopics) learn(ctx context.Context, ask []string, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, replyLookup)
	defer cancel()
	found, err := r.admin.ListTopics(ctx, ask...)
	if err != nil {
		return
	}
	for _, d := range found {
		if d.Err == nil {
			r.remember(d.Topic, int32(len(d.Partitions)), now)
		}
	}
}

func (r *replyTopics) stale(topic string, now time.Time) bool {
	if !r.allowed(topic) {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	t, ok := r.known[topic]
	if t.partitions > 0 {
		return now.Sub(t.asked) > replyTopicFresh
	}
	return !ok || now.Sub(t.asked) > replyTopicMissing
}

// remember keeps what is known of a topic; a topic that was known stays so while it is asked again.
func (r *replyTopics) remember(topic string, partitions int32, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if partitions == 0 {
		partitions = r.known[topic].partitions
	}
	if len(r.known) >= replyTopicsMax {
		clear(r.known)
	}
	r.known[topic] = replyTopic{partitions: partitions, asked: now}
}
