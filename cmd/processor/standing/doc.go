// Package standing tells how the projections of a context do: where they stand, how far behind that is, and how fast they come on. The processes are asked
// what their tasks do, and the brokers where the inputs end; both twice, as a rate needs two moments.
package standing
