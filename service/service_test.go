package service_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/internal/embedded"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/service"
)

const shards = 2

// keeper stores what it reads, by key.
type keeper struct{}

func (keeper) Process(w partitions.Window, batch []partitions.Record) error {
	for i := range batch {
		w.Put(&batch[i], batch[i].Key, batch[i].Value, nil)
	}
	return nil
}

func (keeper) Dropped() {}

func keeping() *service.Context {
	c := topics.Context{Name: "keep", Partitions: shards, Folder: "keep"}
	commands, changelog := c.Commands("box"), c.Changelog("box")
	return &service.Context{
		Topics:  c,
		Specs:   []topics.Spec{commands, changelog, c.Progress(), c.DeadLetters(), c.Schemas()},
		Schemas: []admin.Schema{{Fingerprint: 7, Name: "Box", JSON: `"string"`}},
		Components: []partitions.Component{{
			Name: "box", Inputs: []partitions.Input{{Topic: commands.Name}}, Changelog: changelog.Name,
			New: func(int32) partitions.Processor { return keeper{} },
		}},
	}
}

func brokers(t *testing.T) client.Config {
	t.Helper()
	b, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return client.Config{Brokers: []string{b.Addr()}}
}

func options(t *testing.T, cfg client.Config) service.Options {
	t.Helper()
	return service.Options{
		Context: keeping(), Client: cfg, StateDir: filepath.Join(t.TempDir(), "state"), HTTP: "127.0.0.1:0", CreateTopics: true,
		Logger: slog.New(slog.DiscardHandler),
	}
}

// running starts a service and returns once all its shards run.
func running(t *testing.T, o service.Options) (address string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	started, runs, ended := make(chan string, 1), make(chan struct{}, shards), make(chan error, 1)
	o.Started = func(address string) error { started <- address; return nil }
	o.Listener.ShardRunning = func(partitions.ShardEvent) { runs <- struct{}{} }
	go func() { ended <- service.Run(ctx, o) }()
	for range shards {
		select {
		case <-runs:
		case err := <-ended:
			require.FailNow(t, "ended early", "%v", err)
		}
	}
	return <-started, func() error { cancel(); return <-ended }
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, string(body)
}

func TestMissingTopicsAreRefusedWithTheirMend(t *testing.T) {
	o := options(t, brokers(t))
	o.CreateTopics = false
	err := service.Run(t.Context(), o)
	var refused *service.TopicsError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Blocking, 5)
	require.ErrorContains(t, err, "topic keep.box.commands is missing: run `processor topics keep --apply`")
}

func TestAContextRunsAnswersAndEndsInOrder(t *testing.T) {
	cfg := brokers(t)
	o := options(t, cfg)
	committed := make(chan struct{}, 16)
	o.Listener.WindowEnded = func(e partitions.WindowEvent) {
		if e.Records > 0 && e.Err == nil {
			committed <- struct{}{}
		}
	}
	address, stop := running(t, o)

	status, body := get(t, "http://"+address+"/readyz")
	require.Equal(t, http.StatusOK, status, body)
	status, body = get(t, "http://"+address+"/metrics")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `partita_shards{context="keep",state="running"} 2`)

	producer, err := client.NewPlainProducer(cfg)
	require.NoError(t, err)
	defer producer.Close()
	record := &kgo.Record{Topic: "keep.box.commands", Partition: records.Partition([]byte("a/b c"), shards), Key: []byte("a/b c"), Value: []byte("v")}
	require.NoError(t, producer.ProduceSync(t.Context(), record).FirstErr())
	<-committed
	value, err := service.AskOwner(t.Context(), address, "box", "a/b c")
	require.NoError(t, err)
	require.Equal(t, "v", string(value))
	value, err = service.AskOwner(t.Context(), address, "box", "nobody")
	require.NoError(t, err)
	require.Nil(t, value)
	_, err = service.AskOwner(t.Context(), address, "crate", "a/b c")
	require.ErrorIs(t, err, service.ErrNotHere)

	written, err := admin.LoadSchemas(t.Context(), cfg, "keep.schemas")
	require.NoError(t, err)
	require.Contains(t, written, uint64(7))

	began := time.Now()
	require.NoError(t, stop())
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestStoresAreToldPageByPage(t *testing.T) {
	cfg := brokers(t)
	o := options(t, cfg)
	committed := make(chan int64, 64)
	o.Listener.WindowEnded = func(e partitions.WindowEvent) {
		if e.Err == nil {
			committed <- int64(e.Records)
		}
	}
	address, stop := running(t, o)
	producer, err := client.NewPlainProducer(cfg)
	require.NoError(t, err)
	defer producer.Close()
	want := []string{}
	for _, key := range []string{"a", "b", "c", "d", "\xff"} {
		r := &kgo.Record{Topic: "keep.box.commands", Partition: 1, Key: []byte(key), Value: []byte("value of " + key)}
		require.NoError(t, producer.ProduceSync(t.Context(), r).FirstErr())
		want = append(want, key+"=value of "+key)
	}
	for left := int64(len(want)); left > 0; {
		left -= <-committed
	}
	var got []string
	page := partitions.Page{}
	for pages, from := 0, []byte(nil); !page.Last; pages++ {
		page, err = service.AskStates(t.Context(), address, "box", 1, from, 25)
		require.NoError(t, err)
		require.Less(t, pages, 4)
		require.Positive(t, page.Position)
		for _, e := range page.Entries {
			got = append(got, string(e.Key)+"="+string(e.Value))
			from = append(e.Key, 0)
		}
	}
	require.Equal(t, want, got)

	page, err = service.AskStates(t.Context(), address, "box", 1, []byte("b"), 0)
	require.NoError(t, err)
	require.Equal(t, []partitions.Entry{{Key: []byte("b"), Value: []byte("value of b")}}, page.Entries, "one at least")
	_, err = service.AskStates(t.Context(), address, "box", 7, nil, 25)
	require.ErrorIs(t, err, service.ErrNotHere)
	status, body := get(t, "http://"+address+"/states?component=box&shard=x&bytes=1")
	require.Equal(t, http.StatusBadRequest, status, body)
	require.NoError(t, stop())
}

func TestSchemasThatCannotReadWhatIsThereAreRefused(t *testing.T) {
	cfg := brokers(t)
	o := options(t, cfg)
	_, stop := running(t, o)
	require.NoError(t, stop())

	o.Context.Adopt = func(written map[uint64]admin.Schema) error {
		require.Contains(t, written, uint64(7))
		return io.ErrUnexpectedEOF
	}
	var refused *service.SchemasError
	require.ErrorAs(t, service.Run(t.Context(), o), &refused)
}

func TestTwoProcessesDoNotShareAStateDirectory(t *testing.T) {
	o := options(t, brokers(t))
	_, stop := running(t, o)
	require.ErrorContains(t, service.Run(t.Context(), o), "is used by another process")
	require.NoError(t, stop())
}

func TestBrokersThatAreAwayAreWaitedFor(t *testing.T) {
	o := options(t, client.Config{Brokers: []string{"127.0.0.1:1"}})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx, o) }()
	cancel()
	require.NoError(t, <-ended)
}
