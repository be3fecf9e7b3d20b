package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

// maxSchemaBytes bounds one schema file.
const maxSchemaBytes = 1 << 20

// A Problem is one thing that is wrong with the schemas of a folder.
type Problem struct {
	// File is the path below the folder given to Load.
	File string
	// Line and Column count from 1; 0 where only the file is known.
	Line, Column int
	// Message says what is wrong and, where it can be told, the mend.
	Message string
}

// Load reads every *.avsc file of a folder and of the folders below it.
func Load(dir string) (*Set, []Problem) { return LoadFS(os.DirFS(dir)) }

// LoadFS is Load for any file system. The set holds what is right even if there are problems.
func LoadFS(files fs.FS) (*Set, []Problem) {
	l := newLoader()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			l.problem(path, 0, err.Error())
		case !entry.IsDir() && strings.HasSuffix(path, ".avsc"):
			l.file(files, path)
		}
		return nil
	})
	if err != nil {
		l.problem(".", 0, err.Error())
	}
	return l.set(), l.problems
}

// Parse makes a set of schemas given as text: each a record, an array of types, or types that others name.
func Parse(schemas ...string) (*Set, error) {
	l := newLoader()
	for i, schema := range schemas {
		l.text(fmt.Sprintf("schema %d", i+1), []byte(schema))
	}
	set := l.set()
	errs := make([]error, len(l.problems))
	for i, p := range l.problems {
		errs[i] = fmt.Errorf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return set, nil
}

type loader struct {
	texts       map[string][]byte
	definitions map[string]*definition
	order       []*definition
	problems    []Problem
}

func newLoader() *loader {
	return &loader{texts: map[string][]byte{}, definitions: map[string]*definition{}}
}

func (l *loader) problem(file string, offset int64, message string) {
	p := Problem{File: file, Message: message}
	if text := l.texts[file]; text != nil {
		before := text[:min(max(offset, 0), int64(len(text)))]
		p.Line = bytes.Count(before, []byte("\n")) + 1
		p.Column = len(before) - bytes.LastIndexByte(before, '\n')
	}
	l.problems = append(l.problems, p)
}

func (l *loader) file(files fs.FS, path string) {
	f, err := files.Open(path)
	if err != nil {
		l.problem(path, 0, err.Error())
		return
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := io.ReadAll(io.LimitReader(f, maxSchemaBytes+1))
	switch {
	case err != nil:
		l.problem(path, 0, err.Error())
	case len(text) > maxSchemaBytes:
		l.problem(path, 0, "the file is larger than 1 MiB")
	default:
		l.text(path, text)
	}
}

func (l *loader) text(file string, text []byte) {
	l.texts[file] = text
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		offset := decoder.InputOffset()
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			offset = syntax.Offset - 1
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			offset = int64(len(text))
		}
		l.problem(file, offset, fmt.Sprintf("not valid JSON: %v", err))
		return
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		l.problem(file, decoder.InputOffset(), "text after the schema: put several records into a JSON array")
		return
	}
	if err := l.collect(file, root, "", 0); err != nil {
		l.problem(file, 0, err.Error())
	}
}

// set compiles each record by itself, so that one mistake hides no other.
func (l *loader) set() *Set {
	var messages []*Message
	for _, d := range l.order {
		if kind, _ := d.node["type"].(string); kind != "record" && kind != "error" {
			continue
		}
		message, err := l.compile(d)
		if err != nil {
			l.problem(d.file, l.offsetOf(d), fmt.Sprintf("record %s: %v", lastPart(d.name), err))
			continue
		}
		messages = append(messages, message)
	}
	return newSet(messages)
}

func (l *loader) compile(d *definition) (*Message, error) {
	node, err := l.expand(d.node, d.namespace, map[string]bool{})
	if err != nil {
		return nil, err
	}
	schemaJSON, err := json.Marshal(node)
	if err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return compile(string(schemaJSON))
}

func (l *loader) offsetOf(d *definition) int64 {
	pattern := regexp.MustCompile(`"name"\s*:\s*"(?:[\w.]*\.)?` + regexp.QuoteMeta(lastPart(d.name)) + `"`)
	if place := pattern.FindIndex(l.texts[d.file]); place != nil {
		return int64(place[0])
	}
	return 0
}
