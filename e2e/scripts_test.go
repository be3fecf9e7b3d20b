package e2e_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/cmd/processor/cli"
)

// brokersVariable names real brokers to run the scripts on.
const brokersVariable = "PARTITA_TEST_BROKERS"

// kafkaVariable names a program that runs an Apache Kafka for the scripts that break their brokers, see kafka_test.go.
const kafkaVariable = "PARTITA_TEST_KAFKA"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"processor": func() { os.Exit(cli.Main()) },
	})
}

func TestScripts(t *testing.T) {
	h := &harness{ctx: t.Context(), brokers: os.Getenv(brokersVariable), kafka: os.Getenv(kafkaVariable)}
	testscript.Run(t, testscript.Params{
		Dir:                 "scripts",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               h.setUp,
		Condition:           h.condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": h.start, "run": h.run, "ready": h.ready, "says": says,
			"terminate": h.terminate, "crash": h.crash, "kill-twice": killTwice, "stop": h.stop, "go-on": h.goOn,
			"eventually": h.eventually, "produce": h.produce, "foreign": h.foreign, "replace": replace, "place": place, "alter": alter, "addprojection": addProjection,
			"brokers": h.ownBrokers, "disk": disk, "registry": registry, "secure": secure,
			"knows": h.knows,
		},
	})
}

// condition tells whether what a script asks for is there:
//
//	embedded  the scripts run on the embedded broker
//	breakable the command brokers has some that it may stop and break
//	root      permissions of files do not bind us
func (h *harness) condition(name string) (bool, error) {
	switch name {
	case "embedded":
		return h.brokers == "", nil
	case "breakable":
		return h.brokers == "" || h.kafka != "", nil
	case "root":
		return os.Geteuid() == 0, nil
	}
	return false, errors.New("conditions are: embedded, breakable, root")
}

// A harness is what the commands of scripts share. ctx ends with the test.
type harness struct {
	ctx     context.Context
	brokers string
	// kafka is a program that starts, stops and kills brokers of Apache Kafka; empty for none.
	kafka string
}

// renamed is a context's name where a folder refers to it: in a topic that is followed, or before an entity that is sent to.
var renamed = regexp.MustCompile(`(topic: |")(shop|billing|audit|bank|till)\.`)

// setUp gives each script the examples, a home of its own, and on real brokers a name of its own for each context and each topic of nobody's: with SUFFIX.
func (h *harness) setUp(env *testscript.Env) error {
	env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
	env.Setenv("HOME", env.WorkDir)
	if err := os.CopyFS(filepath.Join(env.WorkDir, "examples"), os.DirFS("../examples")); err != nil {
		return err
	}
	env.Values[processesKey{}] = processes{}
	env.Values[clusterKey{}] = new(ownCluster)
	env.Setenv("CONTEXT", "shop")
	if h.brokers == "" {
		return nil
	}
	env.Setenv(brokersEnv, h.brokers)
	suffix := newName()
	env.Setenv("CONTEXT", "shop-"+suffix)
	env.Setenv("SUFFIX", "-"+suffix)
	return renameContexts(env.WorkDir, suffix)
}

func newName() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // Never fails, see crypto/rand.
	return hex.EncodeToString(b[:])
}

func renameContexts(dir, suffix string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "context.yaml" && filepath.Ext(path) != ".star" {
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
		text := renamed.ReplaceAllString(strings.Join(lines, "\n"), "${1}${2}-"+suffix+".")
		return os.WriteFile(path, []byte(text), 0o600)
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
