package schemas

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// A scanner walks over a binary value before goavro does, which has no limit of depth or memory and would end the process.
type scanner struct {
	data   []byte
	budget budget
}

var errShort = errors.New("the data end early")

// scan tells whether data are one whole value of type t.
func scan(t *Type, data []byte) error {
	s := scanner{data: data, budget: newBudget()}
	if err := s.value(t, 0); err != nil {
		return err
	}
	if len(s.data) > 0 {
		return fmt.Errorf("%d bytes after the end of the value: was it written under another schema?", len(s.data))
	}
	return nil
}

func (s *scanner) value(t *Type, depth int) error {
	if err := s.budget.value(t, depth); err != nil {
		return err
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
		_, err := s.counted()
		return err
	case Enum:
		return s.enum(t)
	case Array, Map:
		return s.blocks(t, depth)
	case Record:
		return s.record(t, depth)
	case Union:
		return s.union(t, depth)
	}
	return nil
}

func (s *scanner) union(t *Type, depth int) error {
	n, err := s.long()
	if err != nil {
		return err
	}
	if n < 0 || n >= int64(len(t.Branches)) {
		return fmt.Errorf("branch %d of a union of %d", n, len(t.Branches))
	}
	return s.value(t.Branches[n], depth+1)
}

func (s *scanner) record(t *Type, depth int) error {
	for i := range t.Fields {
		if err := s.value(t.Fields[i].Type, depth+1); err != nil {
			return at(t.Fields[i].Name, err)
		}
	}
	return nil
}

func (s *scanner) blocks(t *Type, depth int) error {
	for {
		count, err := s.blockCount()
		if err != nil || count == 0 {
			return err
		}
		if count > int64(len(s.data)) && (t.Kind == Map || !t.Elem.empty) {
			return fmt.Errorf("a block of %d items in %d bytes", count, len(s.data))
		}
		if err := s.budget.items(t, count); err != nil {
			return err
		}
		for range count {
			if t.Kind == Map {
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
	text, err := s.counted()
	if err == nil && !utf8.Valid(text) {
		return errors.New("a string is not valid UTF-8")
	}
	return err
}

// counted is the bytes whose number stands before them.
func (s *scanner) counted() ([]byte, error) {
	n, err := s.long()
	if err != nil {
		return nil, err
	}
	if n < 0 || n > int64(len(s.data)) {
		return nil, errShort
	}
	counted := s.data[:n]
	s.data = s.data[n:]
	return counted, nil
}

func (s *scanner) enum(t *Type) error {
	n, err := s.long()
	if err == nil && (n < 0 || n >= int64(len(t.Symbols))) {
		return fmt.Errorf("symbol %d of an enum of %d", n, len(t.Symbols))
	}
	return err
}
