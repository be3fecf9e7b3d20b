package commands

import (
	"bytes"
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/history"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/statestore"
)

// A rebuild computes the states of one shard's entities anew: what their events lead to today takes the place of what is stored. Answers that are
// remembered, waiting commands and contributions to replicated values follow from no event, and stay.
//
// Everything that could keep a state from being written is found before the first one is: a shard has states of one revision, or its task stops.
type rebuild struct {
	definition *Definition
	shard      int32
	store      *statestore.Store
	revision   entities.Revision
	fold       *history.Fold
	// next is the id to go on writing with; nil for the first.
	next []byte
}

// rebuild tells what has to be done before commands are decided on states of the store; nil for nothing.
func (d *Definition) rebuild(shard int32, store *statestore.Store, request int64) (partitions.Rebuild, error) {
	data, err := store.Get(entities.RevisionKey())
	if err != nil {
		return nil, err
	}
	now, err := entities.ParseRevision(data)
	if err != nil {
		return nil, &partitions.StopError{Err: fmt.Errorf("what the states of %s/%d were computed by: %w", d.Name, shard, err)}
	}
	if now.Version > d.StateVersion {
		return nil, &partitions.StopError{Err: fmt.Errorf("the states of %s/%d are of state_version %d, this process has version %d: run the version that computed them, "+
			"or raise state_version above %d to have them computed anew", d.Name, shard, now.Version, d.StateVersion, now.Version)}
	}
	wanted := entities.Revision{Version: d.StateVersion, Request: max(now.Request, request)}
	if now == wanted {
		return nil, nil
	}
	return &rebuild{definition: d, shard: shard, store: store, revision: wanted}, nil
}

// foldBytes is about what decoded states take meanwhile, on each shard.
const foldBytes = 16 << 20

// Read folds the events, and looks at everything that will be written.
func (r *rebuild) Read(ctx context.Context, scratch *statestore.Store, read partitions.ReadTopic) error {
	d := r.definition
	r.fold = history.New(history.Options{Entity: d.Name, Behavior: d.Behavior, Prepare: d.Prepare, Store: scratch, MostBytes: foldBytes})
	err := read(ctx, d.Topics.Events(d.Name).Name, func(batch []*kgo.Record) error {
		for _, event := range batch {
			if err := r.fold.Take(ctx, event, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.fold.Flush(); err != nil {
		return err
	}
	if err := r.lookForOthers(ctx); err != nil {
		return err
	}
	return r.fold.Each(ctx, func(id []byte, e *history.Entity) error {
		_, _, err := r.following(id, e, r.store.Get)
		return err
	})
}

// lookForOthers finds entities that have events according to the store, and none in the log.
func (r *rebuild) lookForOthers(ctx context.Context) error {
	_, err := r.store.ScanFrom(nil, func(id, value []byte) (bool, error) {
		if entities.IsReserved(id) {
			return true, nil
		}
		stored, err := entities.ParseStored(value)
		if err != nil {
			return false, r.stop(id, "%w", err)
		}
		e, err := r.fold.Get(id)
		if err != nil {
			return false, err
		}
		if e == nil && stored.Sequence > 0 {
			return false, r.stop(id, "it is stored with sequence %d and has no events", stored.Sequence)
		}
		return true, ctx.Err()
	})
	return err
}

// following is the value that an entity has from its events; changed tells whether it is another than the stored one.
func (r *rebuild) following(id []byte, e *history.Entity, get func([]byte) ([]byte, error)) (value []byte, changed bool, err error) {
	if e.Failure != "" {
		return nil, false, r.stop(id, "%s", e.Failure)
	}
	value, err = get(id)
	if err != nil {
		return nil, false, err
	}
	var stored entities.Stored
	if value != nil {
		if stored, err = entities.ParseStored(value); err != nil {
			return nil, false, r.stop(id, "%w", err)
		}
	}
	if stored.Sequence > e.Sequence {
		return nil, false, r.stop(id, "it is stored with sequence %d and its events end at %d: the others were lost", stored.Sequence, e.Sequence)
	}
	if value != nil && stored.Sequence == e.Sequence && sameState(&stored, &e.Stored) {
		return nil, false, nil
	}
	stored.Sequence, stored.EventTimeMS, stored.Fingerprint, stored.State = e.Sequence, e.EventTimeMS, e.Fingerprint, e.State
	value = stored.Append(nil)
	if size := len(id) + len(value); size > r.definition.MaxRecordBytes {
		return nil, false, r.stop(id, "its state would take %d bytes, at most %d are written", size, r.definition.MaxRecordBytes)
	}
	return value, true, nil
}

// sameState tells whether states are stored alike; the initial one is, whatever its schema.
func sameState(a, b *entities.Stored) bool {
	return len(a.State) == 0 && len(b.State) == 0 || a.Fingerprint == b.Fingerprint && bytes.Equal(a.State, b.State)
}

// stop is why the states of the shard stay as they are.
func (r *rebuild) stop(id []byte, format string, args ...any) error {
	d := r.definition
	return &partitions.StopError{Err: fmt.Errorf("the states of %s/%d cannot be computed anew: %s: %w; nothing of this shard was written: mend the behaviour and start the processors with it; "+
		"other shards may be of the new version already, and do not run with the behaviour before; processor verify %s %s shows all such entities", d.Name, r.shard, id, fmt.Errorf(format, args...), d.Topics.FolderText(), d.Name)}
}

// What one call writes at most, and looks at.
const (
	rebuildWrites = 128 << 10
	rebuildLooks  = 2048
)

// Write writes states that have changed, and behind the last one the revision.
func (r *rebuild) Write(w partitions.Window) (done bool, err error) {
	written, looked, more := 0, 0, []byte(nil)
	err = r.fold.From(r.next, func(id []byte, e *history.Entity) (bool, error) {
		if written >= rebuildWrites || looked == rebuildLooks {
			more = bytes.Clone(id)
			return false, nil
		}
		looked++
		value, changed, err := r.following(id, e, w.Get)
		if changed {
			w.Put(nil, bytes.Clone(id), value, nil)
			written += len(id) + len(value)
		}
		return err == nil, err
	})
	if r.next = more; err != nil || more != nil {
		return false, err
	}
	w.Put(nil, entities.RevisionKey(), r.revision.Append(nil), nil)
	return true, nil
}

// Dropped begins anew: what is written already is found to be as it should be.
func (r *rebuild) Dropped() { r.next = nil }
