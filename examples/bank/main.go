// Command bank runs accounts in Go: a main of some lines around account.go.
//
//	go run ./examples/bank                              with a broker in the process, on 127.0.0.1:9092 or a free port
//	go run ./examples/bank -brokers kafka:9092          against yours
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/partita-io/partita"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/internal/embedded"
	"github.com/partita-io/partita/schemas"
)

// bank is the context. It writes JSON, for people to read.
var bank = partita.Context{Name: "bank", Partitions: 12, Encoding: schemas.JSONEncoding, Parts: []typed.Part{account, incoming, large}}

func main() {
	brokers := flag.String("brokers", "", "host:port of brokers, with commas between; empty: one in this process")
	state := flag.String("state-dir", ".partita/bank", "where state is kept")
	flag.Parse()
	if err := run(untilSignal(), *brokers, *state); err != nil {
		fmt.Fprintln(os.Stderr, "bank:", err)
		os.Exit(1)
	}
}

// untilSignal is a context that ends at a signal to stop. A second one ends the process at once, as if nobody listened.
func untilSignal() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}

func run(ctx context.Context, brokers, state string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if brokers == "" {
		broker, err := embedded.Start(ctx, embedded.Options{Dir: state + "/broker", Port: embedded.DefaultPort, Logger: log})
		if err != nil {
			return err
		}
		defer func() { _ = broker.Close() }() // Its data is on disk already.
		brokers = broker.Addr()
	}
	return partita.Run(ctx, bank, partita.Options{
		Brokers: strings.Split(brokers, ","), StateDir: state, CreateTopics: true, Logger: log,
		Started: func() { fmt.Printf("bank runs on %s (ctrl-c stops)\n", brokers) },
	})
}
