// Package simulation runs the real engine, several instances of it, in a bubble of virtual time on an embedded broker, under a drawn schedule of
// commands and faults, and judges what the topics held, what the stores held, and what the instances told.
//
// A schedule (schedule.go) draws commands (workload.go) and faults of processes (processfaults.go), at the wire (wirefaults.go, link.go) and at the disk
// (diskfaults.go, disk.go). A supervisor starts what has ended, and does what an error asks for.
//
// Two kinds of checkers judge, and neither knows the schedule. The outcome (outcome.go) is compared with a model (model.go) that shares no code with
// the engine: the commands of an entity, in the order of their partition, are decided one after another by a few lines of Go. Events, answers, dead
// letters, states and rows must equal the model's exactly, so a lost, doubled, reordered or torn effect of any command shows. Replicated values
// (replicated.go) are compared with what the events say (replicatedlevel.go), and so is what decisions saw of them (replicatedseen.go). And each invariant of
// ARCHITECTURE.md has a checker of its own (invariant01.go to invariant11.go), over the whole history of the topics with aborted transactions in it
// (history.go), what the instances asked of the brokers (witness.go), what they told (told.go), and what each life left on its disk.
//
// The same seed draws the same schedule. Goroutines are not seeded, so a seed that fails may have to be run several times.
package simulation
