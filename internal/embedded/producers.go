package embedded

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"math"
	"os"
	"slices"
)

// producerLog is kfake's log of producers: each gets its epochs there before it may use them, and the end of a transaction once all of its
// markers are written.
type producerLog struct {
	path  string
	ended map[transaction]bool
	// last is the last state of each producer.
	last map[int64]producerEntry
	// size is how much of the file is whole.
	size int64
}

type producerEntry struct {
	Type    string `json:"type"`
	PID     int64  `json:"pid"`
	Epoch   int16  `json:"epoch"`
	TxID    string `json:"txid,omitempty"`
	Timeout int32  `json:"timeout,omitempty"`
}

// An entry is a length, which counts what follows the checksum; the checksum of that; a version; and JSON.
const (
	entryHeaderSize  = 8
	entryVersionSize = 2
	entryVersion     = 1
)

func readProducerLog(path string) (*producerLog, error) {
	log := &producerLog{path: path, ended: map[transaction]bool{}, last: map[int64]producerEntry{}}
	raw, err := os.ReadFile(path)
	if err != nil {
		return log, ignoreMissing(err)
	}
	for {
		data, size, ok := nextEntry(raw[log.size:])
		if !ok {
			return log, nil
		}
		log.size += size
		var e producerEntry
		if json.Unmarshal(data, &e) == nil {
			log.take(e)
		}
	}
}

func (l *producerLog) take(e producerEntry) {
	switch e.Type {
	case "init":
		l.last[e.PID] = e
	case "endtx":
		l.ended[transaction{e.PID, e.Epoch}] = true
		fallthrough
	case "timeout":
		if known, ok := l.last[e.PID]; ok {
			known.Epoch = e.Epoch
			l.last[e.PID] = known
		}
	}
}

// fence gives every transactional producer a new epoch, as InitProducerID would: nobody may go on with half of a transaction whose other half
// was ended, and every transaction has a name of its own. It also cuts off an entry that was not written whole: kfake would read no further.
func (l *producerLog) fence() error {
	if err := cutTo(l.path, l.size); err != nil {
		return err
	}
	var entries []byte
	for _, e := range l.transactional() {
		e.Type, e.Epoch = "init", min(e.Epoch, math.MaxInt16-1)+1
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		entries = appendEntry(entries, data)
	}
	return appendTo(l.path, entries)
}

func (l *producerLog) transactional() []producerEntry {
	var list []producerEntry
	for _, e := range l.last {
		if e.TxID != "" {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b producerEntry) int { return cmp.Compare(a.PID, b.PID) })
	return list
}

// nextEntry is the first entry of raw if all of it is there.
func nextEntry(raw []byte) (data []byte, size int64, ok bool) {
	if len(raw) < entryHeaderSize+entryVersionSize {
		return nil, 0, false
	}
	length := int64(binary.LittleEndian.Uint32(raw))
	size = entryHeaderSize + length
	if length < entryVersionSize || size > int64(len(raw)) {
		return nil, 0, false
	}
	body := raw[entryHeaderSize:size]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(raw[4:]) {
		return nil, 0, false
	}
	return body[entryVersionSize:], size, true
}

func appendEntry(dst, data []byte) []byte {
	body := append(binary.LittleEndian.AppendUint16(nil, entryVersion), data...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(body)))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(body, castagnoli))
	return append(dst, body...)
}
