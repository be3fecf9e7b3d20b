package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
)

// unreachable names the brokers in an error that comes of their silence.
func unreachable(err error, cfg client.Config) error {
	var network net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) || errors.Is(err, kgo.ErrRecordTimeout) {
		return fmt.Errorf("brokers %s cannot be reached: is the address right, and do they run? (%w)", strings.Join(cfg.Brokers, ", "), err)
	}
	return err
}
