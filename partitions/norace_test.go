//go:build !race

package partitions

const raceDetector = false
