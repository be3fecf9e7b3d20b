package starlark

import (
	"fmt"
	"strings"

	star "go.starlark.net/starlark"
)

// functions finds the functions of a script by the names of messages, and collects what is wrong with them.
type functions struct {
	file, owner string
	globals     star.StringDict
	problems    []Problem
}

func (f *functions) problem(format string, args ...any) {
	f.problems = append(f.problems, Problem{File: f.file, Message: f.owner + ": " + fmt.Sprintf(format, args...)})
}

// required are the functions of all the messages; a missing one is a problem.
func (f *functions) required(prefix, what string, params []string, messages []*Message) map[string]*star.Function {
	found := f.optional(prefix, params, messages)
	for _, m := range messages {
		if name := prefix + snake(m.Name); !f.globals.Has(name) {
			f.problem("%s %s needs a function %s(%s)", what, m.Name, name, strings.Join(params, ", "))
		}
	}
	return found
}

// optional are the functions that there are.
func (f *functions) optional(prefix string, params []string, messages []*Message) map[string]*star.Function {
	found := map[string]*star.Function{}
	for _, m := range messages {
		name := prefix + snake(m.Name)
		value, ok := f.globals[name]
		if !ok {
			continue
		}
		function, ok := value.(*star.Function)
		if !ok {
			f.problem("%s is %s: want a function %s(%s)", name, value.Type(), name, strings.Join(params, ", "))
			continue
		}
		if function.NumParams() != len(params) || function.HasVarargs() || function.HasKwargs() || function.NumKwonlyParams() > 0 {
			f.problems = append(f.problems, at(function.Position(), fmt.Sprintf("%s: %s takes %d parameters: want %s(%s)",
				f.owner, name, function.NumParams(), name, strings.Join(params, ", "))))
		}
		found[m.Name] = function
	}
	return found
}

// refuseUnknown finds functions that are named after no message: most likely a slip of the pen.
func (f *functions) refuseUnknown(prefix, what string, messages []*Message) {
	known, expected := map[string]bool{}, []string{}
	for _, m := range messages {
		known[prefix+snake(m.Name)] = true
		expected = append(expected, prefix+snake(m.Name))
	}
	for _, name := range f.globals.Keys() {
		function, ok := f.globals[name].(*star.Function)
		if !ok || !strings.HasPrefix(name, prefix) || known[name] {
			continue
		}
		f.problems = append(f.problems, at(function.Position(), fmt.Sprintf("%s: function %s is for no %s of it%s", f.owner, name, what, didYouMean(name, expected))))
	}
}
