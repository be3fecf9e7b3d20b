package e2e_test

import (
	"context"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// A cluster is brokers of a script's own, which it may stop and break.
type cluster interface {
	// start starts the brokers, the first time or again with what they hold, and returns their addresses.
	start(ctx context.Context) ([]string, error)
	stop(ctx context.Context) error
	// hang lets brokers take requests and never answer.
	hang(ctx context.Context) error
	// shrink leaves too few replicas in sync for a write to a context's topics, but to those of commands; grow brings them back.
	shrink(ctx context.Context, context string) error
	grow(ctx context.Context) error
	// move gives every group and every transactional id another coordinator.
	move(ctx context.Context, group string) error
}

type clusterKey struct{}

// ownCluster is a script's cluster; nil before it has one.
type ownCluster struct {
	cluster
	addresses []string
}

// ownBrokers starts and breaks brokers of the script's own; what is run after `brokers start` uses them:
//
//	brokers start [NODES]           starts them, 1 or 3; after a stop the same ones again
//	brokers stop                    they are away, what they hold is kept
//	brokers hang                    no request is answered any more
//	brokers shrink                  too few replicas are in sync for a write
//	brokers grow                    enough are again
//	brokers move                    coordinators move
//	brokers deny RIGHT TYPE NAME    nobody has the right, as WRITE topic shop.cart.events
//	brokers grant RIGHT TYPE NAME   everybody has it again
func (h *harness) ownBrokers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: brokers start|stop|hang|shrink|grow|move|deny|grant [ARG ...]")
	}
	own := ts.Value(clusterKey{}).(*ownCluster)
	if own.cluster == nil {
		own.cluster = h.newCluster(ts, args[1:])
		ts.Defer(func() { _ = own.stop(context.WithoutCancel(h.ctx)) }) // The script has ended.
	}
	group := ts.Getenv("CONTEXT")
	switch args[0] {
	case "start":
		var err error
		own.addresses, err = own.start(h.ctx)
		ts.Check(err)
		ts.Setenv(brokersEnv, strings.Join(own.addresses, ","))
	case "stop":
		ts.Check(own.stop(h.ctx))
	case "hang":
		ts.Check(own.hang(h.ctx))
	case "shrink":
		ts.Check(own.shrink(h.ctx, group))
	case "grow":
		ts.Check(own.grow(h.ctx))
	case "move":
		ts.Check(own.move(h.ctx, group))
	case "deny":
		ts.Check(deny(h.ctx, own.addresses, args[1:]))
	case "grant":
		ts.Check(grant(h.ctx, own.addresses, args[1:]))
	default:
		ts.Fatalf("brokers %s: there is no such thing", args[0])
	}
}

func (h *harness) newCluster(ts *testscript.TestScript, args []string) cluster {
	nodes := 1
	if len(args) == 1 && args[0] == "3" {
		nodes = 3
	}
	if h.kafka != "" {
		return newKafka(ts, h.kafka, nodes, freeAddress(h.ctx, ts))
	}
	return &fake{dir: ts.MkAbs(".brokers"), nodes: nodes}
}
