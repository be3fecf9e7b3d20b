// Package control is the format of the topic <context>.control: what operators want of the projections of a running context. It is compacted and has one
// partition, and every instance reads all of it. The layout is documented in docs/formats/control.md.
//
// The package is pure: package service follows the topic, the command line writes it, under the one producer that operators of a context share, so that
// each record follows from the one before it.
package control
