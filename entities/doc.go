// Package entities says what an entity is: its commands, events and decisions, the sequence that numbers its events, the answers it
// remembers, and the bytes it is stored as. It is pure: it reads no clock, does no I/O and starts no goroutine.
//
// A command comes in; a behaviour decides it on the entity's state and returns a [Decision]: events, a reply, or a rejection. The package
// commands turns decisions into records; nothing here knows of Kafka.
package entities
