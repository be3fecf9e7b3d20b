package embedded

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// A segment of kfake is two files: record batches as they go over the wire, one after another, and beside them one index entry for each.
const (
	segmentSuffix = ".dat"
	indexSuffix   = ".idx"
	// indexEntrySize: version, checksum of what follows, leader epoch (4), timestamp (8), whether the batch is part of a transaction.
	indexEntrySize = 15
	indexVersion   = 1
	// batchHeaderSize is offset and length, which the length does not count.
	batchHeaderSize = 12
	// checksumStart is where the checksummed part of a batch begins; the checksum is the four bytes before it.
	checksumStart = 21
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type segment struct {
	dir     string
	base    int64
	batches []batch
	// size and indexSize are how much of the files is whole.
	size, indexSize int64
	// unnoted are the index entries that a kill kept from being written.
	unnoted []byte
}

func readSegment(dir string, base int64) (*segment, error) {
	s := &segment{dir: dir, base: base}
	data, err := os.ReadFile(segmentPath(dir, base, segmentSuffix))
	if err != nil {
		return nil, err
	}
	index, err := os.ReadFile(segmentPath(dir, base, indexSuffix))
	if err := ignoreMissing(err); err != nil {
		return nil, err
	}
	for {
		raw, ok := nextBatch(data[s.size:])
		if !ok {
			return s, nil
		}
		var b batch
		if err := b.ReadFrom(raw); err != nil {
			return s, nil //nolint:nilerr // A batch that cannot be read ends the log, for kfake too.
		}
		s.size += int64(len(raw))
		s.note(&b, index)
		s.batches = append(s.batches, b)
	}
}

// note finds the batch's index entry, or makes the one that is missing.
func (s *segment) note(b *batch, index []byte) {
	if rest := index[min(s.indexSize, int64(len(index))):]; len(rest) >= indexEntrySize && len(s.unnoted) == 0 {
		b.inTransaction = rest[indexEntrySize-1]&1 != 0
		s.indexSize += indexEntrySize
		return
	}
	b.inTransaction = b.Attributes&transactionalBit != 0 && !b.isControl()
	s.unnoted = append(s.unnoted, indexEntry(b.PartitionLeaderEpoch, b.inTransaction)...)
}

// nextBatch is the first batch of data if all of it is there.
func nextBatch(data []byte) (raw []byte, ok bool) {
	if len(data) < batchHeaderSize {
		return nil, false
	}
	size := batchHeaderSize + int64(binary.BigEndian.Uint32(data[8:]))
	if size <= checksumStart || size > int64(len(data)) {
		return nil, false
	}
	raw = data[:size]
	want := binary.BigEndian.Uint32(raw[checksumStart-4:])
	return raw, crc32.Checksum(raw[checksumStart:], castagnoli) == want
}

func indexEntry(leaderEpoch int32, inTransaction bool) []byte {
	e := make([]byte, indexEntrySize)
	e[0] = indexVersion
	binary.LittleEndian.PutUint32(e[2:], uint32(leaderEpoch))
	if inTransaction {
		e[indexEntrySize-1] = 1
	}
	e[1] = byte(crc32.Checksum(e[2:], castagnoli))
	return e
}

// mendTail cuts off a batch that was not written whole, and writes the index entries that are missing.
func (s *segment) mendTail() error {
	if err := cutTo(segmentPath(s.dir, s.base, segmentSuffix), s.size); err != nil {
		return err
	}
	index := segmentPath(s.dir, s.base, indexSuffix)
	if err := cutTo(index, s.indexSize); err != nil {
		return err
	}
	unnoted := s.unnoted
	s.unnoted = nil
	return appendTo(index, unnoted)
}

// append writes a batch that is part of no open transaction.
func (s *segment) append(b kmsg.RecordBatch) error {
	if err := appendTo(segmentPath(s.dir, s.base, segmentSuffix), b.AppendTo(nil)); err != nil {
		return err
	}
	return appendTo(segmentPath(s.dir, s.base, indexSuffix), indexEntry(b.PartitionLeaderEpoch, false))
}

// marker is the batch that ends a transaction at an offset.
func marker(tx transaction, commit bool, offset int64, leaderEpoch int32) kmsg.RecordBatch {
	key := kmsg.ControlRecordKey{Type: kmsg.ControlRecordKeyTypeAbort}
	if commit {
		key.Type = kmsg.ControlRecordKeyTypeCommit
	}
	record := kmsg.Record{Key: key.AppendTo(nil), Value: (&kmsg.EndTxnMarker{}).AppendTo(nil)}
	record.Length = int32(len(record.AppendTo(nil)) - 1) // The length itself takes one byte while it is 0, and also when it is set.
	now := time.Now().UnixMilli()
	b := kmsg.RecordBatch{
		FirstOffset: offset, PartitionLeaderEpoch: leaderEpoch, Magic: 2, Attributes: transactionalBit | controlBit,
		FirstTimestamp: now, MaxTimestamp: now, ProducerID: tx.producer, ProducerEpoch: tx.epoch, FirstSequence: -1,
		NumRecords: 1, Records: record.AppendTo(nil),
	}
	raw := b.AppendTo(nil)
	b.Length = int32(len(raw) - batchHeaderSize)
	b.CRC = int32(crc32.Checksum(raw[checksumStart:], castagnoli))
	return b
}

func cutTo(path string, size int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return ignoreMissing(err)
	}
	if info.Size() <= size {
		return nil
	}
	return os.Truncate(path, size)
}

func appendTo(path string, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
