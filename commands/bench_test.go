package commands

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// idle answers every command with one event and a state that were made before.
type idle struct{ decision entities.Decision }

func (b *idle) InitialState() entities.State                       { return b }
func (b *idle) DecodeState(uint64, []byte) (entities.State, error) { return b, nil }
func (b *idle) StateJSON(entities.State) ([]byte, error)           { return []byte("{}"), nil }
func (b *idle) EncodeState(entities.State) ([]byte, uint64, error) { return nil, 0, nil }
func (b *idle) Evolve(_ context.Context, s entities.State, _ *behaviors.Event) (entities.State, *entities.Failure) {
	return s, nil
}

func (b *idle) Decide(_ context.Context, turns []behaviors.Turn) {
	for i := range turns {
		turns[i].Decision = b.decision
	}
}

// sink is a window without a store that keeps nothing.
type sink struct{}

func (sink) NowMS() int64                                                   { return 1_000_000 }
func (sink) Get([]byte) ([]byte, error)                                     { return nil, nil }
func (sink) Put(*partitions.Record, []byte, []byte, []kgo.RecordHeader)     {}
func (sink) PutCopied(*partitions.Record, []byte, []byte, *partitions.Copy) {}
func (sink) Delete(*partitions.Record, []byte, []kgo.RecordHeader)          {}
func (sink) Produce(*partitions.Record, partitions.OutputKind, *kgo.Record) {}
func (sink) CanReply(string, int32) (int32, bool)                           { return 0, true }
func (sink) Partitions(string) (int32, error)                               { return 0, nil }
func (sink) Count(partitions.Tally)                                         {}

// What the write side itself costs: one command of one of many entities, one event, one stored state.
func BenchmarkProcess(b *testing.B) {
	const entitiesCount, batch = 10_000, 500
	state := make([]byte, 100)
	behavior := &idle{decision: entities.Decision{
		Events: []entities.Event{{Type: "Added", Payload: entities.Payload{Data: state, ContentType: "application/avro"}}},
		State:  struct{}{}, StateData: state, StateFingerprint: 1,
	}}
	for _, headers := range []struct {
		name string
		make func(i int) []kgo.RecordHeader
	}{
		{"plain", func(int) []kgo.RecordHeader { return nil }},
		{"typed", func(int) []kgo.RecordHeader {
			return []kgo.RecordHeader{{Key: records.Type, Value: []byte("Add")}, {Key: records.ContentType, Value: []byte("application/avro")}}
		}},
		{"named", func(i int) []kgo.RecordHeader {
			return []kgo.RecordHeader{{Key: records.Type, Value: []byte("Add")}, {Key: records.ID, Value: fmt.Append(nil, i)}}
		}},
	} {
		b.Run(headers.name, func(b *testing.B) {
			d := Definition{
				Topics: topics.Context{Name: "shop", Partitions: 1}, Name: "counter", Behavior: behavior, Remember: entities.DefaultRemember,
				MaxRecordBytes: 1 << 20, CacheBytes: 64 << 20,
			}
			p := newProcessor(b.Context(), d, 0)
			recs := make([]partitions.Record, entitiesCount)
			for i := range recs {
				recs[i].Record = &kgo.Record{
					Topic: "shop.counter.commands", Offset: int64(i) + 1_000_000, Key: fmt.Appendf(nil, "entity-%d", i), Value: state,
					Timestamp: time.UnixMilli(999_000), Headers: headers.make(i),
				}
			}
			id := 0
			b.ReportAllocs()
			for at := 0; b.Loop(); at = (at + batch) % entitiesCount {
				if headers.name == "named" {
					b.StopTimer()
					for i := range batch {
						id++
						recs[at+i].Headers[1].Value = fmt.Append(nil, id)
					}
					b.StartTimer()
				}
				if err := p.Process(sink{}, recs[at:at+batch]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/command")
		})
	}
}
