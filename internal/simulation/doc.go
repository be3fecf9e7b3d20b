// Package simulation runs the real engine, several instances of it, in a bubble of virtual time on an embedded broker, under a drawn schedule of
// commands and faults, and compares what the topics and stores hold at the end with what the log of commands says must be there.
//
// The expected outcome is computed by a model that shares no code with the engine: the commands of an entity, in the order of their partition, are
// decided one after another by a few lines of Go. Events, answers, dead letters, states and rows must equal the model's exactly, so a lost, doubled,
// reordered or torn effect of any command shows.
//
// The same seed draws the same schedule. Goroutines are not seeded, so a seed that fails may have to be run several times.
package simulation
