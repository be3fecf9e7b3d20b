package verifying

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/statestore"
)

// A mirror is what the changelog of one shard holds, up to a position: the last value of each entity with the offset of its record.
type mirror struct {
	store *statestore.Store
	at    records.Position
	// only is the one entity that matters; empty for all.
	only string
}

// An image is a value in a mirror.
type image struct {
	offset records.Offset
	value  []byte
}

const imageHead = 8

func parseImage(b []byte) (image, error) {
	if len(b) < imageHead {
		return image{}, errors.New("what was kept of the changelog cannot be read again: the disk with the temporary directory is damaged")
	}
	return image{offset: records.Offset(binary.BigEndian.Uint64(b)), value: b[imageHead:]}, nil
}

// take applies records of the changelog. Waiting commands of parked entities are passed over.
func (m *mirror) take(batch []*kgo.Record, next records.Position) error {
	var changes []statestore.Change
	for _, r := range batch {
		if entities.IsReserved(r.Key) || m.only != "" && m.only != string(r.Key) {
			continue
		}
		c := statestore.Change{Key: r.Key}
		if r.Value != nil {
			c.Value = append(binary.BigEndian.AppendUint64(make([]byte, 0, imageHead+len(r.Value)), uint64(r.Offset)), r.Value...)
		}
		changes = append(changes, c)
	}
	m.at = next
	if len(changes) == 0 {
		return nil
	}
	return m.store.Apply(changes, statestore.Checkpoint{})
}

// get is the last value of an entity; false if there is none.
func (m *mirror) get(id []byte) (image, bool, error) {
	value, err := m.store.Get(id)
	if err != nil || value == nil {
		return image{}, false, err
	}
	i, err := parseImage(value)
	return i, err == nil, err
}

// sequence is that of an entity; 0 of one that is not there or cannot be read.
func (m *mirror) sequence(id []byte) (int64, error) {
	i, ok, err := m.get(id)
	if err != nil || !ok {
		return 0, err
	}
	stored, err := entities.ParseStored(i.value)
	if err != nil {
		return 0, nil //nolint:nilerr // It is compared, and told, as it is.
	}
	return stored.Sequence, nil
}

// each calls fn for all entities from a key on until it returns false or an error, or ctx ends.
func (m *mirror) each(ctx context.Context, from []byte, fn func(id []byte, i image) (bool, error)) error {
	_, err := m.store.ScanFrom(from, func(id, value []byte) (bool, error) {
		i, err := parseImage(value)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return false, err
		}
		return fn(id, i)
	})
	return err
}
