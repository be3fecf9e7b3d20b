package starlark

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.starlark.net/lib/math"
	star "go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Limits bound one call of a script.
type Limits struct {
	// Steps of the interpreter; 0 means 1,000,000.
	Steps uint64
	// Bytes asked for, whether or not they were given back; 0 means 64 MiB.
	Bytes int64
}

const (
	defaultSteps = 1_000_000
	defaultBytes = 64 << 20
)

func (l Limits) withDefaults() Limits {
	if l.Steps == 0 {
		l.Steps = defaultSteps
	}
	if l.Bytes == 0 {
		l.Bytes = defaultBytes
	}
	return l
}

var dialect = &syntax.FileOptions{}

// A loader reads the scripts of one folder, each once.
type loader struct {
	folder      fs.FS
	predeclared star.StringDict
	limits      Limits
	print       func(file, text string)
	modules     map[string]*module
}

type module struct {
	globals star.StringDict
	err     error
	loading bool
}

func newLoader(folder fs.FS, limits Limits, print func(file, text string)) *loader {
	names := guards()
	for name, value := range effectBuiltins() {
		names[name] = value
	}
	names["decimal"] = star.NewBuiltin("decimal", newDecimal)
	names["math"] = math.Module
	return &loader{folder: folder, predeclared: names, limits: limits, print: print, modules: map[string]*module{}}
}

func (l *loader) load(file string) (star.StringDict, error) {
	if !fs.ValidPath(file) || strings.Contains(file, "\\") || path.Ext(file) != ".star" {
		return nil, fmt.Errorf("load(%q): only .star files inside the folder can be loaded", file)
	}
	if m := l.modules[file]; m != nil {
		if m.loading {
			return nil, fmt.Errorf("load(%q): the files load each other in a circle: move what both need to a third", file)
		}
		return m.globals, m.err
	}
	m := &module{loading: true}
	l.modules[file] = m
	m.globals, m.err = l.run(file)
	m.loading = false
	return m.globals, m.err
}

func (l *loader) run(file string) (star.StringDict, error) {
	source, err := fs.ReadFile(l.folder, file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	parsed, err := dialect.Parse(file, source, 0)
	if err != nil {
		return nil, err
	}
	guard(parsed)
	program, err := star.FileProgram(parsed, l.predeclared.Has)
	if err != nil {
		return nil, err
	}
	t := newThread(file, l.limits, l.print)
	t.thread.Load = func(_ *star.Thread, name string) (star.StringDict, error) { return l.load(name) }
	globals, err := program.Init(&t.thread, l.predeclared)
	globals.Freeze()
	if err != nil && !errors.As(err, new(*star.EvalError)) {
		return nil, err
	}
	if err != nil {
		return nil, &loadError{failure: failureOf(err), cause: err}
	}
	return globals, nil
}

// A loadError is a failure of a script's top level, told with its position.
type loadError struct {
	failure error
	cause   error
}

func (e *loadError) Error() string { return e.failure.Error() }
func (e *loadError) Unwrap() error { return e.cause }
