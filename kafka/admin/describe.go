package admin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/topics"
)

// Describe returns the topics of these names that exist. Nothing is created by asking.
//
// Brokers learn of a topic one after another: one lists it, and the next, asked for its settings, does not know it yet. So it is asked again.
func (a *Admin) Describe(ctx context.Context, names ...string) (map[string]topics.Found, error) {
	patience, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	for {
		found, err := a.describe(ctx, names)
		if err == nil {
			return found, nil
		}
		err = fmt.Errorf("describing topics: %w", err)
		if !client.IsMissingTopic(err) {
			return nil, err
		}
		select {
		case <-patience.Done():
			return nil, err
		case <-time.After(settlePause):
		}
	}
}

func (a *Admin) describe(ctx context.Context, names []string) (map[string]topics.Found, error) {
	found, err := a.metadata(ctx, names)
	if err != nil || len(found) == 0 {
		return found, err
	}
	existing := slices.Collect(maps.Keys(found))
	if err := a.addConfig(ctx, found, existing); err != nil {
		return nil, err
	}
	bounds, err := a.Bounds(ctx, existing...)
	if err != nil {
		return nil, err
	}
	for partition, b := range bounds {
		f := found[partition.Topic]
		f.HasRecords = f.HasRecords || b.End > 0
		found[partition.Topic] = f
	}
	return found, nil
}

func (a *Admin) metadata(ctx context.Context, names []string) (map[string]topics.Found, error) {
	found := map[string]topics.Found{}
	if len(names) == 0 {
		return found, nil // Asking for no topic by name would be asking for all.
	}
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range names {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = &name
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, a.client)
	if err != nil {
		return nil, err
	}
	for _, t := range resp.Topics {
		if t.Topic == nil {
			continue
		}
		err := kerr.ErrorForCode(t.ErrorCode)
		switch {
		case errors.Is(err, kerr.UnknownTopicOrPartition):
		case err != nil && (!errors.Is(err, kerr.LeaderNotAvailable) || len(t.Partitions) == 0):
			// Without a leader for some of its partitions a topic is described all the same. Without any partition it is being made, or the broker is
			// still starting: it has no id yet, and who kept that would be refused for ever.
			return nil, fmt.Errorf("topic %s: %w", *t.Topic, client.NameRight(err, "DESCRIBE", "topic "+*t.Topic))
		default:
			found[*t.Topic] = topics.Found{
				Name: *t.Topic, ID: t.TopicID, Partitions: int32(len(t.Partitions)), Replication: fewestCopies(t.Partitions),
			}
		}
	}
	return found, nil
}

func fewestCopies(partitions []kmsg.MetadataResponseTopicPartition) int16 {
	var fewest int16
	for i, p := range partitions {
		if n := int16(len(p.Replicas)); i == 0 || n < fewest {
			fewest = n
		}
	}
	return fewest
}

func (a *Admin) addConfig(ctx context.Context, found map[string]topics.Found, names []string) error {
	req := kmsg.NewPtrDescribeConfigsRequest()
	for _, name := range names {
		r := kmsg.NewDescribeConfigsRequestResource()
		r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, name
		req.Resources = append(req.Resources, r)
	}
	resp, err := req.RequestWith(ctx, a.client)
	if err != nil {
		return err
	}
	for _, r := range resp.Resources {
		if err := kerr.ErrorForCode(r.ErrorCode); err != nil {
			return fmt.Errorf("settings of topic %s: %w", r.ResourceName, client.NameRight(err, "DESCRIBE_CONFIGS", "topic "+r.ResourceName))
		}
		f := found[r.ResourceName]
		f.Config = make(map[string]string, len(r.Configs))
		for _, c := range r.Configs {
			if c.Value != nil {
				f.Config[c.Name] = *c.Value
			}
		}
		found[r.ResourceName] = f
	}
	return nil
}
