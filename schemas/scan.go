package schemas

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

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

func init() { // goavro's limits are global; the scanner below is the real guard
	goavro.MaxBlockCount = MaxMessageBytes
	goavro.MaxBlockSize = MaxMessageBytes
}

// A scanner walks over a binary value before goavro does, which has no limit of depth or memory and would end the process.
type scanner struct {
	data   []byte
	memory int
	empty  int
}

var (
	errShort  = errors.New("the data end early")
	errDepth  = fmt.Errorf("values are nested deeper than %d", MaxDepth)
	errMemory = errors.New("the value would take too much memory")
)

// scan tells whether data are one whole value of type t.
func scan(t *Type, data []byte) error {
	s := scanner{data: data, memory: maxMemory, empty: maxEmptyItems}
	if err := s.value(t, 0); err != nil {
		return err
	}
	if len(s.data) > 0 {
		return fmt.Errorf("%d bytes after the end of the value: was it written under another schema?", len(s.data))
	}
	return nil
}

func (s *scanner) value(t *Type, depth int) error {
	if depth > MaxDepth {
		return errDepth
	}
	if s.memory -= 32; s.memory < 0 {
		return errMemory
	}
	switch t.Kind {
	case Null:
		return nil
	case Boolean:
		return s.boolean()
	case Int:
		n, err := s.long()
		if err == nil && (n < math.MinInt32 || n > math.MaxInt32) {
			return fmt.Errorf("%d does not fit an int of 32 bits", n)
		}
		return err
	case Long:
		_, err := s.long()
		return err
	case Float:
		return s.skip(4)
	case Double:
		return s.skip(8)
	case Fixed:
		return s.skip(t.Size)
	case String:
		return s.text()
	case Bytes:
		n, err := s.long()
		if err != nil {
			return err
		}
		if n < 0 || n > int64(len(s.data)) {
			return errShort
		}
		return s.skip(int(n))
	case Enum:
		return s.enum(t)
	case Array, Map:
		return s.blocks(t, depth)
	case Record:
		return s.record(t, depth)
	case Union:
		n, err := s.long()
		if err != nil {
			return err
		}
		if n < 0 || n >= int64(len(t.Branches)) {
			return fmt.Errorf("branch %d of a union of %d", n, len(t.Branches))
		}
		return s.value(t.Branches[n], depth+1)
	}
	return nil
}

func (s *scanner) record(t *Type, depth int) error {
	s.memory -= 64
	for i := range t.Fields {
		if err := s.value(t.Fields[i].Type, depth+1); err != nil {
			return at(t.Fields[i].Name, err)
		}
	}
	return nil
}

func (s *scanner) blocks(t *Type, depth int) error {
	s.memory -= 64
	for {
		count, err := s.blockCount()
		if err != nil || count == 0 {
			return err
		}
		if t.Kind == Array && t.Elem.empty {
			if s.empty -= int(min(count, maxEmptyItems+1)); s.empty < 0 {
				return fmt.Errorf("more than %d items that take no bytes", maxEmptyItems)
			}
		} else if count > int64(len(s.data)) {
			return fmt.Errorf("a block of %d items in %d bytes", count, len(s.data))
		}
		for range count {
			if t.Kind == Map {
				s.memory -= 64
				if err := s.text(); err != nil {
					return err
				}
			}
			if err := s.value(t.Elem, depth+1); err != nil {
				return err
			}
		}
	}
}

// blockCount reads a block's header: a negative count is followed by the block's size in bytes.
func (s *scanner) blockCount() (int64, error) {
	count, err := s.long()
	if err != nil || count >= 0 {
		return count, err
	}
	if count == math.MinInt64 {
		return 0, errors.New("a block count out of range")
	}
	size, err := s.long()
	if err != nil {
		return 0, err
	}
	if size < 0 || size > int64(len(s.data)) {
		return 0, fmt.Errorf("a block of %d bytes in %d", size, len(s.data))
	}
	return -count, nil
}

func (s *scanner) long() (int64, error) {
	n, size := binary.Varint(s.data)
	if size <= 0 {
		if size < 0 {
			return 0, errors.New("a number of more than 64 bits")
		}
		return 0, errShort
	}
	s.data = s.data[size:]
	return n, nil
}

func (s *scanner) skip(n int) error {
	if n > len(s.data) {
		return errShort
	}
	s.data = s.data[n:]
	return nil
}

func (s *scanner) boolean() error {
	if len(s.data) > 0 && s.data[0] > 1 {
		return fmt.Errorf("a boolean must be 0 or 1, not %d", s.data[0])
	}
	return s.skip(1)
}

func (s *scanner) text() error {
	n, err := s.long()
	if err != nil {
		return err
	}
	if n < 0 || n > int64(len(s.data)) {
		return errShort
	}
	if !utf8.Valid(s.data[:n]) {
		return errors.New("a string is not valid UTF-8")
	}
	s.data = s.data[n:]
	return nil
}

func (s *scanner) enum(t *Type) error {
	n, err := s.long()
	if err == nil && (n < 0 || n >= int64(len(t.Symbols))) {
		return fmt.Errorf("symbol %d of an enum of %d", n, len(t.Symbols))
	}
	return err
}
