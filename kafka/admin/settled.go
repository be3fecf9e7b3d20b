package admin

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/partita-io/partita/kafka/client"
)

// When a broker has gone the others lead its partitions within seconds (KRaft takes it for gone after broker.session.timeout.ms, 9 s by default).
const (
	settlePatience = 15 * time.Second
	settlePause    = 250 * time.Millisecond
)

// settled asks again while leaders move: while what is asked fails although brokers answer. Where none answers the first error is the answer.
func (a *Admin) settled(ctx context.Context, ask func(context.Context) error) error {
	patience, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	for {
		err := ask(ctx)
		if err == nil || !passes(err) || a.client.Ping(patience) != nil {
			return err
		}
		select {
		case <-patience.Done():
			return err
		case <-time.After(settlePause):
		}
	}
}

// passes tells what ends by itself. A topic that is not there stays so: nothing creates it meanwhile.
func passes(err error) bool {
	var network net.Error
	return !client.IsMissingTopic(err) && (kerr.IsRetriable(err) || errors.As(err, &network))
}
