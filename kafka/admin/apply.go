package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/topics"
)

// Apply carries out the changes of diffs, calling done after each, and returns when every topic it made can be written to. Differences
// without a change are passed over. It goes on after an error and returns all of them.
func (a *Admin) Apply(ctx context.Context, diffs []topics.Difference, done func(topics.Difference)) error {
	var failed []error
	var made []topics.Spec
	for _, d := range diffs {
		if !d.HasChange() {
			continue
		}
		if err := a.applyOne(ctx, d); err != nil {
			failed = append(failed, fmt.Errorf("topic %s: %w", d.Spec.Name, err))
			continue
		}
		if d.Create || d.AddPartitions > 0 {
			made = append(made, d.Spec)
		}
		if done != nil {
			done(d)
		}
	}
	failed = append(failed, a.awaitLeaders(ctx, made))
	return errors.Join(failed...)
}

func (a *Admin) applyOne(ctx context.Context, d topics.Difference) error {
	switch {
	case d.Create:
		return a.create(ctx, d.Spec)
	case d.AddPartitions > 0:
		return a.addPartitions(ctx, d.Spec)
	default:
		return a.set(ctx, d.Spec.Name, d.Set)
	}
}

// create takes a topic that exists for done: another process was faster. The next Diff judges what it made.
func (a *Admin) create(ctx context.Context, spec topics.Spec) error {
	config := make(map[string]*string, len(spec.Config))
	for key, value := range spec.Config {
		config[key] = &value
	}
	resp, err := a.adm.CreateTopic(ctx, spec.Partitions, spec.Replication, config, spec.Name)
	if errors.Is(err, kerr.TopicAlreadyExists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("creating it: %w", client.NameRight(brokerError(err, resp.ErrMessage), "CREATE", "topic "+spec.Name))
	}
	return nil
}

// addPartitions looks again for records: they may have come since the topic was described, and then it is too late.
func (a *Admin) addPartitions(ctx context.Context, spec topics.Spec) error {
	bounds, err := a.Bounds(ctx, spec.Name)
	if err != nil {
		return err
	}
	for _, b := range bounds {
		if b.End > 0 {
			return errors.New("holds records by now: its partitions are not changed")
		}
	}
	responses, err := a.adm.UpdatePartitions(ctx, int(spec.Partitions), spec.Name)
	if err == nil {
		r := responses[spec.Name]
		err = brokerError(r.Err, r.ErrMessage)
	}
	if err != nil {
		return fmt.Errorf("adding partitions: %w", client.NameRight(err, "ALTER", "topic "+spec.Name))
	}
	return nil
}

func (a *Admin) set(ctx context.Context, name string, values map[string]string) error {
	changes := make([]kadm.AlterConfig, 0, len(values))
	for key, value := range values {
		changes = append(changes, kadm.AlterConfig{Op: kadm.SetConfig, Name: key, Value: &value})
	}
	responses, err := a.adm.AlterTopicConfigs(ctx, changes, name)
	for _, r := range responses {
		err = errors.Join(err, brokerError(r.Err, r.ErrMessage))
	}
	if err != nil {
		return fmt.Errorf("changing its settings: %w", client.NameRight(err, "ALTER_CONFIGS", "topic "+name))
	}
	return nil
}

const leaderPollInterval = 50 * time.Millisecond

// awaitLeaders waits until brokers say that every partition has a leader: the controller answers before the brokers know of a new topic, and
// a producer that is too early would take the topic for missing.
func (a *Admin) awaitLeaders(ctx context.Context, specs []topics.Spec) error {
	if len(specs) == 0 {
		return nil
	}
	tick := time.NewTicker(leaderPollInterval)
	defer tick.Stop()
	for {
		waiting, err := a.withoutLeader(ctx, specs)
		if err == nil && waiting == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("topic %s was created and has no leader yet: %w", waiting, errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}

func (a *Admin) withoutLeader(ctx context.Context, specs []topics.Spec) (string, error) {
	req := kmsg.NewPtrMetadataRequest()
	want := map[string]int32{}
	for _, spec := range specs {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = &spec.Name
		req.Topics = append(req.Topics, t)
		want[spec.Name] = spec.Partitions
	}
	resp, err := req.RequestWith(ctx, a.client)
	if err != nil {
		return specs[0].Name, err
	}
	for _, t := range resp.Topics {
		var led int32
		for _, p := range t.Partitions {
			if p.ErrorCode == 0 && p.Leader >= 0 {
				led++
			}
		}
		if t.Topic != nil && led < want[*t.Topic] {
			return *t.Topic, nil
		}
	}
	return "", nil
}
