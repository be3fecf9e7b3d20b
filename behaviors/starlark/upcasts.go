package starlark

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/entities"
)

// An Upcast brings what was written under an older schema of a record to today's shape, by a function of its name: upcast_item_added_v1.
type Upcast struct {
	// From is the record as it was, To as it is; Version is the one of From.
	From, To *Message
	Version  int
	// Within are the other records of the older schema.
	Within []*Message
}

// Function is the name of the function.
func (u *Upcast) Function() string {
	return fmt.Sprintf("%s%s_v%d", upcastPrefix, snake(u.To.Name), u.Version)
}

const upcastPrefix = "upcast_"

// UpcastsConfig says where the functions are and what they are for.
type UpcastsConfig struct {
	Folder fs.FS
	File   string
	All    []Upcast
	Print  func(file, text string)
	Limits Limits
}

// Upcasts are the functions of a context. They may be called from several goroutines at once.
type Upcasts struct {
	caller *caller
	// by is by the fingerprint of the older schema.
	by map[uint64]*upcast
}

type upcast struct {
	Upcast
	function *star.Function
}

// LoadUpcasts loads the script with the functions. All problems come back at once; the upcasts are usable when there are none.
func LoadUpcasts(config UpcastsConfig) (*Upcasts, []Problem) {
	config.Limits = config.Limits.withDefaults()
	var today []*Message
	var wanted []string
	for i := range config.All {
		today, wanted = append(today, config.All[i].To), append(wanted, config.All[i].Function()+"(event)")
	}
	if _, err := fs.Stat(config.Folder, config.File); errors.Is(err, fs.ErrNotExist) {
		return nil, []Problem{{File: config.File, Message: fmt.Sprintf("there is no such file: write %s into it", strings.Join(wanted, ", "))}}
	}
	globals, problems := loadScript(config.Folder, config.File, config.Limits, config.Print, nil, today)
	if len(problems) > 0 {
		return nil, problems
	}
	u := &Upcasts{caller: newCaller(config.Limits, config.Print), by: map[uint64]*upcast{}}
	f := &functions{file: config.File, owner: "upcasts", globals: globals}
	known := map[string]bool{}
	for _, c := range config.All {
		known[c.Function()] = true
		if function := f.named(c.Function(), "event", fmt.Sprintf("version %d of %s", c.Version, c.To.Name)); function != nil {
			u.by[c.From.Fingerprint] = &upcast{Upcast: c, function: function}
		}
	}
	for _, name := range globals.Keys() {
		if function, ok := globals[name].(*star.Function); ok && strings.HasPrefix(name, upcastPrefix) && !known[name] {
			f.problems = append(f.problems, at(function.Position(), fmt.Sprintf("upcasts: function %s is for no schema beside it: put the record as it was into %s.avsc",
				name, strings.TrimPrefix(name, upcastPrefix))))
		}
	}
	if len(f.problems) > 0 {
		return nil, f.problems
	}
	return u, nil
}

// named is the function of this name with one parameter; nil after a problem.
func (f *functions) named(name, param, purpose string) *star.Function {
	function, ok := f.globals[name].(*star.Function)
	switch {
	case !ok:
		f.problem("%s needs a function %s(%s)", purpose, name, param)
		return nil
	case function.NumParams() != 1 || function.HasVarargs() || function.HasKwargs() || function.NumKwonlyParams() > 0:
		f.problems = append(f.problems, at(function.Position(), fmt.Sprintf("%s: %s takes %d parameters: want %s(%s)", f.owner, name, function.NumParams(), name, param)))
	}
	return function
}

// From is the upcast of what was written under the schema of a fingerprint; nil if there is none.
func (u *Upcasts) From(fingerprint uint64) *Upcast {
	if u == nil || u.by[fingerprint] == nil {
		return nil
	}
	return &u.by[fingerprint].Upcast
}

// Apply brings a plain value under the schema of the fingerprint to a plain value of today.
func (u *Upcasts) Apply(fingerprint uint64, value []any) (now []any, failure *entities.Failure) {
	c := u.by[fingerprint]
	defer func() {
		if p := recover(); p != nil {
			now, failure = nil, panicked(c.Function(), p)
		}
	}()
	event := recordToStar(value, c.From.Type)
	event.Freeze()
	t := u.caller.borrow()
	defer u.caller.giveBack(t)
	result, failure := t.call(c.function, turn{}, event)
	if failure != nil {
		return nil, failure
	}
	record, ok := result.(*Record)
	if !ok || record.typ != c.To.Type {
		return nil, t.failure(c.function, fmt.Errorf("returned %s: want a %s as it is today, %s(…)", result.Type(), c.To.Name, c.To.Name))
	}
	now, err := recordToPlain(record, c.To.Type, &t.budget, 0)
	if err != nil {
		return nil, t.failure(c.function, err)
	}
	return now, nil
}
