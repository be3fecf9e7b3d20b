package e2e_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// TestBlocksOfThePagesAreWhatTheySay runs the scripts under docs/: they bring about what pages show, and do what pages say.
func TestBlocksOfThePagesAreWhatTheySay(t *testing.T) {
	h := &harness{ctx: t.Context()}
	p := shownPages{blocks: blocksByPage(t), harness: h}
	bank := filepath.Join(t.TempDir(), "bank")
	if _, err := exec.LookPath("kcat"); err == nil {
		said, err := exec.CommandContext(t.Context(), "go", "build", "-o", bank, "../examples/bank").CombinedOutput()
		require.NoError(t, err, "%s", said)
	}
	testscript.Run(t, testscript.Params{
		Dir: "docs", RequireExplicitExec: true, RequireUniqueNames: true, Condition: h.condition,
		Setup: func(env *testscript.Env) error {
			env.Setenv("BANK", bank)
			return h.setUp(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": h.start, "terminate": h.terminate, "eventually": h.eventually, "brokers": h.ownBrokers, "replace": replace, "alter": alter,
			"produce": h.produce, "foreign": h.foreign, "headers": h.headers, "says": says,
			"shown": p.shown, "types": p.types, "write": p.write, "redefine": p.redefine,
		},
	})
}

// replace changes the only place of a file that has the text, with ^ for the end of a line:
//
//	replace FILE OLD NEW
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%s has %q %d times, not once", args[0], args[1], n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], strings.ReplaceAll(args[2], "^", "\n"), 1)), 0o600))
}

// shownPages are the blocks of all pages, for commands that begin with PAGE and BEGINNING of the block they are about.
type shownPages struct {
	blocks  map[string][]block
	harness *harness
}

func (p shownPages) find(ts *testscript.TestScript, neg bool, usage string, args []string) block {
	if neg || len(args) != len(strings.Fields(usage))-1 {
		ts.Fatalf("usage: %s", usage)
	}
	for _, b := range p.blocks[args[0]] {
		if strings.HasPrefix(b.text, args[1]) {
			return b
		}
	}
	ts.Fatalf("%s has no block that begins with %q", args[0], args[1])
	return block{}
}

// shown compares the standard output of the command before it with what the block shows, which is all of it or some lines of it.
func (p shownPages) shown(ts *testscript.TestScript, neg bool, args []string) {
	want := "(?m)^"
	for line := range strings.Lines(p.find(ts, neg, "shown PAGE BEGINNING", args).text) {
		if !strings.HasPrefix(line, "$ ") {
			want += pattern(strings.TrimSuffix(line, "\n")) + `\n`
		}
	}
	if got := ts.ReadFile("stdout"); !regexp.MustCompile(want).MatchString(got) {
		ts.Fatalf("%s shows other lines after %q than these:\n%s", args[0], args[1], got)
	}
}

// here is a command of a page, said of the script's brokers and context.
func here(ts *testscript.TestScript, command string) string {
	broker := brokerOf(ts)
	command = strings.NewReplacer(
		"go run ../../cmd/processor", "processor", "../../examples", "examples", "localhost:9092", broker, "127.0.0.1:9092", broker,
	).Replace(command)
	return inContext(command, ts.Getenv("CONTEXT"))
}

// shownBelow matches what the page shows below a command, whole lines one after another.
func shownBelow(ts *testscript.TestScript, c typed) string {
	want := ""
	for _, line := range c.shown {
		want += "^" + pattern(inContext(line, ts.Getenv("CONTEXT"))) + `\n`
	}
	return want
}

// types types the commands of the block to the broker of the script, and waits for what the block shows below them.
func (p shownPages) types(ts *testscript.TestScript, neg bool, args []string) {
	for _, c := range p.find(ts, neg, "types PAGE BEGINNING", args).commands() {
		command, want := here(ts, c.command), shownBelow(ts, c)
		switch words := strings.Fields(command); {
		case words[0] == "processor" && words[1] == "dev":
			p.harness.start(ts, false, []string{words[2], words[2]})
		case words[0] == "processor" && words[1] == "run":
			p.harness.run(ts, false, append([]string{words[2]}, words[2:]...))
			p.harness.ready(ts, false, []string{words[2]})
		case words[0] == "processor" && words[1] == "watch":
			p.harness.eventually(ts, false, []string{cmp.Or(want, "."), "sh", "-c", command + " --until-end"})
		case words[0] == "export":
			name, value, _ := strings.Cut(words[1], "=")
			ts.Setenv(name, value)
		case want != "":
			p.harness.eventually(ts, false, []string{want, "sh", "-c", command})
		default:
			ts.Check(ts.Exec("sh", "-c", command))
		}
	}
}

// write makes the block a file.
func (p shownPages) write(ts *testscript.TestScript, neg bool, args []string) {
	b := p.find(ts, neg, "write PAGE BEGINNING FILE", args)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(b.text), 0o600))
}

// redefine puts functions of the block where a folder has others of their names. A comment in the block names the file that follows.
func (p shownPages) redefine(ts *testscript.TestScript, neg bool, args []string) {
	file := ""
	for _, paragraph := range strings.Split(p.find(ts, neg, "redefine PAGE BEGINNING FOLDER", args).text, "\n\n") {
		if m := namedFile.FindStringSubmatch(paragraph); m != nil {
			file = ts.MkAbs(filepath.Join(args[2], m[1]))
			paragraph = strings.TrimPrefix(paragraph, m[0])
		}
		signature, _, _ := strings.Cut(paragraph, "(")
		kept := strings.Split(strings.TrimSpace(ts.ReadFile(file)), "\n\n")
		redefined := 0
		for i := range kept {
			if strings.HasPrefix(kept[i], signature+"(") {
				kept[i] = strings.TrimSpace(paragraph)
				redefined++
			}
		}
		if redefined != 1 {
			ts.Fatalf("%s has %d times %s", file, redefined, signature)
		}
		ts.Check(os.WriteFile(file, []byte(strings.Join(kept, "\n\n")+"\n"), 0o600))
	}
}

var namedFile = regexp.MustCompile(`^# (\w+\.star)\n`)

// A block is what stands between fences on a page.
type block struct {
	page, language, text string
}

// String is the page and the first line of the block.
func (b block) String() string {
	first, _, _ := strings.Cut(b.text, "\n")
	return b.page + ": " + first
}

// commands are the lines after "$ ", or all where there are none.
func (b block) commands() []typed {
	text := b.text
	if !strings.HasPrefix(text, "$ ") {
		text = "$ " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n$ ") + "\n"
	}
	return commandsOf("```\n" + text + "```")
}

func blocksByPage(t *testing.T) map[string][]block {
	t.Helper()
	all := make(map[string][]block)
	for _, page := range pages(t) {
		text, err := os.ReadFile(filepath.Join("..", page))
		require.NoError(t, err)
		for _, m := range fenced.FindAllStringSubmatch(string(text), -1) {
			all[page] = append(all[page], block{page: page, language: m[1], text: m[2]})
		}
	}
	return all
}
