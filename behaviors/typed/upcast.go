package typed

import (
	"context"
	"fmt"
	"regexp"

	"github.com/twmb/avro"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// An Upcaster brings records that were written in an older shape to today's: see [Upcast].
type Upcaster struct {
	old, now record
	// read reads bare Avro binary under the older schema and returns a pointer to the struct of today.
	read func(was *avro.Schema, data []byte) (now any, err error)
}

// Upcast has f bring what was written as the struct Old to today's struct Now, wherever it is read: by Apply, in projections, streams and subscriptions,
// commands and rows too. Old is the struct as it was, under today's name with V and a number after it: what ItemAddedV1 describes was written as ItemAdded. A
// struct within it that has changed as well is called so too; one whose own name ends so, and that today's records do not have, gets a number more:
// IPV4V1. What was written must say under which schema, as Avro and Confluent do and JSON does not. States are not upcast: they are computed anew, see
// [Entity.StateVersion].
//
// f may not look at anything but its argument. If it panics, the event fails.
func Upcast[Old, Now any](f func(Old) Now) *Upcaster {
	return &Upcaster{old: recordOf[Old](), now: recordOf[Now](), read: func(was *avro.Schema, data []byte) (any, error) {
		var old Old
		if _, err := was.Decode(data, &old); err != nil {
			return nil, malformed("record %s: %v", recordOf[Old]().name(), err)
		}
		now := f(old)
		return &now, nil
	}}
}

// versioned is the name of a struct as it was.
var versioned = regexp.MustCompile(`^(.+)V[1-9][0-9]*$`)

// unversioned is the name that the record of a struct had when it was written.
func unversioned(name string) string {
	if parts := versioned.FindStringSubmatch(name); parts != nil {
		return parts[1]
	}
	return name
}

func (u *Upcaster) records() []record { return nil }

func (u *Upcaster) check() []error {
	if unversioned(u.old.name()) != u.now.name() || u.old.name() == u.now.name() {
		return []error{fmt.Errorf("upcast: %s is brought to %s: call the struct as it was %sV1, or another number", u.old.goType, u.now.goType, u.now.name())}
	}
	return nil
}

func (u *Upcaster) outline() outline { return outline{kind: "upcast", name: u.old.name()} }

func (u *Upcaster) bind(_ context.Context, b *binder, m *Model) error {
	if b.definitions.owners[u.now.name()] != u.now.goType {
		return fmt.Errorf("upcast: %s is no record of this context: no part of it reads or writes one", u.now.goType)
	}
	now, err := b.set.Lookup(b.definitions.fullName(u.now.name()))
	if err != nil {
		return fmt.Errorf("upcast: %w", err)
	}
	if b.states[u.now.goType] {
		return fmt.Errorf("upcast: %s is a state: states are not upcast but computed anew; give the struct of the new shape another name, and raise StateVersion", u.now.goType)
	}
	all, err := b.definitions.asItWas(u.old)
	if err != nil {
		return err
	}
	was, err := all.Lookup(now.FullName)
	if err != nil {
		return fmt.Errorf("upcast: %s: %w", u.old.goType, err)
	}
	if was.Fingerprint == now.Fingerprint {
		return fmt.Errorf("upcast: %s describes what %s is today: leave it out", u.old.goType, u.now.goType)
	}
	if other := b.upcasts[was.Fingerprint]; other != nil {
		return fmt.Errorf("upcast: %s and %s describe the same record: keep one", other.old.goType, u.old.goType)
	}
	schema, err := avro.Parse(was.SchemaJSON)
	if err != nil {
		return fmt.Errorf("upcast: %s: %w", u.old.goType, err)
	}
	b.upcasts[was.Fingerprint] = &boundUpcast{Upcaster: u, was: was, schema: schema}
	for _, record := range all.Messages() {
		// What stands within the record is read with it, unless it stands by itself too.
		if record == was || b.definitions.owners[record.Name] == nil {
			m.Older = append(m.Older, record)
		}
	}
	return nil
}

// Reader is the schema under which something is read that was written under one with the fingerprint: as it was, if an upcast takes it from there. JSON
// does not say what it was written as.
func (m *Model) Reader(today *schemas.Message, fingerprint uint64) *schemas.Message {
	if m.Codec.ContentType() == schemas.JSONContentType {
		return today
	}
	for _, was := range m.Older {
		if was.Fingerprint == fingerprint && was.FullName == today.FullName {
			return was
		}
	}
	return today
}

type boundUpcast struct {
	*Upcaster
	was    *schemas.Message
	schema *avro.Schema
}

// upcasts are by the fingerprints of the older schemas.
type upcasts map[uint64]*boundUpcast

// bring is what was written, as bare Avro binary under today's schema.
func (u *boundUpcast) bring(codec *schemas.Codec, written schemas.Written, today *message) (brought []byte, failure *entities.Failure) {
	defer func() {
		if cause := recover(); cause != nil {
			brought, failure = nil, recovered(cause)
		}
	}()
	value, err := codec.DecodeWritten(u.was, written)
	if err != nil {
		return nil, asFailure(err)
	}
	data, err := codec.AppendBinary(nil, u.was, value)
	if err != nil {
		return nil, asFailure(err)
	}
	now, err := u.read(u.schema, data)
	if err == nil {
		brought, err = today.write(nil, now)
	}
	if err != nil {
		return nil, asFailure(err)
	}
	return brought, nil
}

// asItWas compiles a record as it was, with those within it. What is named with a version there goes by the name without, unless today's records use it.
func (d *definitions) asItWas(r record) (*schemas.Set, error) {
	was := newDefinitions(d.namespace)
	was.rename = func(name string) string {
		if _, today := d.byName[d.fullName(name)]; today {
			return name
		}
		return unversioned(name)
	}
	if err := was.add(r); err != nil {
		return nil, fmt.Errorf("upcast: %w", err)
	}
	set, err := was.set()
	if err != nil {
		return nil, fmt.Errorf("upcast: %s: %w", r.goType, err)
	}
	return set, nil
}
