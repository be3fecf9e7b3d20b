// Package commands is the write side: it gives the commands of one entity type to its behaviour and turns decisions into events, state, answers and
// dead letters. It is a processor hosted by package partitions: everything that it produces for a record is committed together with it, or not at
// all.
//
// A command's way: where does it belong (processor.go) → what does it ask (request.go) → which entity (entity.go, cache.go) → was it answered
// before, is it too late, does it fit → the behaviour → events, state and answer (outcome.go), or a dead letter, as records (output.go).
package commands
