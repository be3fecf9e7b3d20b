package e2e_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	listedCommand = regexp.MustCompile(`(?m)^  ([a-z][a-z-]*) +[A-Z]`)
	listedFlag    = regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+)`)
	inlineCode    = regexp.MustCompile("`([^`\n]+)`")
	flagInText    = regexp.MustCompile(`--([a-z][a-z-]*)`)
)

// help is what the program says of itself, or of one of its commands. This test binary is the program when it is called so, see TestMain.
func help(t *testing.T, command ...string) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Args = append(append([]string{"processor"}, command...), "--help")
	said, err := cmd.Output()
	require.NoError(t, err)
	return string(said)
}

func helpOfAll(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, m := range listedCommand.FindAllStringSubmatch(help(t), -1) {
		if m[1] != "help" {
			all[m[1]] = help(t, m[1])
		}
	}
	require.Greater(t, len(all), 5)
	return all
}

func names(pattern *regexp.Regexp, text string) []string {
	var all []string
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		if m[1] != "help" {
			all = append(all, m[1])
		}
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", path))
	require.NoError(t, err)
	return string(b)
}

func TestCommandsOnThePageAreThoseOfTheProgram(t *testing.T) {
	all := helpOfAll(t)
	var shown []string
	for line := range strings.Lines(blockOf(t, "docs/command-line.md", "processor dev DIR")) {
		usage, _, _ := strings.Cut(strings.ReplaceAll(line, "…", "..."), "   ")
		command := strings.Fields(usage)[1]
		shown = append(shown, command)
		arguments, _, _ := strings.Cut(strings.Split(usage, " [--")[0], " --")
		if command != "completion" { // Its arguments are commands of it.
			require.Contains(t, all[command], strings.TrimSpace(arguments))
		}
		require.Subset(t, names(listedFlag, all[command]), names(flagInText, usage), usage)
	}
	slices.Sort(shown)
	require.Equal(t, slices.Sorted(maps.Keys(all)), slices.Compact(shown))
}

// TestFlagsOnThePageAreThoseOfTheProgram holds each section of docs/command-line.md to the help of its command.
func TestFlagsOnThePageAreThoseOfTheProgram(t *testing.T) {
	sections := make(map[string]string)
	for _, section := range strings.Split(read(t, "docs/command-line.md"), "\n## ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		sections[title] = text
	}
	shared := names(flagInText, sections["Which brokers"])
	for command, said := range helpOfAll(t) {
		flags, named := names(listedFlag, said), names(flagInText, sections[command])
		require.Subset(t, flags, named, "the section on %s has flags that are none", command)
		require.Subset(t, append(named, shared...), flags, "the section on %s lacks flags", command)
	}
}

// TestCommandsInTheTextAreCommands holds what pages name within a sentence to the program: `processor check DIR --brokers …`.
func TestCommandsInTheTextAreCommands(t *testing.T) {
	all, found := helpOfAll(t), 0
	for _, page := range pages(t) {
		for _, code := range names(inlineCode, read(t, page)) {
			words := strings.Fields(code)
			if len(words) < 2 || words[0] != "processor" {
				continue
			}
			found++
			require.Contains(t, all, words[1], "%s names `%s`", page, code)
			require.Subset(t, names(listedFlag, all[words[1]]), names(flagInText, code), "%s names `%s`", page, code)
		}
	}
	require.Greater(t, found, 10)
}
