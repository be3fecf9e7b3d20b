package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/e2e/nemesis/ledger"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/service"
)

// owners asks the processes which shards they run, and what their stores hold.
type owners struct {
	fleet  *fleet
	folder *contexts.Context
	entity string   // any
	keys   []string // one of each shard

	mu sync.Mutex
	at map[int32]*process // where a shard was seen last
}

func newOwners(f *fleet, folder *contexts.Context) *owners {
	o := &owners{fleet: f, folder: folder, entity: folder.Entities[0].Name, keys: make([]string, folder.Partitions), at: make(map[int32]*process)}
	for i, found := 0, 0; found < len(o.keys); i++ {
		key := strconv.Itoa(i)
		if shard := records.Partition([]byte(key), folder.Partitions); o.keys[shard] == "" {
			o.keys[shard], found = key, found+1
		}
	}
	return o
}

// shards are all there are.
func (o *owners) shards() []int32 {
	all := make([]int32, len(o.keys))
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// of returns the shards that run at p; none if it does not answer.
func (o *owners) of(ctx context.Context, p *process) []int32 {
	var here []int32
	for _, shard := range o.shards() {
		query := url.Values{"component": {o.entity}, "key": {o.keys[shard]}}
		status, _, err := get(ctx, "http://"+p.address+"/state?"+query.Encode())
		if err != nil {
			return nil
		}
		if status == http.StatusOK || status == http.StatusNotFound {
			here = append(here, shard)
		}
	}
	return here
}

// inspect asks the owner of an entity, whoever that is by now; it waits for one as long as ctx lasts.
func (o *owners) inspect(ctx context.Context, entity, id string) (ledger.Inspected, error) {
	e, err := o.folder.FindEntity(entity)
	if err != nil {
		return ledger.Inspected{}, err
	}
	var value []byte
	ctx, cancel := context.WithTimeout(ctx, inspectPatience)
	defer cancel()
	err = until(ctx, fmt.Sprintf("answered: what %s/%s is", entity, id), func() bool {
		value, err = o.ask(ctx, entity, id)
		return err == nil
	})
	if err != nil {
		return ledger.Inspected{}, err
	}
	found := ledger.Inspected{Source: "owner"}
	if value != nil {
		found.Sequence, found.State, err = stateJSON(e, value)
	}
	return found, err
}

const inspectPatience = time.Minute

func (o *owners) ask(ctx context.Context, entity, id string) ([]byte, error) {
	shard := records.Partition([]byte(id), o.folder.Partitions)
	o.mu.Lock()
	last := o.at[shard]
	o.mu.Unlock()
	asked := o.fleet.processes
	if last != nil {
		asked = append([]*process{last}, asked...)
	}
	var errs []error
	for _, p := range asked {
		value, err := service.AskOwner(ctx, p.address, entity, id)
		if err == nil {
			o.mu.Lock()
			o.at[shard] = p
			o.mu.Unlock()
			return value, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func stateJSON(e *contexts.Entity, value []byte) (int64, json.RawMessage, error) {
	stored, err := entities.ParseStored(value)
	if err != nil {
		return 0, nil, err
	}
	state := e.Behavior.InitialState()
	if stored.State != nil {
		if state, err = e.Behavior.DecodeState(stored.Fingerprint, stored.State); err != nil {
			return 0, nil, err
		}
	}
	text, err := e.Behavior.StateJSON(state)
	return stored.Sequence, text, err
}
