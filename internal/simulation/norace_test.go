//go:build !race

package simulation

// seedsInCheck are run by `make check`.
const seedsInCheck = 300
