package verifying

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/service"
)

// A visit compares the store of a shard's owner with the changelog, page by page.
type visit struct {
	*shard
	owner Process
	// moved is how often the shard has had another owner since.
	moved int
	told  int64
	// behind is set once the store was waited for in vain: it is not waited for again.
	behind error
}

const (
	pageBytes   = 1 << 20
	askTimeout  = 15 * time.Second
	pauseToLook = 50 * time.Millisecond
	// looksMost is how often a difference is looked at again before it is believed, lagsMost how often an owner is waited for that is behind the
	// changelog: it applies a window a moment after it was committed.
	looksMost, lagsMost = 3, 60
	movesMost           = 5
)

// An errMissed says why a store could not be compared, or not all of it. It is no error of the run.
type errMissed struct{ error }

// compareOwner notes what came of it in the result.
func (s *shard) compareOwner(ctx context.Context, r *Shard) error {
	if s.OwnerOf == nil {
		return nil
	}
	v := &visit{shard: s}
	err := v.find(ctx)
	if err == nil {
		err = v.compareAll(ctx)
	}
	if err == nil {
		err = v.behind
	}
	r.Owned = v.told
	var missed errMissed
	if errors.As(err, &missed) {
		r.OwnerMissed = missed.Error()
		return nil
	}
	r.Owner = v.owner.Name
	return err
}

func (v *visit) find(ctx context.Context) (err error) {
	if v.owner, err = v.OwnerOf(ctx, v.number); err != nil {
		return err
	}
	if v.owner.Address == "" {
		return errMissed{errors.New("nobody who could be asked has the shard")}
	}
	return nil
}

func (v *visit) compareAll(ctx context.Context) error {
	for from, last := []byte(v.ID), false; !last; {
		page, err := v.settled(ctx, from)
		if err != nil {
			return err
		}
		if last = page.Last || v.ID != ""; !last {
			from = append(page.Entries[len(page.Entries)-1].Key, 0) // The least key behind it.
		}
	}
	return nil
}

// settled compares a page. It looks again while something on it was changed after the page's moment, and before a difference is believed.
func (v *visit) settled(ctx context.Context, from []byte) (partitions.Page, error) {
	for look := 1; ; look++ {
		page, err := v.ask(ctx, from)
		if err != nil {
			return page, err
		}
		if page.Position > v.mirror.at {
			// Up to there and not to the end: all that is on the page is comparable then.
			if err := v.readChangelog(ctx, page.Position); err != nil {
				return page, err
			}
		}
		seen, err := v.comparePage(ctx, from, &page, false)
		if err != nil || seen == (met{}) {
			return page, err
		}
		if seen.later > 0 && look >= lagsMost && v.behind == nil {
			v.behind = errMissed{fmt.Errorf("the store of %s stands at %d and gets no further, the changelog has %d", v.owner.Name, page.Position, v.mirror.at)}
		}
		if look >= looksMost && (seen.later == 0 || v.behind != nil) {
			_, err := v.comparePage(ctx, from, &page, true)
			return page, err
		}
		if err := v.pause(ctx); err != nil {
			return page, err
		}
	}
}

func (v *visit) pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(v.lookAgain):
		return nil
	}
}

// ask asks the owner, or the next one if the shard has moved.
func (v *visit) ask(ctx context.Context, from []byte) (partitions.Page, error) {
	bytesMost := pageBytes
	if v.ID != "" {
		bytesMost = 1
	}
	for {
		page, err := v.askOnce(ctx, from, bytesMost)
		if err == nil || ctx.Err() != nil {
			return page, errors.Join(err, ctx.Err())
		}
		if v.moved++; !errors.Is(err, service.ErrNotHere) || v.moved > movesMost {
			return page, errMissed{err}
		}
		if err := v.pause(ctx); err != nil {
			return page, err
		}
		if err := v.find(ctx); err != nil {
			return page, err
		}
	}
}

func (v *visit) askOnce(ctx context.Context, from []byte, bytesMost int) (partitions.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	page, err := v.Ask(ctx, v.owner.Address, v.Entity, v.number, from, bytesMost)
	if err == nil && v.ID != "" {
		page.Last = true
		if len(page.Entries) > 0 && string(page.Entries[0].Key) != v.ID {
			page.Entries = nil
		}
	}
	return page, err
}

// A met is what a comparison of a page has come across: entities that were changed after its moment, and those that differ.
type met struct{ later, different int }

// comparePage goes through the page and the changelog side by side. It tells of what differs, if it is to be told.
func (v *visit) comparePage(ctx context.Context, from []byte, page *partitions.Page, tell bool) (met, error) {
	var seen met
	rest := page.Entries
	one := func(id []byte, i *image, value []byte) error {
		later := i != nil && int64(i.offset) >= int64(page.Position)
		switch {
		case later:
			seen.later++
		case entities.IsReserved(id), i != nil && value != nil && bytes.Equal(i.value, value):
			return nil
		default:
			seen.different++
		}
		if tell {
			return v.tell(id, i, value, later)
		}
		return nil
	}
	// before takes the entries below a key, nil for all: the changelog has nothing of them.
	before := func(id []byte) error {
		for len(rest) > 0 && (id == nil || bytes.Compare(rest[0].Key, id) < 0) {
			e := rest[0]
			rest = rest[1:]
			if err := one(e.Key, nil, e.Value); err != nil {
				return err
			}
		}
		return nil
	}
	err := v.mirror.each(ctx, from, func(id []byte, i image) (bool, error) {
		if err := before(id); err != nil {
			return false, err
		}
		var value []byte
		if len(rest) > 0 && bytes.Equal(rest[0].Key, id) {
			value, rest = rest[0].Value, rest[1:]
		} else if len(rest) == 0 && !page.Last {
			return false, nil // It is on the next page.
		}
		return true, one(id, &i, value)
	})
	if err != nil {
		return seen, err
	}
	return seen, before(nil)
}

// tell tells of an entity of which the store has something else than the changelog, unless it is the changelog that is wrong, which was told. The value
// of a store that is behind is wrong for sure if it cannot be read, or is of the last event and another state.
func (v *visit) tell(id []byte, i *image, value []byte, later bool) error {
	f, err := v.fold.Get(id)
	if err != nil {
		return err
	}
	d := v.judge.compare(string(id), f, value)
	if later && (d == nil || d.Kind != OtherState && d.Kind != Unreadable) {
		return nil
	}
	if d == nil {
		var logged []byte
		if i != nil {
			logged = i.value
		}
		if v.judge.compare(string(id), f, logged) != nil {
			return nil
		}
		d = v.judge.remembered(string(id), f, value)
	}
	d.Source = Owner
	v.told++
	return v.Found(*d)
}
