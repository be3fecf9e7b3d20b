package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/cli"
	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/e2e/nemesis/ledger"
	"github.com/partita-io/partita/internal/embedded"
)

// asProcessor has this program be the processor.
const asProcessor = "LEDGER_TEST_AS_PROCESSOR"

func TestMain(m *testing.M) {
	if os.Getenv(asProcessor) != "" {
		os.Exit(cli.Main())
	}
	os.Exit(m.Run())
}

func processor(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProcessor+"=yes")
	return cmd
}

// running is a process of the context.
type running struct {
	cmd  *exec.Cmd
	http string
	said bytes.Buffer
}

func start(t *testing.T, dir, brokers, name string) *running {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	p := &running{http: l.Addr().String()}
	p.cmd = processor(context.WithoutCancel(t.Context()), "run", dir, "--brokers", brokers, "--create-topics", "--http", p.http,
		"--state-dir", filepath.Join(t.TempDir(), name))
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // It may have ended.
		_ = p.cmd.Wait()         // As above.
		if t.Failed() {
			t.Logf("%s said:\n%s", name, p.said.String())
		}
	})
	return p
}

func (p *running) ready(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.http+"/readyz", nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond)
}

// inspect asks by `processor inspect`, as a person would.
func inspect(dir, brokers string) ledger.Inspect {
	return func(ctx context.Context, entity, id string) (ledger.Inspected, error) {
		var complaint bytes.Buffer
		cmd := processor(ctx, "inspect", dir, entity, id, "--json", "--brokers", brokers)
		cmd.Stderr = &complaint
		out, err := cmd.Output()
		if err != nil {
			return ledger.Inspected{}, fmt.Errorf("%w: %s", err, complaint.String())
		}
		var shown struct {
			Sequence int64           `json:"sequence"`
			Source   string          `json:"source"`
			State    json.RawMessage `json:"state"`
		}
		err = json.Unmarshal(out, &shown)
		return ledger.Inspected{Sequence: shown.Sequence, State: shown.State, Source: shown.Source}, err
	}
}

func TestTheFolderHasNoProblemsAndItsTestsPass(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	require.NoError(t, ledger.WriteFolder(dir))
	_, problems := contexts.Load(dir, contexts.Options{Tests: true})
	require.NoError(t, problems.Err())
	said, err := processor(t.Context(), "test", dir).CombinedOutput()
	require.NoError(t, err, string(said))
}

// Two processes of the real binary, one of them killed under way: nothing is found, and the checks had something to look at.
func TestNothingIsFoundWhereNothingIsWrong(t *testing.T) {
	broker, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, broker.Close()) })
	dir := filepath.Join(t.TempDir(), "ledger")
	require.NoError(t, ledger.WriteFolder(dir))
	first := start(t, dir, broker.Addr(), "first")
	first.ready(t)
	start(t, dir, broker.Addr(), "second").ready(t)

	w, err := ledger.New(t.Context(), ledger.Config{
		Brokers: []string{broker.Addr()}, Dir: dir, Clients: 12, CommandsPerSecond: 120, Seed: 1, Patience: time.Minute,
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	seen, writers, killed := map[int32]int{}, map[string]bool{}, false
	for commit := range w.Commits() {
		seen[commit.Shard]++
		writers[strings.Split(commit.Window, "/")[0]] = true
		if everywhere := len(seen) == 8; everywhere && !killed {
			require.NoError(t, first.cmd.Process.Kill())
			killed = true
			clear(seen)
		} else if everywhere && seen[0] > 20 {
			stop()
		}
	}
	require.NoError(t, <-ended)
	require.Len(t, writers, 2)

	report := w.Check(t.Context(), inspect(dir, broker.Addr()))
	require.Empty(t, report.Findings)
	require.Equal(t, report.Commands, report.Answers)
	require.Greater(t, report.Events, 50)
	require.Equal(t, report.Histories, report.Entities)
	require.Greater(t, report.Histories, 8)

	plant(t, broker.Addr())
	late, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	found := map[string]bool{}
	for _, f := range w.Check(late, nil).Findings {
		found[f.Kind] = true
	}
	require.Equal(t, map[string]bool{ledger.Doubled: true, ledger.RowDiffers: true, ledger.StateDiffers: true}, found)
}

// plant writes to the logs what a wrong engine would have written: an event once more, an entity and a row that are
// taken away.
func plant(t *testing.T, broker string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	require.NoError(t, err)
	defer cl.Close()
	first := func(topic string) *kgo.Record {
		reader, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
		require.NoError(t, err)
		defer reader.Close()
		records := reader.PollRecords(t.Context(), 1).Records()
		require.Len(t, records, 1)
		return records[0]
	}
	entity, row := first("ledger.list.changelog"), first("ledger.latest")
	entity.Value, row.Value = nil, nil
	planted := []*kgo.Record{first("ledger.counter.events"), entity, row}
	require.NoError(t, cl.ProduceSync(t.Context(), planted...).FirstErr())
}
