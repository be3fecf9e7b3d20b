// Command processor runs bounded contexts on Kafka and talks to them.
package main

import (
	"os"

	"github.com/partita-io/partita/cmd/processor/cli"
)

func main() { os.Exit(cli.Main()) }
