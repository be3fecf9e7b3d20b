package verifying

import (
	"fmt"
	"sync/atomic"

	"github.com/partita-io/partita/kafka/records"
)

// Progress is how far a run is. It may be asked while the run goes on.
type Progress struct {
	shards, done       atomic.Int64
	expected, read     atomic.Int64
	entities, differed atomic.Int64
}

// expect adds a shard whose events end there.
func (p *Progress) expect(end records.Position) {
	p.shards.Add(1)
	p.expected.Add(int64(end))
}

func (p *Progress) add(read int64) { p.read.Add(read) }

func (p *Progress) ended(s Shard) {
	p.done.Add(1)
	p.entities.Add(s.Entities)
	p.differed.Add(s.Different + s.Missing + s.Owned)
}

// String is "40 % of the events  3 of 12 shards  1200 entities  0 different".
func (p *Progress) String() string {
	percent := int64(100)
	if expected := p.expected.Load(); expected > 0 {
		percent = min(100, 100*p.read.Load()/expected)
	}
	return fmt.Sprintf("%d %% of the events  %d of %d shards  %d entities  %d different",
		percent, p.done.Load(), p.shards.Load(), p.entities.Load(), p.differed.Load())
}
