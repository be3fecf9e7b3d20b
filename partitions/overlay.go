package partitions

import (
	"github.com/twmb/franz-go/pkg/kgo"
)

// An overlay holds what one window changes in one task's store, until the window is committed.
type overlay struct {
	changes map[string]*change
	// order is that of first changes: changelog records are written in it, so a window decided again writes the same.
	order []*change
	// bytes is about what the changes take.
	bytes int
}

// A change is the last word of a window on one key.
type change struct {
	key     []byte
	value   []byte // nil: deleted
	headers []kgo.RecordHeader
	// cause is the record that made it, for the case that the broker refuses the changelog record.
	cause *Record
	// copy is where else the value goes; nil: nowhere.
	copy *Copy
	// written is the changelog record, once produced; its offset is known when the window is flushed.
	written *kgo.Record
}

// get returns the value of key and whether the overlay has a word on it.
func (o *overlay) get(key []byte) ([]byte, bool) {
	if o == nil {
		return nil, false
	}
	c, ok := o.changes[string(key)]
	if !ok {
		return nil, false
	}
	return c.value, true
}

// set records a change and returns by how many bytes the overlay has grown.
func (o *overlay) set(cause *Record, key, value []byte, headers []kgo.RecordHeader) int {
	return o.setCopied(cause, key, value, headers, nil)
}

// setCopied is set, of a change that goes elsewhere too.
func (o *overlay) setCopied(cause *Record, key, value []byte, headers []kgo.RecordHeader, to *Copy) int {
	if c, ok := o.changes[string(key)]; ok {
		grown := len(value) - len(c.value) + to.overhead() - c.copy.overhead()
		c.value, c.headers, c.cause, c.copy = value, headers, cause, to
		o.bytes += grown
		return grown
	}
	c := &change{key: key, value: value, headers: headers, cause: cause, copy: to}
	if o.changes == nil {
		o.changes = make(map[string]*change)
	}
	o.changes[string(key)] = c
	o.order = append(o.order, c)
	grown := len(key) + len(value) + changeOverhead + to.overhead()
	o.bytes += grown
	return grown
}

// changeOverhead is about what a change costs beside its key and value.
const changeOverhead = 160

// overhead is about what a copy costs, whose value is that of the change.
func (c *Copy) overhead() int {
	if c == nil {
		return 0
	}
	return len(c.Key) + outputOverhead
}
