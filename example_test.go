package partita_test

import (
	"context"
	"os/signal"
	"syscall"

	"github.com/partita-io/partita"
	"github.com/partita-io/partita/behaviors/typed"
)

func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	err := partita.Run(ctx,
		partita.Context{Name: "math", Partitions: 12, Parts: []typed.Part{sum()}},
		partita.Options{Brokers: []string{"localhost:9092"}, StateDir: "/var/lib/math", HTTP: ":9464", CreateTopics: true})
	if err != nil {
		panic(err)
	}
}
