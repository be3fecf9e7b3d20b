// Package statestore keeps the state of tasks on disk, one Pebble database for each task, and knows no Kafka: positions are numbers to it.
//
// A store contains a prefix of what was committed, and says which: every [Store.Apply] writes its changes and the checkpoint they lead to in one
// batch. Pebble's write-ahead log is off: what a crash takes is a tail, and the tail is in the changelog.
//
// The order of calls: [OpenEnv] locks the process's state directory, [Env.Open] opens a task's store in it, [Store.Close] flushes and closes,
// [Env.Close] gives the directory up.
package statestore
