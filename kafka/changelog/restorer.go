package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// FromStart asks for everything that the log still has.
const FromStart records.Position = -1

// A Request is one partition to be read to its end.
type Request struct {
	records.TopicPartition
	// From is the first position to read, or FromStart.
	From records.Position
	// To is where to stop short of the end: nothing from there on is applied. 0 for the end.
	To records.Position
	// Apply gets the committed records in order, and the position behind them. It is called at least once; the last call may have no records.
	Apply func(batch []*kgo.Record, next records.Position) error
	// Progress is told how far it has come: offsets read, offsets left. May be nil.
	Progress func(read, remaining int64)
	// Stuck is called when the position does not move on below the end: an open transaction holds the stable end back. May be nil.
	Stuck func(ctx context.Context, s Standstill) error
}

// A Standstill is a position below the end that has not moved on for some time.
type Standstill struct {
	records.TopicPartition
	At    records.Position
	Since time.Time
}

// A Restorer reads many partitions at once, each by the goroutine that asks, with one of a few clients. So memory is bounded by what the clients
// fetch ahead, and a slow Apply holds only its own client.
type Restorer struct {
	config  client.Config
	clients chan *kgo.Client // nil entries: not made yet
}

const (
	parallelReads = 6
	// stuckAfter is how long the position may rest below the end before the reason is looked for.
	stuckAfter = 200 * time.Millisecond
)

// NewRestorer makes a Restorer; clients are made when they are needed.
func NewRestorer(cfg client.Config) *Restorer {
	r := &Restorer{config: cfg, clients: make(chan *kgo.Client, parallelReads)}
	for range parallelReads {
		r.clients <- nil
	}
	return r
}

// Close closes the clients; no call may be under way.
func (r *Restorer) Close() {
	for range parallelReads {
		if cl := <-r.clients; cl != nil {
			cl.Close()
		}
	}
}

// OutOfRange says that the log does not have the position asked for.
type OutOfRange struct {
	records.TopicPartition
	Asked, Start, End records.Position
}

func (e *OutOfRange) Error() string {
	return fmt.Sprintf("%s has positions %d to %d, not %d", e.TopicPartition, e.Start, e.End, e.Asked)
}

// Restore reads a partition to the end that it has now, or as far as is asked for.
func (r *Restorer) Restore(ctx context.Context, q Request) error {
	var cl *kgo.Client
	select {
	case cl = <-r.clients:
	case <-ctx.Done():
		return ctx.Err()
	}
	if cl == nil {
		var err error
		if cl, err = client.NewConsumer(r.config); err != nil {
			r.clients <- nil
			return err
		}
	}
	err := read(ctx, cl, q)
	if err != nil {
		// What it still had for this partition must not reach the next reader.
		cl.Close()
		cl = nil
		err = fmt.Errorf("reading %s: %w", q.TopicPartition, client.NameRight(err, "READ", "topic "+q.Topic))
	}
	r.clients <- cl
	return err
}

// A reading is one partition being read by one client.
type reading struct {
	Request
	cl                 *kgo.Client
	start, at, end     records.Position
	appliedAtLeastOnce bool
	// moved is when the position last did.
	moved time.Time
}

func read(ctx context.Context, cl *kgo.Client, q Request) error {
	bounds, err := ask(ctx, cl, q.TopicPartition)
	if err != nil {
		return err
	}
	g := &reading{Request: q, cl: cl, start: q.From, at: q.From, end: bounds.End, moved: time.Now()}
	if q.From == FromStart {
		g.start, g.at = bounds.Start, bounds.Start
	}
	if q.To > 0 {
		g.end = min(g.end, q.To)
	}
	if g.at < bounds.Start || g.at > bounds.End {
		return &OutOfRange{TopicPartition: q.TopicPartition, Asked: g.at, Start: bounds.Start, End: bounds.End}
	}
	if g.at < g.end {
		cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{q.Topic: {q.Partition: kgo.NewOffset().At(int64(g.at))}})
		defer cl.RemoveConsumePartitions(map[string][]int32{q.Topic: {q.Partition}})
	}
	for g.at < g.end {
		if err := g.step(ctx); err != nil {
			return err
		}
	}
	if !g.appliedAtLeastOnce {
		return g.apply(nil, g.at)
	}
	return nil
}

// step takes what one poll returns, or looks why there is nothing.
func (g *reading) step(ctx context.Context) error {
	pollCtx, cancel := context.WithTimeout(ctx, stuckAfter)
	defer cancel()
	fetches := g.cl.PollFetches(pollCtx)
	if err := ctx.Err(); err != nil {
		return err
	}
	before := g.at
	var failed error
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if p.Topic != g.Topic || p.Partition != g.Partition {
			return
		}
		failed = errors.Join(failed, g.judge(ctx, p.Err))
		if len(p.Records) > 0 {
			failed = errors.Join(failed, g.take(p.Records))
		}
	})
	if failed != nil || g.at > before {
		return failed
	}
	// A poll that brings nothing but an error to be retried returns at once, each time.
	<-pollCtx.Done()
	return g.rest(ctx)
}

// judge passes on what polling again will not mend.
func (g *reading) judge(ctx context.Context, err error) error {
	var lost *kgo.ErrDataLoss
	switch {
	case err == nil, errors.Is(err, context.DeadlineExceeded):
		return nil
	case errors.Is(err, kerr.OffsetOutOfRange), errors.As(err, &lost):
		now, asked := ask(ctx, g.cl, g.TopicPartition)
		return errors.Join(&OutOfRange{TopicPartition: g.TopicPartition, Asked: g.at, Start: now.Start, End: now.End}, asked)
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID), errors.Is(err, kerr.InconsistentTopicID):
		// Retriable to Kafka, as the broker asked may not know a new topic yet. This one was there when the reading began: it was deleted.
		return err
	case kerr.IsRetriable(err):
		return nil
	}
	return err
}

func (g *reading) take(fetched []*kgo.Record) error {
	next := records.Offset(fetched[len(fetched)-1].Offset).Next()
	if g.To > 0 {
		next = min(next, g.To)
	}
	data := fetched[:0:0]
	for _, r := range fetched {
		if !r.Attrs.IsControl() && records.Position(r.Offset) < next {
			data = append(data, r)
		}
	}
	return g.apply(data, next)
}

func (g *reading) apply(batch []*kgo.Record, next records.Position) error {
	g.appliedAtLeastOnce = true
	if err := g.Apply(batch, next); err != nil {
		return err
	}
	g.at, g.moved = next, time.Now()
	if g.Progress != nil {
		g.Progress(int64(g.at-g.start), g.at.Behind(g.end))
	}
	return nil
}

// rest is called when the position rests below the end. Either a transaction is open, or the rest of the log holds nothing that a reader is
// given: compaction leaves batches without records, and after a roll of segments not even these.
func (g *reading) rest(ctx context.Context) error {
	next, err := nextData(ctx, g.cl, g.TopicPartition, g.at, g.end)
	switch {
	case err != nil:
		if kerr.IsRetriable(err) || !isKafka(err) {
			return nil // Asked again after the next poll.
		}
		return err
	case next > g.at:
		return g.apply(nil, next)
	case g.Stuck != nil:
		return g.Stuck(ctx, Standstill{TopicPartition: g.TopicPartition, At: g.at, Since: g.moved})
	}
	return nil
}

func isKafka(err error) bool {
	var ke *kerr.Error
	return errors.As(err, &ke)
}

type bounds struct{ Start, End records.Position }

// ask returns where the log begins and where it ends, uncommitted records included.
func ask(ctx context.Context, cl *kgo.Client, tp records.TopicPartition) (bounds, error) {
	admin := kadm.NewClient(cl)
	starts, err := admin.ListStartOffsets(ctx, tp.Topic)
	if err != nil {
		return bounds{}, err
	}
	ends, err := admin.ListEndOffsets(ctx, tp.Topic)
	if err != nil {
		return bounds{}, err
	}
	start, ok := starts.Lookup(tp.Topic, tp.Partition)
	end, _ := ends.Lookup(tp.Topic, tp.Partition)
	if !ok {
		return bounds{}, kerr.UnknownTopicOrPartition
	}
	if err := errors.Join(start.Err, end.Err); err != nil {
		return bounds{}, err
	}
	return bounds{Start: records.Position(start.Offset), End: records.Position(end.Offset)}, nil
}
