package main

import (
	"go/parser"
	"go/token"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryMutantFitsTheSources(t *testing.T) {
	all, err := readCatalogue()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(all), 20)
	seen := make(map[string]bool)
	for _, m := range all {
		require.False(t, seen[m.Name], m.Name)
		seen[m.Name] = true
		require.NotEmpty(t, m.Wrong, m.Name)
		require.False(t, m.Unseen != "" && m.Tests == "", "%s: nothing would notice it", m.Name)
		files, err := m.sources("../..")
		require.NoError(t, err)
		for path, changed := range files {
			_, err = parser.ParseFile(token.NewFileSet(), path, changed, parser.SkipObjectResolution)
			require.NoError(t, err, m.Name)
		}
	}
}

func TestComplaintNamesWhatFailed(t *testing.T) {
	for out, want := range map[string]string{
		"--- FAIL: TestModel (1s)\n    --- FAIL: TestModel/seed=17/0 (0s)\n":                   "seed 17",
		"ok\n--- FAIL: TestZombie (1s)\n":                                                      "`TestZombie`",
		"panic: store goes back\n\ngoroutine 1":                                                "`panic: store goes back`",
		"=== RUN   TestModel/seed=1/0\n=== RUN   TestModel/seed=2/0\npanic: store goes back\n": "seed 2",
		"killed": "a test",
	} {
		require.Equal(t, want, complaint(out))
	}
}

func TestUnnoticedMutantIsComplainedOf(t *testing.T) {
	named := mutant{Name: "named", Tests: "./pkg TestX"}
	verdicts := []verdict{{mutant: mutant{Name: "caught"}, seed: "seed 3"}, {mutant: mutant{Name: "free"}}, {mutant: named, seed: "seed 1"}, {mutant: named, test: "TestX"}}
	require.Equal(t, []string{"free: NOT CAUGHT", "named: caught by seed 1, and not by the tests named"}, complaintsOf(verdicts))
	require.Contains(t, table(verdicts), "3 of 4 are caught.")
}
