// Command checkevents reads event topics of any context as a foreign reader would and checks that the events of each entity are numbered from 1
// without gap and double, each on the partition of its key. It shares no code with the runtime.
//
//	go run ./e2e/checkevents -brokers localhost:9092 fleet.aircraft.events fleet.flight.events
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	brokers := flag.String("brokers", "localhost:9092", "host:port of brokers, with commas between")
	flag.Parse()
	wrong := false
	for _, topic := range flag.Args() {
		events, entities, complaints, err := check(context.Background(), strings.Split(*brokers, ","), topic)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		for _, c := range complaints[:min(len(complaints), 20)] {
			fmt.Fprintln(os.Stderr, c)
		}
		wrong = wrong || len(complaints) > 0
		fmt.Printf("%s: %d events of %d entities, %d wrong\n", topic, events, entities, len(complaints))
	}
	if wrong {
		os.Exit(1)
	}
}

// check reads a topic to the end it has now.
func check(ctx context.Context, brokers []string, topic string) (events, entities int, complaints []string, err error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumeTopics(topic), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return 0, 0, nil, err
	}
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListEndOffsets(ctx, topic)
	if err != nil {
		return 0, 0, nil, err
	}
	open := make(map[int32]int64)
	ends.Each(func(e kadm.ListedOffset) {
		if e.Offset > 0 {
			open[e.Partition] = e.Offset
		}
	})
	last := make(map[string]int)
	at := make(map[string]int32)
	for len(open) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return 0, 0, nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset+1 >= open[r.Partition] {
				delete(open, r.Partition)
			}
			if r.Attrs.IsControl() {
				return
			}
			events++
			key := string(r.Key)
			sequence := sequenceOf(r)
			if sequence != last[key]+1 {
				complaints = append(complaints, fmt.Sprintf("%s/%d offset %d: %s has sequence %d after %d", topic, r.Partition, r.Offset, key, sequence, last[key]))
			}
			last[key] = sequence
			if p, ok := at[key]; ok && p != r.Partition {
				complaints = append(complaints, fmt.Sprintf("%s: %s is on partitions %d and %d", topic, key, p, r.Partition))
			}
			at[key] = r.Partition
		})
	}
	return events, len(last), complaints, nil
}

// sequenceOf takes the number out of the event's id, "entity/id/sequence".
func sequenceOf(r *kgo.Record) int {
	for _, h := range r.Headers {
		if h.Key == "ce_id" {
			id := string(h.Value)
			n, err := strconv.Atoi(id[strings.LastIndexByte(id, '/')+1:])
			if err == nil {
				return n
			}
		}
	}
	return -1
}
