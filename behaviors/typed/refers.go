package typed

import (
	"reflect"
	"time"
)

// refers tells whether values of the type hold maps, slices or pointers, so that a copy shares with the original what these refer to.
func refers(t reflect.Type) bool {
	//exhaustive:ignore
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer, reflect.Interface:
		return true
	case reflect.Array:
		return refers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if t != reflect.TypeFor[time.Time]() && refers(t.Field(i).Type) { // A time's pointer is to a location, which nobody changes.
				return true
			}
		}
	}
	return false
}
