package schemas

import (
	"errors"
	"fmt"

	"github.com/linkedin/goavro/v2"
)

const (
	// MaxDepth bounds how deep values may be nested.
	MaxDepth = 64
	// MaxMessageBytes is the most that Options.MaxBytes can allow.
	MaxMessageBytes = 16 << 20
	// maxEmptyItems bounds the items of arrays that take no bytes, of which a short message could hold any number.
	maxEmptyItems = 4096
	// maxMemory bounds what a decoded message may take: a byte of input can become a record with its map.
	maxMemory = 64 << 20
)

// What parts of a decoded message are reckoned to take, in bytes.
const (
	valueMemory     = 32
	containerMemory = 64
	entryMemory     = 64
)

var (
	errDepth  = fmt.Errorf("values are nested deeper than %d", MaxDepth)
	errMemory = errors.New("the value would take too much memory")
	errEmpty  = fmt.Errorf("more than %d items that take no bytes", maxEmptyItems)
)

func init() { // goavro's limits are global; the budget is the real guard
	goavro.MaxBlockCount = MaxMessageBytes
	goavro.MaxBlockSize = MaxMessageBytes
}

// A budget is what is left for one message. Reading and writing count alike, so that what was written can be read.
type budget struct {
	memory int
	empty  int
}

func newBudget() budget { return budget{memory: maxMemory, empty: maxEmptyItems} }

// value pays for one value of any kind.
func (b *budget) value(t *Type, depth int) error {
	if depth > MaxDepth {
		return errDepth
	}
	b.memory -= valueMemory
	if t.Kind == Record || t.Kind == Array || t.Kind == Map {
		b.memory -= containerMemory
	}
	if b.memory < 0 {
		return errMemory
	}
	return nil
}

// items pays for what items take beside their values; count is untrusted.
func (b *budget) items(t *Type, count int64) error {
	switch {
	case t.Kind == Map:
		b.memory -= entryMemory * int(min(count, maxMemory))
	case t.Elem.empty:
		if b.empty -= int(min(count, maxEmptyItems+1)); b.empty < 0 {
			return errEmpty
		}
	}
	if b.memory < 0 {
		return errMemory
	}
	return nil
}

// isLimit tells whether a value is right but larger than a message may be.
func isLimit(err error) bool {
	return errors.Is(err, errDepth) || errors.Is(err, errMemory) || errors.Is(err, errEmpty)
}
