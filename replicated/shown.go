package replicated

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/partita-io/partita/internal/spelling"
)

// Shown is a value for people and their programs.
type Shown struct {
	Name  string          `json:"name"`
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
	// Contributions are how many tasks have changed it, Bytes what they take together.
	Contributions int   `json:"contributions"`
	Bytes         int64 `json:"bytes"`
}

// ShowAll are all values, as far as is known of them, by their names.
func (v *Values) ShowAll() []Shown {
	v.mu.RLock()
	defer v.mu.RUnlock()
	all := make([]Shown, 0, len(v.types))
	for _, name := range slices.Sorted(maps.Keys(v.types)) {
		all = append(all, v.showLocked(name))
	}
	return all
}

// Show is one value. The error names the nearest, if none of the name is declared.
func (v *Values) Show(name string) (Shown, error) {
	if err := Known(v, name); err != nil {
		return Shown{}, err
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.showLocked(name), nil
}

// Known is an error that names the nearest, if a value of the name is not declared. There may be no values at all: nil.
func Known(v *Values, name string) error {
	if v == nil {
		return fmt.Errorf("there is no replicated value named %s: the context declares none", name)
	}
	if _, ok := v.types[name]; !ok {
		return fmt.Errorf("there is no replicated value named %s%s", name, spelling.DidYouMean(name, slices.Collect(maps.Keys(v.types))))
	}
	return nil
}

func (v *Values) showLocked(name string) Shown {
	f := v.figuresLocked(name)
	return Shown{
		Name: name, Type: f.Type.String(), Value: v.known[name].view.AppendValue(nil), Contributions: f.Contributions, Bytes: f.Bytes,
	}
}
