package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// A mutant is the engine with one thing wrong.
type mutant struct {
	Name string
	// Wrong says what the engine does.
	Wrong string
	// The first change is written beside the name; Also are those that it needs, or guards that must be away for it to do harm.
	change `yaml:",inline"`
	Also   []change
	// Tests are "./package Regexp", several separated by semicolons, that must notice it; empty for the simulation alone.
	Tests string
	// Unseen says why the simulation cannot notice it; then it is not run. Only with Tests.
	Unseen string
}

// A change puts New where a file has Old, which it has once.
type change struct{ File, Old, New string }

//go:embed catalogue.yaml
var catalogue []byte

func readCatalogue() ([]mutant, error) {
	var all []mutant
	if err := yaml.Unmarshal(catalogue, &all); err != nil {
		return nil, fmt.Errorf("catalogue.yaml: %w", err)
	}
	return all, nil
}

// sources are the mutant's files as they are to be compiled, by their path under root.
func (m mutant) sources(root string) (map[string][]byte, error) {
	changed := make(map[string]string)
	var errs []error
	for _, c := range append([]change{m.change}, m.Also...) {
		text, ok := changed[c.File]
		if !ok {
			b, err := os.ReadFile(filepath.Join(root, c.File))
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		old, substitute := strings.TrimRight(c.Old, "\n"), strings.TrimRight(c.New, "\n")
		if n := strings.Count(text, old); n != 1 {
			errs = append(errs, fmt.Errorf("%s: %s has %d times what it replaces: bring the catalogue up to date", m.Name, c.File, n))
		}
		changed[c.File] = strings.Replace(text, old, substitute, 1)
	}
	files := make(map[string][]byte, len(changed))
	for path, text := range changed {
		files[path] = []byte(text)
	}
	return files, errors.Join(errs...)
}

// suites are the tests to run, in order.
func (m mutant) suites() []suite {
	var list []suite
	if m.Tests == "" {
		return list
	}
	for part := range strings.SplitSeq(m.Tests, ";") {
		pkg, name, _ := strings.Cut(strings.TrimSpace(part), " ")
		list = append(list, suite{pkg: pkg, name: name})
	}
	return list
}
