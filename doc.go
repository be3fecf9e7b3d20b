// Package partita runs a bounded context that is written in Go: stateful, event-sourced entities on nothing but Kafka.
//
// What an entity decides and how its state follows is written with package behaviors/typed; Run does the rest: it checks or creates the
// topics, takes its share of the shards, and works until its context ends. Several processes that run the same context share its shards.
//
//	err := partita.Run(ctx, partita.Context{Name: "bank", Partitions: 12, Parts: []typed.Part{account, balances}},
//		partita.Options{Brokers: []string{"localhost:9092"}, CreateTopics: true})
package partita
