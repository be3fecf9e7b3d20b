//go:build race

package simulation

// seedsInCheck are few under the race detector: it makes a seed take 20 times as long.
const seedsInCheck = 3
