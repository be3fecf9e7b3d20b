package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// suggestions are the lines that say what to type next: the first command in the folder's tests, and the first projection.
func (f *folder) suggestions() []string {
	var lines []string
	if len(f.Entities) > 0 {
		lines = append(lines, "send     processor send "+f.dir+" "+f.exampleCommand())
	}
	watch := ""
	switch {
	case len(f.Projections) > 0:
		watch = f.Projections[0].Name
	case len(f.Entities) > 0:
		watch = f.Entities[0].Name
	}
	if watch != "" {
		lines = append(lines, "watch    processor watch "+f.dir+" "+watch)
	}
	return lines
}

// exampleCommand is "cart c1 AddItem sku=apple …": of a test, so that it means something.
func (f *folder) exampleCommand() string {
	entity := f.Entities[0]
	files, err := filepath.Glob(filepath.Join(f.dir, "tests", "*.yaml"))
	if err == nil {
		for _, file := range files {
			if example, ok := exampleIn(file, entity.Name); ok {
				return example
			}
		}
	}
	words := []string{entity.Name, "ID"}
	if len(entity.Commands) > 0 {
		words = append(words, entity.Commands[0].Name)
		for _, field := range f.fieldNames(entity.Name, entity.Commands[0].Name) {
			words = append(words, field+"=…")
		}
	}
	return strings.Join(words, " ")
}

// exampleIn finds the first command in a file of tests that a new entity accepts.
func exampleIn(file, entity string) (string, bool) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", false
	}
	var tests []struct {
		Entity string               `yaml:"entity"`
		Given  []yaml.Node          `yaml:"given"`
		When   map[string]yaml.Node `yaml:"when"`
		Then   map[string]yaml.Node `yaml:"then"`
	}
	if yaml.Unmarshal(b, &tests) != nil {
		return "", false
	}
	for _, test := range tests {
		name, id, _ := strings.Cut(test.Entity, "/")
		if name != entity || len(test.When) != 1 || len(test.Given) > 0 || refused(test.Then) {
			continue
		}
		for command, fields := range test.When {
			return strings.Join(append([]string{entity, shellWord(id), command}, fieldWords(&fields)...), " "), true
		}
	}
	return "", false
}

func refused(then map[string]yaml.Node) bool {
	for _, answer := range []string{"rejected", "failed"} {
		if _, ok := then[answer]; ok {
			return true
		}
	}
	return false
}

// fieldWords are the fields of a YAML mapping as words of a shell, in their order.
func fieldWords(n *yaml.Node) []string {
	var words []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		value := n.Content[i+1].Value
		if n.Content[i+1].Kind != yaml.ScalarNode {
			var v any
			if n.Content[i+1].Decode(&v) != nil {
				continue
			}
			b, err := json.Marshal(v)
			if err != nil {
				continue
			}
			value = string(b)
		}
		words = append(words, shellWord(n.Content[i].Value+"="+value))
	}
	return words
}

// shellWord quotes what a shell would take apart.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.,:/=+@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
