package starlark

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	star "go.starlark.net/starlark"
)

// maxReplyBytes bounds what reply() can say: an answer is one record, and its sender waits for it.
const maxReplyBytes = 512 << 10

// replyJSON is the value given to reply(), as JSON: decimals as strings, longs exact, bytes in base64, records in schema order.
func replyJSON(v star.Value) ([]byte, error) {
	w := replyWriter{}
	if err := w.value(v, 0); err != nil {
		return nil, fmt.Errorf("reply: %w", err)
	}
	return w.out, nil
}

// A replyWriter stops at the first value that makes the reply too long, so that shared parts cannot make it grow without end.
type replyWriter struct{ out []byte }

func (w *replyWriter) value(v star.Value, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	if len(w.out) > maxReplyBytes {
		return fmt.Errorf("%w: a reply has at most %d bytes", errSizeLimit, maxReplyBytes)
	}
	switch v := v.(type) {
	case star.NoneType:
		w.out = append(w.out, "null"...)
	case star.Bool:
		w.out = strconv.AppendBool(w.out, bool(v))
	case star.Int:
		w.out = append(w.out, v.String()...)
	case star.Float:
		return w.float(float64(v))
	case star.String:
		return w.text(string(v))
	case star.Bytes:
		if err := w.room(len(v)); err != nil {
			return err
		}
		w.out = append(base64.StdEncoding.AppendEncode(append(w.out, '"'), []byte(v)), '"')
	case Decimal:
		return w.text(decimalText(v.rat))
	case *Record:
		return w.record(v, depth)
	case *star.Dict:
		return w.dict(v, depth)
	case *star.List:
		return w.items(v, depth)
	case star.Tuple:
		return w.items(v, depth)
	default:
		return fmt.Errorf("%s has no form in JSON", v.Type())
	}
	return nil
}

func (w *replyWriter) room(bytes int) error {
	if len(w.out)+bytes > maxReplyBytes {
		return fmt.Errorf("%w: a reply has at most %d bytes", errSizeLimit, maxReplyBytes)
	}
	return nil
}

func (w *replyWriter) float(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%v has no form in JSON", f)
	}
	w.out = strconv.AppendFloat(w.out, f, 'g', -1, 64)
	return nil
}

func (w *replyWriter) text(s string) error {
	if err := w.room(len(s)); err != nil {
		return err
	}
	quoted, err := json.Marshal(s)
	w.out = append(w.out, quoted...)
	return err
}

func (w *replyWriter) record(r *Record, depth int) error {
	w.out = append(w.out, '{')
	for i, f := range r.typ.Fields {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if err := w.text(f.Name); err != nil {
			return err
		}
		w.out = append(w.out, ':')
		if err := w.value(r.values[i], depth+1); err != nil {
			return fmt.Errorf("%s.%s: %w", r.Type(), f.Name, err)
		}
	}
	w.out = append(w.out, '}')
	return nil
}

// dict writes entries in the order of their keys.
func (w *replyWriter) dict(d *star.Dict, depth int) error {
	keys := make([]string, 0, d.Len())
	for k := range d.Entries() {
		key, ok := star.AsString(k)
		if !ok {
			return fmt.Errorf("a key of a dict is %s: JSON has strings only", k.Type())
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	w.out = append(w.out, '{')
	for i, key := range keys {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if err := w.text(key); err != nil {
			return err
		}
		w.out = append(w.out, ':')
		item, _, err := d.Get(star.String(key))
		if err != nil {
			return err
		}
		if err := w.value(item, depth+1); err != nil {
			return fmt.Errorf("[%s]: %w", quoted(key), err)
		}
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *replyWriter) items(list star.Indexable, depth int) error {
	w.out = append(w.out, '[')
	for i := range list.Len() {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if err := w.value(list.Index(i), depth+1); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	w.out = append(w.out, ']')
	return nil
}
