package transactions

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
)

// A Pair is two transactional producers used in turn. After a commit the coordinator still writes markers for some milliseconds, and the
// broker holds back the first write of that producer's next transaction for 20 ms and more (KAFKA-18654); the other producer needs not wait.
//
// A pair belongs to one goroutine; its transactions may be finished by others.
type Pair struct {
	config    client.Config
	ids       [2]string
	needsAdd  bool
	producers [2]*kgo.Client
	turn      int
}

// TransactionalID is "partita/<context>/<instance>/<lane>/<a|b>".
func TransactionalID(context, instance, lane, turn string) string {
	return contextPrefix(context) + instance + "/" + lane + "/" + turn
}

func contextPrefix(context string) string { return "partita/" + context + "/" }

// Open makes the producers of a lane. Whatever an earlier process of this instance left open is aborted before it returns. offsetsNeedAdd is
// what OffsetsNeedAdd found.
func Open(ctx context.Context, cfg client.Config, contextName, instance, lane string, offsetsNeedAdd bool) (*Pair, error) {
	p := &Pair{
		config: cfg,
		ids: [2]string{
			TransactionalID(contextName, instance, lane, "a"),
			TransactionalID(contextName, instance, lane, "b"),
		},
		needsAdd: offsetsNeedAdd,
	}
	if err := p.Reset(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Reset ends what is open by taking both transactional ids anew: the broker aborts a transaction that is open, finishes one whose commit it
// has accepted, and answers when it has. So an outcome that was unknown is settled when Reset returns without error.
//
// Producers are replaced and not recovered: kgo counts several errors as fatal for a producer, and a new one costs a few milliseconds.
func (p *Pair) Reset(ctx context.Context) error {
	p.Close()
	for i, id := range p.ids {
		cl, err := client.NewProducer(p.config, id)
		if err != nil {
			return fmt.Errorf("producer %s: %w", id, err)
		}
		p.producers[i] = cl
		if _, _, err := cl.ProducerID(ctx); err != nil {
			return fmt.Errorf("taking transactional id %s: %w", id, client.NameRight(err, "WRITE", "transactional-id "+id))
		}
	}
	return nil
}

// Close abandons what is open. The broker aborts it when the ids are taken anew, by this instance or by a successor, or when it times out.
func (p *Pair) Close() {
	for i, cl := range p.producers {
		if cl != nil {
			cl.Close()
			p.producers[i] = nil
		}
	}
}

// Begin starts a transaction on the producer whose turn it is.
func (p *Pair) Begin() (*Transaction, error) {
	cl := p.producers[p.turn]
	if err := cl.BeginTransaction(); err != nil {
		return nil, fmt.Errorf("beginning a transaction on %s: %w", p.ids[p.turn], err)
	}
	tx := &Transaction{producer: cl, id: p.ids[p.turn], needsAdd: p.needsAdd}
	p.turn = 1 - p.turn
	return tx, nil
}
