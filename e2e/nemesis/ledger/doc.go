// Package ledger proves what a context does by keeping count itself: clients that command a small context and remember every question and answer,
// and checks that hold the answers, the logs, the tables and the owners' states against one another.
//
// The order of calls: [WriteFolder]; then the context is run with that folder, in whatever processes and under whatever faults; [New],
// [Workload.Run] while [Workload.Commits] tells what is committed, and [Workload.Check] after it.
//
// The entities are modelled twice: in Starlark, for the processes, and in model.go, of which everything here is deduced. Client and checks share
// no code with the engine but the formats of records.
package ledger
