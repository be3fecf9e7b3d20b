package partitions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An absentTopic says that a topic is not there that one component alone cannot do without. It waits; the rest of the shard runs.
type absentTopic struct{ name, mend string }

func (e *absentTopic) Error() string { return fmt.Sprintf("topic %s is missing: %s", e.name, e.mend) }

const (
	mendOwn     = "processor topics DIR --apply creates it"
	mendForeign = "create it, or start what writes to it"
)

// missing is the error of a component's topic that is not there: one of this context's was to be created before. Those of a version may be deleted while
// it is dropped, a moment before this process is told.
func (rt *engine) missing(c *Component, topic string) error {
	switch own := strings.HasPrefix(topic, rt.config.Context+"."); {
	case !own:
		return &absentTopic{name: topic, mend: mendForeign}
	case c.Of != "":
		return &absentTopic{name: topic, mend: mendOwn}
	}
	return fmt.Errorf("topic %s is missing: %s", topic, mendOwn)
}

// awaitedTopics are those that some of the errors are about, each once.
func awaitedTopics(errs []error) []*absentTopic {
	var topics []*absentTopic
	for _, err := range errs {
		var absent *absentTopic
		if errors.As(err, &absent) && !slices.ContainsFunc(topics, func(t *absentTopic) bool { return t.name == absent.name }) {
			topics = append(topics, absent)
		}
	}
	return topics
}

const absentPoll = 2 * time.Second

// errTopicCame is why a shard is acquired anew that has waited for a topic.
var errTopicCame = errors.New("a topic that was waited for is there now")

// awaitTopics has the shard acquired anew once a topic is there that some of its components wait for. It returns when that is so, or ctx has ended.
func (s *shard) awaitTopics(ctx context.Context, absent []*absentTopic) {
	var names []string
	for _, topic := range absent {
		names = append(names, topic.name)
		s.engine.waits.once("topic "+topic.name, topic, absentPoll)
	}
	for sleep(ctx, absentPoll) {
		found, err := s.engine.asks.Describe(ctx, names...)
		if err != nil {
			continue // The brokers are away: others say so.
		}
		for _, name := range names {
			if _, there := found[name]; there {
				s.engine.waits.over("topic " + name)
				s.breakDown(errTopicCame)
				return
			}
		}
	}
}
