package service

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// unreachable logs the first failure to connect at once: a client with several brokers tries on for many seconds before it returns one.
type unreachable struct {
	logger *slog.Logger
	once   sync.Once
}

var _ kgo.HookBrokerConnect = (*unreachable)(nil)

// OnBrokerConnect is called for every attempt.
func (u *unreachable) OnBrokerConnect(broker kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, kgo.ErrClientClosed) {
		return
	}
	u.once.Do(func() {
		address := net.JoinHostPort(broker.Host, strconv.Itoa(int(broker.Port)))
		u.logger.Warn("cannot reach a broker", slog.String("broker", address), slog.String("error", err.Error()))
	})
}
