package partitions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
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
	replyPause        = 100 * time.Millisecond
)

func newReplyTopics(contextName string, cl *kgo.Client) *replyTopics {
	return &replyTopics{context: contextName, admin: kadm.NewClient(cl), known: make(map[string]replyTopic)}
}

// choose returns the partition of topic to reply to. A negative partition asks for any: the shard's own number, folded.
func (r *replyTopics) choose(ctx context.Context, topic string, partition, shard int32) (int32, bool) {
	n := r.partitions(topic)
	if now := time.Now(); n == 0 && r.stale(topic, now) {
		// Only of a command that does not come with this window's records: one that waited with a parked entity.
		if r.ask(ctx, []string{topic}, now) != nil {
			// Nobody knows. If the topic is not there the broker refuses the reply, and the window is decided again without it.
			return max(partition, 0), true
		}
		n = r.partitions(topic)
	}
	if partition < 0 && n > 0 {
		return shard % n, true
	}
	return partition, partition >= 0 && partition < n
}

// count is how many partitions a topic has that commands are sent to; 0: there is no such topic. What was known is good enough when no broker answers.
func (r *replyTopics) count(ctx context.Context, topic string) (int32, error) {
	now := time.Now()
	r.mu.RLock()
	known := r.known[topic]
	r.mu.RUnlock()
	if known.fresh(now) {
		return known.partitions, nil
	}
	if err := r.ask(ctx, []string{topic}, now); err != nil && known.partitions == 0 {
		return 0, fmt.Errorf("asking for topic %s: %w", topic, err)
	}
	return r.partitions(topic), nil
}

// fresh tells whether what is known need not be asked for again yet.
func (t replyTopic) fresh(now time.Time) bool {
	if t.partitions > 0 {
		return now.Sub(t.asked) <= replyTopicFresh
	}
	return now.Sub(t.asked) <= replyTopicMissing
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

// lookUp learns the reply topics that batches ask for and that are not known. It returns an error when no broker answered: then nothing is known of
// them, and to decide now would drop answers that can be given in a moment. A topic of which brokers say that it cannot be used yet is asked for again
// for a while; what they say does not exist counts as missing for some seconds, as the command matters more than its answer.
func (r *replyTopics) lookUp(ctx context.Context, batches []batch, now time.Time) error {
	return r.ask(ctx, r.unknown(batches, now), now)
}

// ask asks brokers for topics.
func (r *replyTopics) ask(ctx context.Context, ask []string, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, replyLookup)
	defer cancel()
	gone := make(map[string]bool)
	for len(ask) > 0 {
		found, err := r.admin.ListTopics(ctx, ask...)
		if err != nil {
			return err
		}
		ask = r.learn(ask, found, gone, now)
		if len(ask) > 0 && !sleep(ctx, replyPause) {
			break
		}
	}
	for _, topic := range ask {
		n := r.partitions(topic)
		if gone[topic] {
			n = 0
		}
		r.remember(topic, n, now)
	}
	return nil
}

// unknown are the topics that must be asked for, each once.
func (r *replyTopics) unknown(batches []batch, now time.Time) []string {
	var ask []string
	for _, b := range batches {
		for i := range b.records {
			for _, h := range b.records[i].Headers {
				if h.Key != records.ReplyTopic {
					continue
				}
				if name := string(h.Value); r.stale(name, now) && !slices.Contains(ask, name) {
					ask = append(ask, name)
				}
			}
		}
	}
	return ask
}

// learn returns the topics that are to be asked for again: those that cannot be used yet, and those that were there before and are gone now, as one broker
// may be behind the others.
func (r *replyTopics) learn(asked []string, found kadm.TopicDetails, gone map[string]bool, now time.Time) []string {
	var again []string
	for _, topic := range asked {
		d, there := found[topic]
		gone[topic] = !there || errors.Is(d.Err, kerr.UnknownTopicOrPartition)
		switch {
		case there && d.Err == nil:
			r.remember(topic, int32(len(d.Partitions)), now)
		case !gone[topic] && kerr.IsRetriable(d.Err), gone[topic] && r.partitions(topic) > 0:
			again = append(again, topic)
		default:
			r.remember(topic, 0, now)
		}
	}
	return again
}

func (r *replyTopics) stale(topic string, now time.Time) bool {
	if !r.allowed(topic) {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return !r.known[topic].fresh(now)
}

// forget has a topic asked for before it is written to again.
func (r *replyTopics) forget(topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, topic)
}

// remember keeps what is known of a topic.
func (r *replyTopics) remember(topic string, partitions int32, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= replyTopicsMax {
		clear(r.known)
	}
	r.known[topic] = replyTopic{partitions: partitions, asked: now}
}
