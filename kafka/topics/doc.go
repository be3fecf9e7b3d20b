// Package topics says which topics a bounded context has, under which policies, and what is wrong with those that were found. It is pure:
// package kafka/admin asks the brokers and carries out what is safe.
//
// The order of calls: the loader of a folder collects a [Spec] for every topic it needs from [Context]; kafka/admin describes what exists;
// [Diff] compares the two; whatever [Difference.Blocks] stops the start, and kafka/admin applies the differences that carry a change.
package topics
