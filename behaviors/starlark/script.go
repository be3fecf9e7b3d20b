package starlark

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
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

// A loader reads the scripts of one folder, each once, and collects what is wrong with them.
type loader struct {
	folder      fs.FS
	predeclared star.StringDict
	limits      Limits
	printer     func(file, text string)
	modules     map[string]*module
	problems    []Problem
	// allowed is what the script's calls may do, as far as they are checked before they are made; nil for functions without ctx. What a file that they
	// load does with it is checked with the others that load it.
	allowed *turn
}

type module struct {
	globals star.StringDict
	loading bool
}

// errNotLoaded stands for what is already among the loader's problems.
var errNotLoaded = errors.New("not loaded")

// loadScript runs a file and those it loads. Globals are nil when there are problems.
func loadScript(folder fs.FS, file string, limits Limits, printer func(file, text string), allowed *turn, messages ...[]*Message) (globals star.StringDict, problems []Problem) {
	names := constructors(slices.Concat(messages...))
	maps.Copy(names, guards())
	maps.Copy(names, effectBuiltins())
	names["write"] = star.NewBuiltin("write", write)
	names["by_time"] = star.NewBuiltin("by_time", byTime)
	names["decimal"] = star.NewBuiltin("decimal", newDecimal)
	names["math"] = math.Module
	l := &loader{folder: folder, predeclared: names, limits: limits, printer: printer, modules: map[string]*module{}, allowed: allowed}
	defer func() {
		if p := recover(); p != nil {
			globals, problems = nil, []Problem{{File: file, Message: fmt.Sprintf("internal error: %s", clipped(fmt.Sprint(p), maxMessageBytes))}}
		}
	}()
	globals = l.load(file, syntax.MakePosition(&file, 0, 0))
	return globals, l.problems
}

// load is the globals of a file, nil when it cannot be loaded. at is the place that asks for it.
func (l *loader) load(file string, by syntax.Position) star.StringDict {
	if m := l.modules[file]; m != nil {
		if m.loading {
			l.problems = append(l.problems, at(by, fmt.Sprintf("load(%s): the files load each other in a circle: move what both need to a third", quoted(file))))
		}
		return m.globals
	}
	m := &module{loading: true}
	l.modules[file] = m
	if !fs.ValidPath(file) || strings.Contains(file, "\\") || path.Ext(file) != ".star" {
		l.problems = append(l.problems, at(by, fmt.Sprintf("load(%s): only .star files inside the folder can be loaded", quoted(file))))
	} else if source, err := fs.ReadFile(l.folder, file); err != nil {
		l.problems = append(l.problems, at(by, fmt.Sprintf("reading %s: %v", clipped(file, maxShownBytes), err)))
	} else {
		m.globals = l.run(file, source)
	}
	m.loading = false
	return m.globals
}

// run is the globals of a file. What it loads is looked at first, so that the mistakes of all files are told at once.
func (l *loader) run(file string, source []byte) star.StringDict {
	err := checkText(file, source)
	if err != nil {
		return l.refuse(file, err)
	}
	parsed, err := dialect.Parse(file, source, 0)
	if err != nil {
		return l.refuse(file, err)
	}
	before := len(l.problems)
	for _, s := range parsed.Stmts {
		if s, ok := s.(*syntax.LoadStmt); ok {
			l.load(s.ModuleName(), s.Load)
		}
	}
	if l.allowed != nil {
		l.problems = append(l.problems, l.allowed.checkCalls(parsed)...)
		l.problems = append(l.problems, checkTables(parsed, l.allowed.tables)...)
		l.problems = append(l.problems, checkReplicated(parsed, l.allowed.replicated)...)
	}
	guard(parsed)
	program, err := star.FileProgram(parsed, l.predeclared.Has)
	if err != nil {
		return l.refuse(file, err)
	}
	if len(l.problems) > before {
		return nil
	}
	return l.initialize(file, program)
}

func (l *loader) initialize(file string, program *star.Program) star.StringDict {
	t := newThread(l.limits, l.printer)
	t.thread.Load = func(_ *star.Thread, name string) (star.StringDict, error) {
		if m := l.modules[name]; m != nil && m.globals != nil {
			return m.globals, nil
		}
		return nil, errNotLoaded
	}
	globals, err := program.Init(&t.thread, l.predeclared)
	if err == nil && t.budget.left < 0 {
		err = errSizeLimit
	}
	if err != nil {
		return l.refuse(file, err)
	}
	globals.Freeze()
	return globals
}

func (l *loader) refuse(file string, err error) star.StringDict {
	if !errors.Is(err, errNotLoaded) {
		l.problems = append(l.problems, problemsOf(file, err)...)
	}
	return nil
}
