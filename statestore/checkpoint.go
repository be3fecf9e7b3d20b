package statestore

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A Checkpoint is the place in the changelog that a store's content corresponds to: everything below Position is in it, nothing from there on.
type Checkpoint struct {
	// TopicID tells the changelog from one that was made again under its name.
	TopicID  [16]byte
	Position int64
	// LeaderEpoch is that of the last record below Position, -1 when unknown.
	LeaderEpoch int32
	// TimeMS is the timestamp of that record, in ms since 1970; 0 when unknown.
	TimeMS int64
}

// The layout is documented in docs/formats/store.md.
const (
	checkpointFormat = 1
	checkpointLength = 1 + 16 + 8 + 4 + 8
)

func (c Checkpoint) append(dst []byte) []byte {
	dst = append(dst, checkpointFormat)
	dst = append(dst, c.TopicID[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(c.Position))
	dst = binary.BigEndian.AppendUint32(dst, uint32(c.LeaderEpoch))
	return binary.BigEndian.AppendUint64(dst, uint64(c.TimeMS))
}

// ErrCheckpoint says that a store has a checkpoint which this version does not understand, so nobody knows what the content corresponds to.
var ErrCheckpoint = errors.New("its checkpoint cannot be understood")

func parseCheckpoint(b []byte) (Checkpoint, error) {
	if len(b) == 0 || b[0] != checkpointFormat {
		return Checkpoint{}, fmt.Errorf("%w: format % x, this version reads format %d", ErrCheckpoint, b[:min(len(b), 1)], checkpointFormat)
	}
	if len(b) != checkpointLength {
		return Checkpoint{}, fmt.Errorf("%w: %d bytes instead of %d", ErrCheckpoint, len(b), checkpointLength)
	}
	c := Checkpoint{
		Position:    int64(binary.BigEndian.Uint64(b[17:])),
		LeaderEpoch: int32(binary.BigEndian.Uint32(b[25:])),
		TimeMS:      int64(binary.BigEndian.Uint64(b[29:])),
	}
	copy(c.TopicID[:], b[1:])
	if c.Position < 0 {
		return Checkpoint{}, fmt.Errorf("%w: position %d is negative", ErrCheckpoint, c.Position)
	}
	return c, nil
}
