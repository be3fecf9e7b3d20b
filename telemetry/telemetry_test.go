package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/pubsub"
	"github.com/partita-io/partita/telemetry"
)

var update = flag.Bool("update", false, "write the golden files anew")

// clock stands still until it is moved.
type clock struct{ at time.Time }

func newClock() *clock            { return &clock{at: time.UnixMilli(1_700_000_000_000)} }
func (c *clock) now() time.Time   { return c.at }
func (c *clock) ago(ms int) int64 { return c.at.UnixMilli() - int64(ms) }

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	body, err := io.ReadAll(w.Result().Body)
	require.NoError(t, err)
	return w.Code, string(body)
}

// play is what an engine tells from its start to the hand-over of one of its two shards.
func play(l partitions.Listener, c *clock) {
	l.ShardAcquiring(partitions.ShardEvent{Shard: 0})
	l.ShardAcquiring(partitions.ShardEvent{Shard: 1})
	l.Fenced(partitions.FencedEvent{TransactionalIDs: []string{"partita/shop/i1/w0/a"}, Took: 12 * time.Millisecond})
	l.StoreRebuilt(partitions.StoreEvent{Component: "cart", Shard: 0, Reason: "the changelog was made anew"})
	l.RestoreProgress(partitions.RestoreEvent{Component: "cart", Shard: 0, RecordsRead: 10, Remaining: 90})
	c.at = c.at.Add(6 * time.Second)
	l.RestoreProgress(partitions.RestoreEvent{Component: "cart", Shard: 1, RecordsRead: 1, Remaining: 40})
	l.RestoreProgress(partitions.RestoreEvent{Component: "cart", Shard: 1, RecordsRead: 41, Took: time.Second})
	l.ShardRunning(partitions.ShardEvent{Shard: 1, Took: time.Second})
	l.WindowEnded(partitions.WindowEvent{
		Side: partitions.WriteSide, Outcome: "committed", Shards: 1, Records: 4, Outputs: 9, Open: time.Millisecond, Commit: 4 * time.Millisecond,
		Tasks: []partitions.TaskTally{{Component: "cart", Shard: 1, Lag: 3, Tallies: []partitions.Tally{
			{Kind: partitions.CommandDecided, Label: "accepted", RecordTimeMS: c.ago(8)},
			{Kind: partitions.CommandDecided, Label: "accepted", RecordTimeMS: c.ago(-5)},
			{Kind: partitions.CommandDecided, Label: "rejected", RecordTimeMS: c.ago(80)},
			{Kind: partitions.EventEmitted},
			{Kind: partitions.EventEmitted},
			{Kind: partitions.DeadLettered, Label: "malformed", Detail: "unexpected end of JSON"},
			{Kind: partitions.CommandForwarded},
			{Kind: partitions.CommandParked, Label: "behavior", Detail: "cart/c1: cart.star:3:5: division by zero"},
			{Kind: partitions.CommandParked, Label: "untried"},
			{Kind: partitions.CommandParked, Label: "untried"},
			{Kind: partitions.ReplyDropped},
		}}},
	})
	l.WindowEnded(partitions.WindowEvent{
		Side: partitions.ReadSide, Outcome: "committed", Records: 2, Commit: 3 * time.Millisecond,
		Tasks: []partitions.TaskTally{{Component: "customer-totals", Shard: 1, Tallies: []partitions.Tally{
			{Kind: partitions.RowWritten, RecordTimeMS: c.ago(16)},
		}}, {Component: "big-orders", Shard: 1, Tallies: []partitions.Tally{
			{Kind: partitions.MessageWritten, RecordTimeMS: c.ago(16)},
			{Kind: partitions.MessageWritten, RecordTimeMS: c.ago(16)},
		}}, {Component: "payments", Shard: 1, Tallies: []partitions.Tally{
			{Kind: partitions.MessageHandled}, {Kind: partitions.MessagePassed}, {Kind: partitions.MessageSent, Label: "send"},
		}}},
	})
	l.WindowEnded(partitions.WindowEvent{Side: partitions.ReadSide, Outcome: "aborted", Records: 2, Commit: time.Second, Err: errors.New("boom")})
	versions := map[string][]string{"9f31": {"i1", "i3"}, "a702": {"i2"}}
	l.GroupChanged(partitions.GroupEvent{Versions: map[string][]string{"9f31": {"i1"}}})
	l.GroupChanged(partitions.GroupEvent{Versions: versions, Standing: map[string][]int32{"stock": {0, 4}, "totals": {0}}})
	l.GroupChanged(partitions.GroupEvent{Versions: map[string][]string{"a702": {"i2"}}})
	l.GroupChanged(partitions.GroupEvent{Versions: versions, Standing: map[string][]int32{"totals": {0, 4}}})
	l.Waiting(partitions.WaitingEvent{For: "broker", Err: errors.New("connection refused"), Retry: time.Second})
	l.Resumed(partitions.WaitingEvent{For: "broker"})
	l.NeedChanged(partitions.NeedEvent{Need: "table prices"})
	l.NeedChanged(partitions.NeedEvent{Need: "table prices", NeedState: partitions.NeedState{Met: true}})
	l.NeedChanged(partitions.NeedEvent{Need: "table prices", NeedState: partitions.NeedState{Met: true, Trouble: errors.New("the topic is away")}})
	l.NeedChanged(partitions.NeedEvent{Need: "table prices", NeedState: partitions.NeedState{Trouble: errors.New("too much for max_bytes")}})
	l.TaskStopped(partitions.TaskStopped{Component: "customer-totals", Shard: 1, Err: errors.New("a gap in shop.cart.events/1")})
}

func TestScrapeShowsWhatTheEngineTold(t *testing.T) {
	c := newClock()
	m := telemetry.NewMetrics("shop", c.now)
	m.ObserveStores(
		func() map[string]int64 { return map[string]int64{"cart": 4096} },
		func() map[string]int64 { return map[string]int64{"cart": 12} },
	)
	prices := pubsub.NewTable(pubsub.TableDefinition{Name: "prices"})
	prices.Fill(map[string][]byte{"apple": make([]byte, 27), "pear": make([]byte, 28)})
	m.ObserveTables([]*pubsub.Table{prices})
	play(telemetry.Merge(m.Listener(), telemetry.NewHealth("shop").Listener(), telemetry.Log("shop", slog.New(slog.DiscardHandler), c.now)), c)
	_, body := get(t, telemetry.Handler(m, telemetry.NewHealth("shop")), "/metrics")
	golden(t, "scrape.txt", ours(body))
	require.Contains(t, body, "go_goroutines")
	require.Contains(t, body, "process_start_time_seconds")
}

// ours are the lines of our own metrics.
func ours(scrape string) string {
	var b strings.Builder
	for line := range strings.Lines(scrape) {
		if strings.HasPrefix(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "), "partita_") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestGaugesOfAShardGoWithIt(t *testing.T) {
	c := newClock()
	m := telemetry.NewMetrics("shop", c.now)
	l := telemetry.Merge(m.Listener())
	play(l, c)
	l.ShardClosed(partitions.ShardEvent{Shard: 0})
	l.ShardClosed(partitions.ShardEvent{Shard: 1})
	_, body := get(t, telemetry.Handler(m, telemetry.NewHealth("shop")), "/metrics")
	require.NotContains(t, body, `partita_lag_records{`)
	require.NotContains(t, body, `partita_restore_records_remaining{`)
	require.Contains(t, body, `partita_shards{context="shop",state="running"} 0`)
	require.Contains(t, body, `partita_events_total{component="cart",context="shop"} 2`)
}

func TestLogTellsTheSameInLines(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	c := newClock()
	l := telemetry.Log("shop", logger, c.now)
	play(l, c)
	for range 100 {
		l.WindowEnded(partitions.WindowEvent{Side: partitions.ReadSide, Outcome: "aborted", Records: 2, Err: errors.New("boom")})
	}
	c.at = c.at.Add(11 * time.Second)
	l.WindowEnded(partitions.WindowEvent{Side: partitions.ReadSide, Outcome: "aborted", Records: 2, Err: errors.New("boom")})
	l.ShardClosed(partitions.ShardEvent{Shard: 1, Lost: true})
	golden(t, "log.txt", out.String())
}

func TestReadyMeansThatAllShardsRun(t *testing.T) {
	h := telemetry.NewHealth("shop")
	handler := telemetry.Handler(telemetry.NewMetrics("shop", newClock().now), h)
	l := telemetry.Merge(h.Listener())
	ready := func() int {
		code, _ := get(t, handler, "/readyz")
		return code
	}
	code, body := get(t, handler, "/healthz")
	require.Equal(t, http.StatusOK, code)
	require.JSONEq(t, `{"alive":true}`, body)
	require.Equal(t, http.StatusServiceUnavailable, ready(), "without shards")

	l.ShardAcquiring(partitions.ShardEvent{Shard: 1})
	l.ShardAcquiring(partitions.ShardEvent{Shard: 0})
	l.ShardRunning(partitions.ShardEvent{Shard: 1})
	require.Equal(t, http.StatusServiceUnavailable, ready())
	l.ShardRunning(partitions.ShardEvent{Shard: 0})
	require.Equal(t, http.StatusOK, ready())

	l.TaskStopped(partitions.TaskStopped{Component: "cart", Shard: 1, Err: errors.New("a gap")})
	code, body = get(t, handler, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	var report telemetry.Report
	require.NoError(t, json.Unmarshal([]byte(body), &report))
	require.Equal(t, []int32{0, 1}, report.Shards.Running)
	require.Equal(t, []telemetry.StoppedTask{{Component: "cart", Shard: 1, Error: "a gap"}}, report.Stopped)
	l.ShardClosed(partitions.ShardEvent{Shard: 1})
	require.Equal(t, http.StatusOK, ready())
}

func TestReadyMeansThatEverythingIsThereThatShardsNeed(t *testing.T) {
	h := telemetry.NewHealth("shop")
	l := h.Listener()
	l.GroupChanged(partitions.GroupEvent{Versions: map[string][]string{"9f31": {"i1"}}})
	l.NeedChanged(partitions.NeedEvent{Need: "table rates"})
	l.NeedChanged(partitions.NeedEvent{Need: "table prices", NeedState: partitions.NeedState{Trouble: errors.New("topic prices is missing")}})
	require.False(t, h.Report().Ready)
	require.Equal(t, []telemetry.Need{{Need: "table prices", Trouble: "topic prices is missing"}, {Need: "table rates"}}, h.Report().Needs)
	l.NeedChanged(partitions.NeedEvent{Need: "table rates", NeedState: partitions.NeedState{Met: true}})
	// What was there and is away now keeps nobody from running, and is told.
	l.NeedChanged(partitions.NeedEvent{Need: "table prices", NeedState: partitions.NeedState{Met: true, Trouble: errors.New("topic prices is missing")}})
	require.True(t, h.Report().Ready)
	require.Equal(t, []telemetry.Need{{Need: "table prices", Met: true, Trouble: "topic prices is missing"}}, h.Report().Needs)
}

func TestRowsThatCannotBeReadAreOneLineEveryFewSeconds(t *testing.T) {
	var out bytes.Buffer
	c := newClock()
	told := telemetry.LogUnreadable(slog.New(slog.NewTextHandler(&out, nil)), c.now)
	for i := range 100 {
		place := records.Place{TopicPartition: records.TopicPartition{Topic: "shop-prices"}, Offset: records.Offset(i)}
		told(pubsub.UnreadableRow{Table: "prices", Place: place, Err: errors.New("it has no key")})
		if i == 98 {
			c.at = c.at.Add(11 * time.Second)
		}
	}
	require.Equal(t, 2, strings.Count(out.String(), "\n"))
	require.Contains(t, out.String(), `table=prices records=1 last=shop-prices/0/0 error="it has no key"`)
	require.Contains(t, out.String(), `table=prices records=99 last=shop-prices/0/99`)
}

func TestAProcessForWhichThereIsNoShardIsReady(t *testing.T) {
	h := telemetry.NewHealth("shop")
	l := h.Listener()
	versions := map[string][]string{"9f31": {"i1", "i2"}}
	l.GroupChanged(partitions.GroupEvent{Versions: versions})
	require.True(t, h.Report().Ready)
	l.ShardAcquiring(partitions.ShardEvent{Shard: 1})
	require.False(t, h.Report().Ready, "one has come and is not restored yet")
	l.ShardRunning(partitions.ShardEvent{Shard: 1})
	l.GroupChanged(partitions.GroupEvent{Versions: versions, Held: 1})
	require.True(t, h.Report().Ready)
	l.ShardClosed(partitions.ShardEvent{Shard: 1})
	require.False(t, h.Report().Ready, "whether another one comes is not known yet")
	l.GroupChanged(partitions.GroupEvent{Versions: versions})
	require.True(t, h.Report().Ready)
}

func TestClientsShareOneHook(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	m := telemetry.NewMetrics("shop", newClock().now)
	handler := telemetry.Handler(m, telemetry.NewHealth("shop"))
	for range 2 {
		cl, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.WithHooks(m.KafkaHook()))
		require.NoError(t, err)
		require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Topic: "t", Value: []byte("x")}).FirstErr())
		cl.Close()
	}
	_, body := get(t, handler, "/metrics")
	require.Contains(t, body, "kafka_client_buffered_produce_records 0")
	require.Contains(t, body, `kafka_client_connects_total{node_id="seed_0"} 2`)
}
