package embedded_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/internal/embedded"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/topics"
)

// brokerDir makes the test binary a broker on that folder, to be killed.
const brokerDir = "EMBEDDED_TEST_BROKER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(brokerDir); dir != "" {
		b, err := embedded.Start(context.Background(), embedded.Options{Dir: dir}) //nolint:forbidigo // This is a main.
		if err != nil {
			_, _ = os.Stdout.WriteString("error " + err.Error() + "\n")
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString("listening " + b.Addr() + "\n")
		select {}
	}
	os.Exit(m.Run())
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, dir string) *embedded.Broker {
	t.Helper()
	b, err := embedded.Start(t.Context(), embedded.Options{Dir: dir})
	require.NoError(t, err)
	return b
}

// spawn runs a broker in a process of its own and returns its first line and the process.
func spawn(t *testing.T, dir string) (string, *exec.Cmd) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), brokerDir+"="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line), cmd
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
}

var shop = topics.Context{Name: "shop", Partitions: 2}

func createTopics(t *testing.T, addr string) {
	t.Helper()
	cl, err := client.NewAdmin(client.Config{Brokers: []string{addr}})
	require.NoError(t, err)
	defer cl.Close()
	diffs := topics.Diff(shop, []topics.Spec{shop.Events("cart"), shop.Changelog("cart")}, nil)
	require.NoError(t, admin.New(cl).Apply(within(t), diffs, nil))
}

func producer(t *testing.T, addr, id string) *kgo.Client {
	t.Helper()
	cl, err := client.NewProducer(client.Config{Brokers: []string{addr}}, id)
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	require.NoError(t, cl.BeginTransaction())
	return cl
}

func produce(t *testing.T, cl *kgo.Client, topic string, partition int32, values ...string) {
	t.Helper()
	for _, v := range values {
		r := &kgo.Record{Topic: topic, Partition: partition, Key: []byte("k-" + v), Value: []byte(v)}
		require.NoError(t, cl.ProduceSync(within(t), r).FirstErr())
	}
}

// committed are the values that a read_committed reader sees, up to the end.
func committed(t *testing.T, addr, topic string) []string {
	t.Helper()
	ctx := within(t)
	cl, err := client.NewConsumer(client.Config{Brokers: []string{addr}})
	require.NoError(t, err)
	defer cl.Close()
	bounds, err := admin.New(cl).Bounds(ctx, topic)
	require.NoError(t, err)
	left := map[int32]int64{}
	from := map[int32]kgo.Offset{}
	for at, b := range bounds {
		require.Equal(t, b.End, b.Stable, "a transaction is open")
		if b.Start < b.End {
			left[at.Partition] = int64(b.End)
			from[at.Partition] = kgo.NewOffset().At(int64(b.Start))
		}
	}
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: from})
	var values []string
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		require.NoError(t, fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				values = append(values, string(r.Value))
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	return values
}

func TestRecordsAreKeptOverARestart(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	createTopics(t, b.Addr())
	cl := producer(t, b.Addr(), "tx")
	produce(t, cl, "shop.cart.events", 0, "a", "b")
	require.NoError(t, cl.EndTransaction(within(t), kgo.TryCommit))
	require.NoError(t, b.Close())

	b = start(t, dir)
	require.Equal(t, []string{"a", "b"}, committed(t, b.Addr(), "shop.cart.events"))
	require.NoError(t, b.Close())
}

func TestCommittedRecordsSurviveKills(t *testing.T) {
	dir := t.TempDir()
	line, cmd := spawn(t, dir)
	addr := strings.TrimPrefix(line, "listening ")
	createTopics(t, addr)
	cl := producer(t, addr, "tx")
	produce(t, cl, "shop.cart.events", 0, "a")
	require.NoError(t, cl.EndTransaction(within(t), kgo.TryCommit))
	kill(t, cmd)

	line, cmd = spawn(t, dir)
	require.Equal(t, []string{"a"}, committed(t, strings.TrimPrefix(line, "listening "), "shop.cart.events"))
	kill(t, cmd)
}

func TestASecondProcessOnTheSameDirectoryIsRefused(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	line, cmd := spawn(t, dir)
	require.Error(t, cmd.Wait())
	require.Contains(t, line, "is used by another process")
	require.NoError(t, b.Close())
	require.NoError(t, start(t, dir).Close())
}

func TestClientsAreNotAskedForTheirMetrics(t *testing.T) {
	b := start(t, t.TempDir())
	defer func() { require.NoError(t, b.Close()) }()
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()))
	require.NoError(t, err)
	defer cl.Close()
	offered, err := kmsg.NewPtrApiVersionsRequest().RequestWith(within(t), cl)
	require.NoError(t, err)
	require.NotEmpty(t, offered.ApiKeys)
	for _, request := range offered.ApiKeys {
		require.NotContains(t, []kmsg.Key{kmsg.GetTelemetrySubscriptions, kmsg.PushTelemetry}, kmsg.Key(request.ApiKey))
	}
}

func TestATakenPortIsAvoided(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	port := taken.Addr().(*net.TCPAddr).Port
	b, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir(), Port: port})
	require.NoError(t, err)
	require.NotEqual(t, taken.Addr().String(), b.Addr())
	require.NoError(t, b.Close())
}

func TestAFolderIsFoundWhileItsProcessAnnouncesIt(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	folder := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(folder, link))
	_, ok, err := embedded.Find(folder)
	require.NoError(t, err)
	require.False(t, ok)

	withdraw, err := embedded.Announce(t.Context(), embedded.Running{Folder: link, Broker: "127.0.0.1:9092", HTTP: "127.0.0.1:9464"})
	require.NoError(t, err)
	t.Chdir(folder)
	for _, name := range []string{folder, link, "."} {
		r, ok, err := embedded.Find(name)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "127.0.0.1:9092", r.Broker)
		require.Equal(t, os.Getpid(), r.PID)
	}
	_, err = embedded.Announce(t.Context(), embedded.Running{Folder: folder})
	require.ErrorContains(t, err, "another `processor dev` runs")
	require.NoError(t, withdraw())
	_, ok, err = embedded.Find(folder)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestAnAnnouncementOfAProcessThatIsGoneIsStale(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	folder := t.TempDir()
	withdraw, err := embedded.Announce(t.Context(), embedded.Running{Folder: folder})
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(cache, "partita", "dev", "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	left, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.NoError(t, withdraw())
	require.NoError(t, os.WriteFile(files[0], left, 0o600))

	_, ok, err := embedded.Find(folder)
	require.NoError(t, err)
	require.False(t, ok)
}
