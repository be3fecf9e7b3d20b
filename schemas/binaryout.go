package schemas

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"unicode/utf8"
)

// A binaryWriter turns a plain value into Avro binary, checking it against the type on the way. Map keys are sorted, so that equal values
// are equal bytes.
type binaryWriter struct {
	dst    []byte
	budget budget
}

func appendBinary(dst []byte, t *Type, value any) ([]byte, error) {
	w := binaryWriter{dst: dst, budget: newBudget()}
	if err := w.value(t, value, 0); err != nil {
		return nil, err
	}
	return w.dst, nil
}

func (w *binaryWriter) value(t *Type, value any, depth int) error {
	if err := w.budget.value(t, depth); err != nil {
		return err
	}
	//exhaustive:ignore
	switch t.Kind {
	case Array:
		return w.items(t, value, depth)
	case Map:
		return w.entries(t, value, depth)
	case Record:
		return w.record(t, value, depth)
	case Union:
		return w.union(t, value, depth)
	default:
		return w.scalar(t, value)
	}
}

func (w *binaryWriter) scalar(t *Type, value any) error {
	if number, ok := value.(*big.Rat); ok && hasForm(t, value) {
		data, err := decimalBytes(t, number)
		w.bytes(t, data)
		return err
	}
	if err := checkScalar(t, value); err != nil {
		return err
	}
	switch value := value.(type) {
	case bool:
		bit := byte(0)
		if value {
			bit = 1
		}
		w.dst = append(w.dst, bit)
	case int64:
		w.dst = binary.AppendVarint(w.dst, value)
	case float64:
		w.float(t, value)
	case string:
		w.text(t, value)
	case []byte:
		w.bytes(t, value)
	}
	return nil
}

func (w *binaryWriter) float(t *Type, f float64) {
	if t.Kind == Float {
		w.dst = binary.LittleEndian.AppendUint32(w.dst, math.Float32bits(float32(f)))
		return
	}
	w.dst = binary.LittleEndian.AppendUint64(w.dst, math.Float64bits(f))
}

func (w *binaryWriter) text(t *Type, s string) {
	if t.Kind == Enum {
		w.dst = binary.AppendVarint(w.dst, int64(slices.Index(t.Symbols, s)))
		return
	}
	w.dst = append(binary.AppendVarint(w.dst, int64(len(s))), s...)
}

func (w *binaryWriter) bytes(t *Type, data []byte) {
	if t.Kind == Bytes {
		w.dst = binary.AppendVarint(w.dst, int64(len(data)))
	}
	w.dst = append(w.dst, data...)
}

func (w *binaryWriter) items(t *Type, value any, depth int) error {
	items, ok := value.([]any)
	if !ok {
		return unfit(t, value)
	}
	if err := w.open(t, len(items)); err != nil {
		return err
	}
	for i, item := range items {
		if err := w.value(t.Elem, item, depth+1); err != nil {
			return at(fmt.Sprintf("[%d]", i), err)
		}
	}
	w.dst = append(w.dst, 0)
	return nil
}

func (w *binaryWriter) entries(t *Type, value any, depth int) error {
	entries, ok := value.(map[string]any)
	if !ok {
		return unfit(t, value)
	}
	if err := w.open(t, len(entries)); err != nil {
		return err
	}
	var few [16]string // of most maps the keys need no allocation
	keys := slices.AppendSeq(few[:0], maps.Keys(entries))
	slices.Sort(keys)
	for _, key := range keys {
		if !utf8.ValidString(key) {
			return fmt.Errorf("map key %q is not valid UTF-8", key)
		}
		w.dst = append(binary.AppendVarint(w.dst, int64(len(key))), key...)
		if err := w.value(t.Elem, entries[key], depth+1); err != nil {
			return at(fmt.Sprintf("[%q]", key), err)
		}
	}
	w.dst = append(w.dst, 0)
	return nil
}

// open begins the one block of an array or map; an empty one has none. A count of 0 ends both.
func (w *binaryWriter) open(t *Type, count int) error {
	if count > 0 {
		w.dst = binary.AppendVarint(w.dst, int64(count))
	}
	return w.budget.items(t, int64(count))
}

func (w *binaryWriter) record(t *Type, value any, depth int) error {
	fields, ok := value.([]any)
	if !ok {
		return unfit(t, value)
	}
	if len(fields) != len(t.Fields) {
		return fmt.Errorf("record %s has %d fields, got %d values", t.Name, len(t.Fields), len(fields))
	}
	for i := range t.Fields {
		if err := w.value(t.Fields[i].Type, fields[i], depth+1); err != nil {
			return at(t.Fields[i].Name, err)
		}
	}
	return nil
}

func (w *binaryWriter) union(t *Type, value any, depth int) error {
	i, inner, err := branchOf(t, value)
	if err != nil {
		return err
	}
	w.dst = binary.AppendVarint(w.dst, int64(i))
	return w.value(t.Branches[i], inner, depth+1)
}
