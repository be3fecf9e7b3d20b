package comparing

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/kafka/client"
)

// Options say what to compare.
type Options struct {
	Client client.Config
	// Topics are those of the two versions.
	Topics     [2]string
	Partitions int32
	// Decode is a row as JSON: equal rows are equal bytes, however they are encoded.
	Decode func(*kgo.Record) json.RawMessage
	// Samples is how many rows that differ are kept.
	Samples int
}

// A Result is what was found.
type Result struct {
	// Rows are how many each version has, and Only those that the other one has not.
	Rows, Only      [2]int64
	Same, Different int64
	// Samples are the first that were found, by partition and key.
	Samples []Sample
}

// A Sample is a row that differs.
type Sample struct {
	Key string
	// Values are nil for a version without the row.
	Values [2]json.RawMessage
	// Fields are those that differ, of a row that both have and that is a record.
	Fields []Field
}

// A Field is one that differs. A value is nil if the row has no such field.
type Field struct {
	Name   string
	Values [2]json.RawMessage
}

// Equal tells that no row differs.
func (r *Result) Equal() bool { return r.Different == 0 && r.Only == [2]int64{} }

// Compare reads what is committed in both topics.
func Compare(ctx context.Context, o Options) (*Result, error) {
	result := new(Result)
	for partition := range o.Partitions {
		var rows [2]map[string]*kgo.Record
		for i, topic := range o.Topics {
			var err error
			if rows[i], err = read(ctx, o.Client, topic, partition); err != nil {
				return nil, err
			}
		}
		result.add(rows, &o)
	}
	return result, nil
}

// read is the newest row of each key.
func read(ctx context.Context, cfg client.Config, topic string, partition int32) (map[string]*kgo.Record, error) {
	rows := make(map[string]*kgo.Record)
	err := following.Follow(ctx, following.Options{Client: cfg, Topic: topic, Partitions: []int32{partition}, UntilEnd: true}, func(r *kgo.Record) error {
		if r.Value == nil {
			delete(rows, string(r.Key))
		} else {
			// What is fetched together is held together: a row must not hold its neighbours.
			rows[string(r.Key)] = &kgo.Record{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value), Headers: cloned(r.Headers)}
		}
		return nil
	})
	return rows, err
}

func cloned(headers []kgo.RecordHeader) []kgo.RecordHeader {
	own := make([]kgo.RecordHeader, len(headers))
	for i, h := range headers {
		own[i] = kgo.RecordHeader{Key: h.Key, Value: bytes.Clone(h.Value)}
	}
	return own
}

// add compares the rows of one partition.
func (r *Result) add(rows [2]map[string]*kgo.Record, o *Options) {
	for _, key := range keysOf(rows) {
		var values [2]json.RawMessage
		for i := range rows {
			if row := rows[i][key]; row != nil {
				r.Rows[i]++
				values[i] = o.Decode(row)
			}
		}
		switch {
		case values[0] == nil:
			r.Only[1]++
		case values[1] == nil:
			r.Only[0]++
		case bytes.Equal(values[0], values[1]):
			r.Same++
			continue
		default:
			r.Different++
		}
		if len(r.Samples) < o.Samples {
			r.Samples = append(r.Samples, Sample{Key: key, Values: values, Fields: differing(values)})
		}
	}
}

// keysOf are those of both, in order.
func keysOf[V any](both [2]map[string]V) []string {
	all := make(map[string]bool)
	for _, one := range both {
		for key := range one {
			all[key] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// differing are the fields of two records that differ, in the order of their names.
func differing(values [2]json.RawMessage) []Field {
	var records [2]map[string]json.RawMessage
	for i, value := range values {
		if value == nil || json.Unmarshal(value, &records[i]) != nil {
			return nil
		}
	}
	var fields []Field
	for _, name := range keysOf(records) {
		if a, b := records[0][name], records[1][name]; !bytes.Equal(a, b) {
			fields = append(fields, Field{Name: name, Values: [2]json.RawMessage{a, b}})
		}
	}
	return fields
}
