package main

import (
	_ "embed"
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
	// File is changed by putting New where Old is, which it has once.
	File, Old, New string
	// Tests are "./package TestName" where the mutant cannot be seen by the simulation; empty for the simulation.
	Tests string
}

//go:embed catalogue.yaml
var catalogue []byte

func readCatalogue() ([]mutant, error) {
	var all []mutant
	if err := yaml.Unmarshal(catalogue, &all); err != nil {
		return nil, fmt.Errorf("catalogue.yaml: %w", err)
	}
	return all, nil
}

// source is the mutant's file as it is to be compiled.
func (m mutant) source(root string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(root, m.File))
	if err != nil {
		return nil, err
	}
	old, substitute := strings.TrimRight(m.Old, "\n"), strings.TrimRight(m.New, "\n")
	if n := strings.Count(string(b), old); n != 1 {
		return nil, fmt.Errorf("%s: %s has %d times what it replaces: bring the catalogue up to date", m.Name, m.File, n)
	}
	return []byte(strings.Replace(string(b), old, substitute, 1)), nil
}
