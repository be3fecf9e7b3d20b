package commands

import (
	"fmt"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/partitions"
)

// An entity is what is in memory of one.
type entity struct {
	id     string
	stored entities.Stored
	// state is decoded from stored.State when it is needed; decoded tells that it is there.
	state   entities.State
	decoded bool
	// inBatch: a command of the entity waits to be decided.
	inBatch bool
}

// decodedFactor is about how much larger a decoded state is than its bytes.
const (
	decodedFactor  = 6
	entityOverhead = 200
	outcomeBytes   = 200
)

func (e *entity) approximateBytes() int {
	size := entityOverhead + decodedFactor*len(e.stored.State)
	for i := range e.stored.Outcomes {
		size += outcomeBytes + len(e.stored.Outcomes[i].Reply)
	}
	return size
}

// hold has the cache hold an entity as it is now. It is trimmed between batches: one that is being decided stays.
func (p *processor) hold(e *entity) { p.cache.Set(e.id, e, e.approximateBytes()) }

// find finds an entity, in the cache or in the window and the store. If a command of it waits to be decided, it is decided first.
func (p *processor) find(w partitions.Window, key []byte) (*entity, *entities.Failure, error) {
	e, ok := p.cache.Get(key)
	if !ok {
		return p.load(w, key)
	}
	if e.inBatch {
		if err := p.decide(w); err != nil {
			return nil, nil, err
		}
	}
	return e, nil, nil
}

// load reads an entity from the window and the store. One that cannot be read is a failure of the command; it is never written over.
func (p *processor) load(w partitions.Window, key []byte) (*entity, *entities.Failure, error) {
	value, err := w.Get(key)
	if err != nil {
		return nil, nil, err
	}
	e := &entity{id: string(key)}
	if value != nil {
		if e.stored, err = entities.ParseStored(value); err != nil {
			return nil, unreadable(e.id, err), nil
		}
	}
	p.hold(e)
	return e, nil, nil
}

// ready decodes the entity's state if it is not.
func (p *processor) ready(e *entity) *entities.Failure {
	if e.decoded {
		return nil
	}
	if len(e.stored.State) == 0 {
		e.state, e.decoded = p.definition.Behavior.InitialState(), true
		return nil
	}
	state, err := p.definition.Behavior.DecodeState(e.stored.Fingerprint, e.stored.State)
	if err != nil {
		return unreadable(e.id, err)
	}
	e.state, e.decoded = state, true
	return nil
}

func unreadable(id string, err error) *entities.Failure {
	return &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("the stored state of %s cannot be read: %v", id, err)}
}
