package partitions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An absentTopic says that a topic of somebody else is not there. What reads it waits; the rest of the shard runs.
type absentTopic struct{ name string }

func (e *absentTopic) Error() string {
	return fmt.Sprintf("topic %s is missing: create it, or start what writes to it", e.name)
}

// missing is the error of an input's topic that is not there: one of this context's was to be created before.
func (rt *engine) missing(topic string) error {
	if strings.HasPrefix(topic, rt.config.Context+".") {
		return missingTopic(topic)
	}
	return &absentTopic{name: topic}
}

// awaitedTopics are those that some of the errors are about, each once.
func awaitedTopics(errs []error) []string {
	var names []string
	for _, err := range errs {
		var absent *absentTopic
		if errors.As(err, &absent) && !slices.Contains(names, absent.name) {
			names = append(names, absent.name)
		}
	}
	return names
}

const absentPoll = 2 * time.Second

// errTopicCame is why a shard is acquired anew that has waited for a topic.
var errTopicCame = errors.New("a topic that was waited for is there now")

// awaitTopics has the shard acquired anew once a topic is there that some of its components wait for. It returns when that is so, or ctx has ended.
func (s *shard) awaitTopics(ctx context.Context, names []string) {
	for _, name := range names {
		s.engine.waits.once("topic "+name, &absentTopic{name: name}, absentPoll)
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
