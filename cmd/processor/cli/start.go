package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/service"
)

// A start says where a component goes on in one of its inputs.
type start struct {
	component, topic string
	// partition is the only one meant, if it is not negative.
	partition int32
	// place is earliest, latest or an offset.
	place  string
	offset int64
}

const (
	earliest = "earliest"
	latest   = "latest"
)

func parseStarts(args []string) ([]start, error) {
	starts := make([]start, 0, len(args))
	for _, arg := range args {
		component, rest, ok := strings.Cut(arg, "=")
		colon := strings.LastIndexByte(rest, ':')
		if !ok || component == "" || colon < 1 {
			return nil, wrongUsage("--start %s: want COMPONENT=TOPIC[/PARTITION]:earliest, :latest or :OFFSET", arg)
		}
		s := start{component: component, topic: rest[:colon], partition: -1, place: rest[colon+1:]}
		if topic, number, one := strings.Cut(s.topic, "/"); one {
			partition, err := strconv.ParseInt(number, 10, 32)
			if err != nil || partition < 0 {
				return nil, wrongUsage("--start %s: %q is not a partition", arg, number)
			}
			s.topic, s.partition = topic, int32(partition)
		}
		if s.place != earliest && s.place != latest {
			var err error
			if s.offset, err = strconv.ParseInt(s.place, 10, 64); err != nil || s.offset < 0 {
				return nil, wrongUsage("--start %s: %q is not earliest, latest or an offset", arg, s.place)
			}
		}
		starts = append(starts, s)
	}
	return starts, nil
}

// startComponents writes positions. Processors read theirs when they acquire a shard, and write them with each window: so none may run.
func (a *app) startComponents(ctx context.Context, cfg client.Config, asks *admin.Admin, c *service.Context, board *control.Board, starts []start) error {
	members, err := asks.Members(ctx, c.Topics.Name, c.Topics.Progress().Name)
	if err != nil {
		return unreachable(err, cfg)
	}
	if len(members) > 0 {
		return fmt.Errorf("%d processors of %s run: stop them first (a killed one is in the group for some seconds more)", len(members), c.Topics.Name)
	}
	producer, err := client.NewPlainProducer(cfg)
	if err != nil {
		return err
	}
	defer producer.Close()
	for _, s := range starts {
		if err := s.check(c.ComponentsOf(board)); err != nil {
			return err
		}
		positions, err := s.records(ctx, asks, c)
		if err != nil {
			return err
		}
		if err := producer.ProduceSync(ctx, positions...).FirstErr(); err != nil {
			return fmt.Errorf("writing positions: %w", err)
		}
		if _, err := fmt.Fprintf(a.out, "%s goes on at %s in %s (%d partitions)\n", s.component, s.place, s.topic, len(positions)); err != nil {
			return err
		}
	}
	return nil
}

func (s start) check(components []partitions.Component) error {
	var names []string
	for _, component := range components {
		names = append(names, component.Name)
		if component.Name != s.component {
			continue
		}
		var inputs []string
		for _, input := range component.Inputs {
			inputs = append(inputs, input.Topic)
		}
		if !slices.Contains(inputs, s.topic) {
			return wrongUsage("--start: %s does not read %s; it reads %s", s.component, s.topic, strings.Join(inputs, ", "))
		}
		return nil
	}
	return wrongUsage("--start: there is no component %s; there are %s", s.component, strings.Join(names, ", "))
}

func (s start) records(ctx context.Context, asks *admin.Admin, c *service.Context) ([]*kgo.Record, error) {
	found, err := asks.Describe(ctx, s.topic)
	if err != nil {
		return nil, err
	}
	topic, ok := found[s.topic]
	if !ok {
		return nil, fmt.Errorf("topic %s is missing", s.topic)
	}
	bounds, err := asks.Bounds(ctx, s.topic)
	if err != nil {
		return nil, err
	}
	var positions []*kgo.Record
	for at, b := range bounds {
		if s.partition >= 0 && at.Partition != s.partition {
			continue
		}
		position, err := s.position(at, b)
		if err != nil {
			return nil, err
		}
		progress := records.Progress{Position: position, TopicID: topic.ID, LeaderEpoch: -1, WrittenMS: time.Now().UnixMilli()}
		positions = append(positions, &kgo.Record{
			Topic: c.Topics.Progress().Name, Partition: at.Partition % c.Topics.Partitions,
			Key:   []byte(records.ProgressKey{Component: s.component, TopicPartition: at}.String()),
			Value: progress.Append(nil),
		})
	}
	if len(positions) == 0 {
		return nil, fmt.Errorf("topic %s has no partition %d", s.topic, s.partition)
	}
	return positions, nil
}

func (s start) position(at records.TopicPartition, b admin.Bounds) (records.Position, error) {
	switch s.place {
	case earliest:
		return b.Start, nil
	case latest:
		return b.Stable, nil
	}
	p := records.Position(s.offset)
	if p < b.Start || p > b.Stable {
		return 0, fmt.Errorf("offset %d is not in %s, which goes from %d to %d", s.offset, at, b.Start, b.Stable)
	}
	return p, nil
}
