//go:build race

package partitions

// raceDetector makes everything ten times as slow: a few moments are tried with it, and all of them without (see the Makefile).
const raceDetector = true
