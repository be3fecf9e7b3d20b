package simulation

import (
	"fmt"
	"runtime"

	"github.com/partita-io/partita/partitions"
)

// A lane has two windows at most, and an instance two lanes. A window takes records until it has windowBytes; each shard that is decided then may be
// at one more call of its processor.
var overlayBytesMost = int64(2 * 2 * (windowBytes + runtime.GOMAXPROCS(0)*windowRecords*recordBytesMost))

const recordBytesMost = 2 << 10

// lookAtMemory: invariant 10, memory is bounded. Asked at each step, also after bursts of many times what windows take.
func (w *world) lookAtMemory(l *life) {
	var bytes int64
	for _, n := range l.views.OverlayBytes() {
		bytes += n
	}
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	w.told.peak = max(w.told.peak, bytes)
	if bytes > overlayBytesMost {
		w.told.wrongs = append(w.told.wrongs, fmt.Errorf("invariant 10: overlays of %s take %d bytes, more than %d", l.name, bytes, overlayBytesMost))
	}
}

// checkSize: a window takes no more records than its limit. A record of the read side counts for each component that reads it, and is polled once.
func (w *world) checkSize(l *life, e partitions.WindowEvent) {
	most := windowRecords
	if e.Side == partitions.ReadSide {
		most *= 2
	}
	if e.Records > most {
		w.told.wrongs = append(w.told.wrongs, fmt.Errorf("invariant 10: a window of %s took %d records, the limit is %d", l.name, e.Records, most))
	}
}
