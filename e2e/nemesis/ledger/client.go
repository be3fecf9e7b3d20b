package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

const (
	// askAgain is after how long without an answer a command is asked again.
	askAgain = 4 * time.Second
	// produceTimeout is after how long the brokers have not taken a command that may still be given up.
	produceTimeout = 10 * time.Second
	// refusedPause is before a command is asked again that the brokers did not take.
	refusedPause = 250 * time.Millisecond
	// spread is how far the members of a team are apart at most.
	spread = 20 * time.Millisecond
)

// A client asks one command after the other.
type client struct {
	w      *Workload
	number int
	team   *team
	rand   *rand.Rand
}

func (w *Workload) newClient(number int) *client {
	return &client{w: w, number: number, team: w.teams[number/teamSize], rand: rand.New(rand.NewPCG(w.cfg.Seed, uint64(number)))}
}

// run asks until ctx ends; what was asked by then it asks until it is answered, or patient ends.
func (c *client) run(ctx, patient context.Context) {
	interval := time.Duration(c.w.cfg.Clients) * time.Second / time.Duration(c.w.cfg.CommandsPerSecond)
	// Teams begin one after another.
	begin := c.w.started.Add(interval * time.Duration(c.team.number) / time.Duration(len(c.w.teams)))
	for {
		turn := max(0, int64(time.Since(begin)/interval)+1)
		at := begin.Add(interval*time.Duration(turn) + rand.N(spread))
		if !wait(ctx, time.Until(at)) {
			return
		}
		// All of a team draw the same slot at the same turn.
		drawn := rand.New(rand.NewPCG(c.w.cfg.Seed^uint64(c.team.number)<<32, uint64(turn))).IntN(slotsPerTeam)
		c.do(patient, c.team.slots[drawn])
	}
}

// wait tells whether ctx lasted.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// do asks a drawn command, again and again, until it is answered or ctx ends.
func (c *client) do(ctx context.Context, s *slot) {
	o, answered := c.w.enter(c, s)
	for ctx.Err() == nil {
		refused := make(chan struct{}, 1)
		c.w.asking(o)
		c.w.producer.Produce(ctx, c.record(o), func(_ *kgo.Record, err error) {
			if err != nil {
				refused <- struct{}{}
			}
		})
		timer := time.NewTimer(askAgain)
		select {
		case <-answered:
			timer.Stop()
			s.told(o.ID, o.Answer.Sequence)
			return
		case <-refused:
			timer.Stop()
			wait(ctx, refusedPause)
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// record is a command as any client could send it; some go to a partition that is not theirs.
func (c *client) record(o *operation) *kgo.Record {
	header := func(key, format string, args ...any) kgo.RecordHeader {
		return kgo.RecordHeader{Key: key, Value: fmt.Appendf(nil, format, args...)}
	}
	r := &kgo.Record{
		Topic: c.w.topics.Commands(o.Entity).Name, Key: []byte(o.ID), Value: o.payload(), Partition: records.Partition([]byte(o.ID), shards),
		Headers: []kgo.RecordHeader{
			header(records.Type, "%s", o.Type), header(records.ContentType, "application/json"),
			header(records.Source, "%s", c.w.book.source), header(records.ID, "%s", commandID(o.Number)),
			header(records.ReplyTopic, "%s", c.w.topics.Replies().Name), header(records.ReplyPartition, "%d", c.number%int(shards)),
			header(records.CorrelationID, "%s/%d", c.w.book.source, o.Number),
		},
	}
	if o.Expected >= 0 {
		r.Headers = append(r.Headers, header(records.ExpectedSequence, "%d", o.Expected))
	}
	if c.rand.IntN(20) == 0 {
		r.Partition = c.rand.Int32N(shards)
	}
	return r
}

// payload is the command's fields as JSON.
func (c *command) payload() []byte {
	fields := map[string]any{}
	switch c.Type {
	case "Add":
		fields["by"], fields["times"], fields["group"] = c.By, c.Times, c.Group
	case "Append":
		fields["element"] = c.Element
	}
	b, err := json.Marshal(fields)
	if err != nil {
		panic(err) // Numbers and text are always JSON.
	}
	return b
}
