package partitions

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A view is what a processor sees of a window: the share of its own task, at one time.
type view struct {
	ctx     context.Context //nolint:containedctx // A view lives as long as one call of Process, whose interface has none.
	part    *part
	nowMS   int64
	replies *replyTopics
	targets *targets
}

var _ Window = (*view)(nil)

func (v *view) NowMS() int64 { return v.nowMS }

func (v *view) Get(key []byte) ([]byte, error) { return v.part.task.get(key) }

func (v *view) Put(cause *Record, key, value []byte, headers []kgo.RecordHeader) {
	if value == nil {
		value = []byte{}
	}
	v.part.bytes += v.part.overlay.set(cause, key, value, headers)
}

func (v *view) PutCopied(cause *Record, key, value []byte, to *Copy) {
	v.part.bytes += v.part.overlay.setCopied(cause, key, value, nil, to)
}

func (v *view) Delete(cause *Record, key []byte, headers []kgo.RecordHeader) {
	v.part.bytes += v.part.overlay.set(cause, key, nil, headers)
}

func (v *view) Produce(cause *Record, kind OutputKind, out *kgo.Record) {
	if out.Timestamp.IsZero() {
		out.Timestamp = time.UnixMilli(v.nowMS)
	}
	v.part.outputs = append(v.part.outputs, output{record: out, cause: cause, kind: kind})
	v.part.bytes += len(out.Key) + len(out.Value) + outputOverhead
}

func (v *view) CanReply(topic string, partition int32) (int32, bool) {
	return v.replies.choose(v.ctx, topic, partition, v.part.task.shard.number)
}

func (v *view) Partitions(topic string) (int32, error) {
	if n := v.targets.partitions(topic); n > 0 {
		return n, nil
	}
	return v.replies.count(v.ctx, topic)
}

func (v *view) Count(t Tally) { v.part.tallies = append(v.part.tallies, t) }

// outputOverhead is about what a produced record costs beside its key and value: headers and bookkeeping.
const outputOverhead = 256
