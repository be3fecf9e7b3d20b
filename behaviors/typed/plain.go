package typed

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/partita-io/partita/crdt"
)

// Plain are the types of what registers and sets hold.
type Plain interface {
	~string | ~bool | ~int | ~int32 | ~int64 | ~float64
}

// plain is a Go value as it is replicated.
func plain[E Plain](e E) (crdt.Scalar, error) {
	switch v := reflect.ValueOf(e); v.Kind() {
	case reflect.String:
		return crdt.Text(v.String())
	case reflect.Bool:
		return crdt.Bool(v.Bool()), nil
	case reflect.Float64:
		return crdt.ParseScalar(strconv.AppendFloat(nil, v.Float(), 'g', -1, 64))
	default:
		return crdt.Int(v.Int()), nil
	}
}

// goValue is what is replicated as a Go value. It panics if it is none, as when the type was another one before.
func goValue[E Plain](name string, s crdt.Scalar) (e E) {
	if !read(reflect.ValueOf(&e).Elem(), s) {
		panic(fmt.Sprintf("replicated value %s has %.100s, which is no %T", name, s.JSON(), e))
	}
	return e
}

func goValues[E Plain](name string, view crdt.View) []E {
	all := view.Values()
	values := make([]E, len(all))
	for i, s := range all {
		values[i] = goValue[E](name, s)
	}
	return values
}

func read(into reflect.Value, s crdt.Scalar) bool {
	switch into.Kind() {
	case reflect.String:
		text, ok := s.Text()
		into.SetString(text)
		return ok
	case reflect.Bool:
		into.SetBool(s == crdt.True)
		return s == crdt.True || s == crdt.False
	case reflect.Float64:
		f, err := strconv.ParseFloat(s.JSON(), 64)
		into.SetFloat(f)
		return err == nil
	default:
		n, err := strconv.ParseInt(s.JSON(), 10, into.Type().Bits())
		into.SetInt(n)
		return err == nil
	}
}
