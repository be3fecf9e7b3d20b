package embedded

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// transaction names one transaction: producers of protocol version 2 get a new epoch with each.
type transaction struct {
	producer int64
	epoch    int16
}

// partitionScan is what the log of one partition says about transactions.
type partitionScan struct {
	dir string
	// open is the transaction of each producer that has no marker yet.
	open map[int64]transaction
	// committed is the last transaction of each producer if it has a commit marker: an older one cannot be torn.
	committed map[int64]transaction
	// last is the segment that is appended to; next and leaderEpoch are for the next batch.
	last        *segment
	next        int64
	leaderEpoch int32
}

func scanPartition(dir string) (*partitionScan, error) {
	scan := &partitionScan{dir: dir, open: map[int64]transaction{}, committed: map[int64]transaction{}}
	bases, err := segmentBases(dir)
	if err != nil {
		return nil, err
	}
	for _, base := range bases {
		s, err := readSegment(dir, base)
		if err != nil {
			return nil, err
		}
		for i := range s.batches {
			scan.take(&s.batches[i])
		}
		s.batches = slices.Clip(s.batches[:0])
		scan.last = s
	}
	if scan.last == nil {
		return scan, nil
	}
	return scan, scan.last.mendTail()
}

// take follows kfake's own reading: a marker ends whatever its producer has open.
func (p *partitionScan) take(b *batch) {
	p.next = b.FirstOffset + int64(b.LastOffsetDelta) + 1
	p.leaderEpoch = b.PartitionLeaderEpoch
	tx := transaction{b.ProducerID, b.ProducerEpoch}
	switch {
	case !b.isControl() && b.inTransaction:
		p.open[b.ProducerID] = tx
	case b.isControl():
		delete(p.open, b.ProducerID)
		delete(p.committed, b.ProducerID)
		if b.isCommit() {
			p.committed[b.ProducerID] = tx
		}
	}
}

// openTransactions are in the order of producers, so that a repair of the same files gives the same files.
func (p *partitionScan) openTransactions() []transaction {
	list := make([]transaction, 0, len(p.open))
	for _, tx := range p.open {
		list = append(list, tx)
	}
	slices.SortFunc(list, func(a, b transaction) int { return cmp.Compare(a.producer, b.producer) })
	return list
}

func (p *partitionScan) appendMarker(tx transaction, commit bool) error {
	if err := p.last.append(marker(tx, commit, p.next, p.leaderEpoch)); err != nil {
		return err
	}
	p.next++
	return nil
}

func segmentBases(dir string) ([]int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var bases []int64
	for _, e := range entries {
		name, isSegment := strings.CutSuffix(e.Name(), segmentSuffix)
		if base, err := strconv.ParseInt(name, 10, 64); isSegment && err == nil {
			bases = append(bases, base)
		}
	}
	slices.Sort(bases)
	return bases, nil
}

// A batch is a record batch with what its index entry notes.
type batch struct {
	kmsg.RecordBatch
	inTransaction bool
}

const (
	transactionalBit = 0x10
	controlBit       = 0x20
)

func (b *batch) isControl() bool { return b.Attributes&controlBit != 0 }

// isCommit reads a marker; one that cannot be read aborts, as kfake takes it.
func (b *batch) isCommit() bool {
	var r kmsg.Record
	if r.ReadFrom(b.Records) != nil {
		return false
	}
	var key kmsg.ControlRecordKey
	return key.ReadFrom(r.Key) == nil && key.Type == kmsg.ControlRecordKeyTypeCommit
}

func segmentPath(dir string, base int64, suffix string) string {
	return filepath.Join(dir, strconv.FormatInt(base, 10)+suffix)
}
