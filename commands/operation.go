package commands

import (
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// operate does what an operator asks of a parked entity.
func (p *processor) operate(w partitions.Window, q *request, e *entity) error {
	order, err := records.ParseOrder(*q.operation, q.record.Value)
	parked := e.stored.Parked
	switch {
	case err != nil:
		p.writer.fail(w, q, e.stored.Sequence, &entities.Failure{Code: entities.Malformed, Message: err.Error()})
	case parked == nil:
		p.decline(w, q, e, entities.NotParked, fmt.Sprintf("%s/%s is not parked: nothing waits", p.definition.Name, e.id))
	case order.Number != parked.First:
		p.decline(w, q, e, entities.WrongNumber,
			fmt.Sprintf("the first that waits is number %d, not %d: somebody else has been here, look again", parked.First, order.Number))
	case !order.Singly && (q.record.Refused != "" || q.record.ReplyRefused):
		// The broker refused something of what several commands led to. One after the other they show which it is.
		order.Singly = true
		p.goOn(w, q, *q.operation, order)
	default:
		return p.carryOutOrder(w, q, e, order)
	}
	return nil
}

// decline answers an operation that is not done.
func (p *processor) decline(w partitions.Window, q *request, e *entity, code, message string) {
	p.writer.tell(w, q, &entities.Answer{Status: entities.Rejected, Code: code, Message: message, Sequence: e.stored.Sequence})
}

// carryOutOrder decides commands that wait, in their order, until one fails or the window has enough.
func (p *processor) carryOutOrder(w partitions.Window, q *request, e *entity, order records.Order) error {
	run := releasing{processor: p, window: w, operation: q, entity: e, order: order}
	first, err := run.first()
	if err == nil && *q.operation == records.Skip {
		first, err = run.skip(first)
	}
	if *q.operation == records.Skip && order.Only {
		return run.end(first, err)
	}
	for err == nil && first != nil && !run.stopped && run.hasRoom() {
		first, err = run.release(first)
	}
	if err == nil && first != nil && !run.stopped {
		// Once the command is found of which something was refused, the rest goes on together.
		run.order.Number, run.order.Singly = first.number, order.Singly && q.record.Refused == "" && !q.record.ReplyRefused
		p.goOn(w, q, records.Release, run.order)
		return nil
	}
	return run.end(first, err)
}

// goOn puts an operation behind what is in the log: the commands that came meanwhile wait behind the others, so their order is kept.
func (p *processor) goOn(w partitions.Window, q *request, operation string, order records.Order) {
	value, err := json.Marshal(order)
	if err != nil {
		panic(err) // Strings and numbers.
	}
	next := &kgo.Record{Topic: q.record.Topic, Partition: p.shard, Key: q.record.Key, Value: value}
	for _, h := range q.record.Headers {
		if h.Key == records.Operation {
			h.Value = []byte(operation)
		}
		next.Headers = append(next.Headers, h)
	}
	w.Produce(q.cause, partitions.OutputForward, next)
}
