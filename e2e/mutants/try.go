package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// A suite is some tests of a package.
type suite struct{ pkg, name string }

var simulation = suite{pkg: "./internal/simulation", name: "TestWhateverHappensTheModelHolds"}

const (
	tags = "synctests,invariants"
	// patience is for one suite: some mutants make the engine stand still.
	patience = 15 * time.Minute
	// nothing is what a suite says that passes.
	nothing = ""
)

// A verdict is what became of a mutant.
type verdict struct {
	mutant mutant
	// test and seed are what noticed it: a test that the catalogue names, a seed of the simulation.
	test, seed string
	took       time.Duration
	err        error
}

func (v verdict) caught() bool { return v.test != nothing || v.seed != nothing }

// try tries mutants, several at a time, and tells of each when it is done.
func try(mutants []mutant, root string, seeds, together int) []verdict {
	verdicts := make([]verdict, len(mutants))
	var group errgroup.Group
	group.SetLimit(together)
	var mu sync.Mutex
	for i, m := range mutants {
		group.Go(func() error {
			v := m.try(root, seeds)
			mu.Lock()
			defer mu.Unlock()
			verdicts[i] = v
			fmt.Fprintf(os.Stderr, "%s: %s (%s)\n", m.Name, v.summary(), v.took.Round(time.Second))
			return nil
		})
	}
	_ = group.Wait() // Verdicts carry their own errors.
	return verdicts
}

func (m mutant) try(root string, seeds int) (v verdict) {
	v.mutant = m
	begun := time.Now()
	defer func() { v.took = time.Since(begun) }()
	var dir, overlay string
	if dir, v.err = os.MkdirTemp("", "mutant"); v.err != nil {
		return v
	}
	defer func() { _ = os.RemoveAll(dir) }() // The system clears what is left.
	if overlay, v.err = m.stand(root, dir); v.err != nil {
		return v
	}
	for _, s := range m.suites() {
		if v.test, v.err = s.run(root, dir, overlay); v.err != nil || v.test != nothing {
			break
		}
	}
	if v.err == nil && seeds > 0 && m.Unseen == "" {
		v.seed, v.err = simulation.run(root, dir, overlay, "PARTITA_SEEDS="+strconv.Itoa(seeds))
	}
	return v
}

// stand writes an overlay in which the mutant's files stand for the real ones.
func (m mutant) stand(root, dir string) (overlay string, err error) {
	files, err := m.sources(root)
	if err != nil {
		return "", err
	}
	replace := make(map[string]string)
	for path, content := range files {
		stand := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(stand, content, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, path)] = stand
	}
	b, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, b, 0o600)
}

// run returns what failed, nothing if all passed. Not to compile is an error.
func (s suite) run(root, dir, overlay string, env ...string) (failed string, err error) {
	binary := filepath.Join(dir, "test")
	build := exec.Command("go", "test", "-c", "-tags", tags, "-overlay", overlay, "-o", binary, s.pkg)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("it does not compile: %w\n%s", err, out)
	}
	test := exec.Command(binary, "-test.run", s.name, "-test.v", "-test.failfast", "-test.timeout", patience.String())
	test.Dir = filepath.Join(root, s.pkg)
	test.Env = append(os.Environ(), env...)
	out, err := test.CombinedOutput()
	switch {
	case err == nil && strings.Contains(string(out), "no tests to run"):
		return "", fmt.Errorf("%s has no test %s", s.pkg, s.name)
	case err == nil:
		return nothing, nil
	case errors.As(err, new(*exec.ExitError)):
		return complaint(string(out)), nil
	}
	return "", err
}

var (
	seedLine   = regexp.MustCompile(`--- FAIL: \w+/seed=(\d+)`)
	startLine  = regexp.MustCompile(`=== RUN +\w+/seed=(\d+)`)
	failedLine = regexp.MustCompile(`--- FAIL: (\w+)`)
)

// complaint names what a failed test's output complains of. A test that ends the process does not always come to say its name.
func complaint(out string) string {
	if m := seedLine.FindStringSubmatch(out); m != nil {
		return "seed " + m[1]
	}
	if m := startLine.FindAllStringSubmatch(out, -1); m != nil {
		return "seed " + m[len(m)-1][1]
	}
	if m := failedLine.FindStringSubmatch(out); m != nil {
		return "`" + m[1] + "`"
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return "`" + strings.TrimSpace(line) + "`"
		}
	}
	return "a test"
}
