package e2e_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/cmd/processor/cli"
)

// brokersVariable names real brokers to run the scripts on.
const brokersVariable = "PARTITA_TEST_BROKERS"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"processor": func() { os.Exit(cli.Main()) },
	})
}

func TestScripts(t *testing.T) {
	h := &harness{ctx: t.Context(), brokers: os.Getenv(brokersVariable)}
	testscript.Run(t, testscript.Params{
		Dir:                 "scripts",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               h.setUp,
		Condition: func(name string) (bool, error) {
			if name != "embedded" {
				return false, errors.New("conditions are: embedded")
			}
			return h.brokers == "", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": h.start, "terminate": h.terminate, "crash": h.crash, "eventually": h.eventually, "produce": h.produce,
			"addprojection": addProjection,
		},
	})
}

// A harness is what the commands of scripts share. ctx ends with the test.
type harness struct {
	ctx     context.Context
	brokers string
}

// setUp gives each script the examples, a home of its own, and on real brokers a name of its own for each context.
func (h *harness) setUp(env *testscript.Env) error {
	env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
	env.Setenv("HOME", env.WorkDir)
	if err := os.CopyFS(filepath.Join(env.WorkDir, "examples"), os.DirFS("../examples")); err != nil {
		return err
	}
	env.Values[processesKey{}] = processes{}
	env.Setenv("CONTEXT", "shop")
	if h.brokers == "" {
		return nil
	}
	env.Setenv("PARTITA_BROKERS", h.brokers)
	suffix := newName()
	env.Setenv("CONTEXT", "shop-"+suffix)
	return renameContexts(env.WorkDir, suffix)
}

func newName() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // Never fails, see crypto/rand.
	return hex.EncodeToString(b[:])
}

func renameContexts(dir, suffix string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "context.yaml" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines := strings.Split(string(b), "\n")
		for i, line := range lines {
			if name, ok := strings.CutPrefix(line, "context: "); ok {
				lines[i] = "context: " + strings.Fields(name)[0] + "-" + suffix
			}
		}
		return os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600)
	})
}

func TestEveryScriptSaysWhatItShows(t *testing.T) {
	scripts, err := filepath.Glob("scripts/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	for _, script := range scripts {
		b, err := os.ReadFile(script)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(b), "# "), "%s begins without a comment", script)
	}
}
