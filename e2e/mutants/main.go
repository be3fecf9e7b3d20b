package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	tags       = "synctests,invariants"
	simulation = "./internal/simulation TestWhateverHappensTheModelHolds"
	// patience is for one mutant: some make the engine stand still.
	patience = 15 * time.Minute
)

func main() {
	seeds := flag.Int("seeds", 300, "seeds of the simulation for each mutant")
	only := flag.String("only", "", "the mutants whose name contains this")
	flag.Parse()
	survivors, err := run(*seeds, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
	if survivors > 0 {
		fmt.Fprintf(os.Stderr, "mutants: %d not caught\n", survivors)
		os.Exit(1)
	}
}

func run(seeds int, only string) (survivors int, err error) {
	all, err := readCatalogue()
	if err != nil {
		return 0, err
	}
	root, err := filepath.Abs(".")
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // The system clears what is left.
	fmt.Println("| mutant | what the engine does wrong | caught by | time |\n|---|---|---|---|")
	for _, m := range all {
		if !strings.Contains(m.Name, only) {
			continue
		}
		begun := time.Now()
		by, err := m.catch(root, dir, seeds)
		if err != nil {
			return survivors, err
		}
		if by == "" {
			by, survivors = "**nothing**", survivors+1
		}
		fmt.Printf("| %s | %s | %s | %s |\n", m.Name, m.Wrong, by, time.Since(begun).Round(time.Second))
	}
	return survivors, nil
}

// catch returns what failed under the mutant, empty if nothing did.
func (m mutant) catch(root, dir string, seeds int) (by string, err error) {
	changed, err := m.source(root)
	if err != nil {
		return "", err
	}
	overlay, err := stand(dir, filepath.Join(root, m.File), changed)
	if err != nil {
		return "", err
	}
	where, name, _ := strings.Cut(m.Tests, " ")
	if m.Tests == "" {
		where, name, _ = strings.Cut(simulation, " ")
	}
	binary := filepath.Join(dir, "test")
	if out, err := exec.Command("go", "test", "-c", "-tags", tags, "-overlay", overlay, "-o", binary, where).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s does not compile: %w\n%s", m.Name, err, out)
	}
	test := exec.Command(binary, "-test.run", "^("+name+")$", "-test.timeout", patience.String())
	test.Dir = filepath.Join(root, where)
	test.Env = append(os.Environ(), "PARTITA_SEEDS="+strconv.Itoa(seeds))
	out, err := test.CombinedOutput()
	if err == nil {
		return "", nil
	}
	return failed(string(out)), nil
}

// stand writes an overlay in which content stands for the file.
func stand(dir, file string, content []byte) (overlay string, err error) {
	changed := filepath.Join(dir, filepath.Base(file))
	if err := os.WriteFile(changed, content, 0o600); err != nil {
		return "", err
	}
	b, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, b, 0o600)
}

var (
	seedLine   = regexp.MustCompile(`--- FAIL: \w+/seed=(\d+)`)
	failedLine = regexp.MustCompile(`--- FAIL: (\w+)`)
	startLine  = regexp.MustCompile(`=== RUN +\w+/seed=(\d+)`)
)

// failed names what a test's output complains of.
func failed(out string) string {
	if m := seedLine.FindStringSubmatch(out); m != nil {
		return "seed " + m[1]
	}
	if m := failedLine.FindStringSubmatch(out); m != nil {
		return m[1]
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return "`" + strings.TrimSpace(line) + "`"
		}
	}
	if m := startLine.FindAllStringSubmatch(out, -1); m != nil {
		return "seed " + m[len(m)-1][1]
	}
	return "a test"
}
