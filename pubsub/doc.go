// Package pubsub is how messages come in: a subscription takes the records of a topic, of another context or of nobody's, and turns them into commands of
// entities and into publications, each message exactly once. It is a processor hosted by package partitions; what goes out is made by package outbox.
package pubsub
