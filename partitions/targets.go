package partitions

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
)

// targets knows how many partitions the topics have that components write to by key. They are looked up before a window decides, so that a processor
// never waits, and again now and then: others may delete such a topic, and make it anew with another number.
type targets struct {
	admin *kadm.Client

	// mu guards known: lanes look up, deciding goroutines read.
	mu    sync.RWMutex
	known map[string]target
}

type target struct {
	partitions int32
	asked      time.Time
}

const (
	targetFresh  = time.Minute
	targetLookup = 2 * time.Second
)

func newTargets(cl *kgo.Client) *targets {
	return &targets{admin: kadm.NewClient(cl), known: make(map[string]target)}
}

// partitions is the number of partitions of a topic that was looked up.
func (t *targets) partitions(topic string) int32 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.known[topic].partitions
}

// lookUp learns what is not known of the topics. Its error names one that cannot be written to now.
func (t *targets) lookUp(ctx context.Context, topics []string, now time.Time) error {
	ask := slices.DeleteFunc(slices.Clone(topics), func(topic string) bool { return t.fresh(topic, now) })
	if len(ask) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, targetLookup)
	defer cancel()
	found, err := t.admin.ListTopics(ctx, ask...)
	if err != nil {
		return err
	}
	for _, topic := range ask {
		d, there := found[topic]
		switch {
		case !there || client.IsMissingTopic(d.Err):
			return fmt.Errorf("topic %s is missing: create it, or start what makes it", topic)
		case d.Err != nil:
			return client.NameRight(d.Err, "DESCRIBE", "topic "+topic)
		}
		t.remember(topic, target{partitions: int32(len(d.Partitions)), asked: now})
	}
	return nil
}

func (t *targets) fresh(topic string, now time.Time) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	known, ok := t.known[topic]
	return ok && now.Sub(known.asked) <= targetFresh
}

func (t *targets) remember(topic string, found target) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[topic] = found
}

// doubt has a topic looked up before it is written to again. Its number stays: somebody may be deciding with it.
func (t *targets) doubt(topic string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[topic] = target{partitions: t.known[topic].partitions}
}
