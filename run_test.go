package partita_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/internal/embedded"
	"github.com/partita-io/partita/schemas"
)

type Add struct {
	N int64 `avro:"n"`
}

type Added struct {
	N int64 `avro:"n"`
}

func sum() typed.Part {
	type Sum struct {
		N int64 `avro:"n,default=100"`
	}
	return typed.NewEntity("sum",
		typed.On(func(s Sum, c Add, _ typed.Context) typed.Effects {
			return typed.Emit(Added(c)).And(typed.Reply(s.N + c.N))
		}),
		typed.Apply(func(s *Sum, e Added) { s.N += e.N }))
}

// sumWithUnit is a later version of sum, whose new field may or may not have a default.
func sumWithUnit(hasDefault bool) typed.Part {
	if hasDefault {
		type Sum struct {
			N    int64  `avro:"n,default=100"`
			Unit string `avro:"unit,default=cm"`
		}
		return typed.NewEntity("sum",
			typed.On(func(s Sum, _ Add, _ typed.Context) typed.Effects { return typed.Reply(s.Unit) }),
			typed.Apply(func(*Sum, Added) {}))
	}
	type Sum struct {
		N    int64  `avro:"n,default=100"`
		Unit string `avro:"unit"`
	}
	return typed.NewEntity("sum",
		typed.On(func(s Sum, _ Add, _ typed.Context) typed.Effects { return typed.Reply(s.Unit) }),
		typed.Apply(func(*Sum, Added) {}))
}

// A sender sends commands as any Kafka client would, and reads the answers.
type sender struct {
	t  *testing.T
	cl *kgo.Client
}

func newSender(t *testing.T, broker string) sender {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics("math.replies"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.UnknownTopicRetries(-1))
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	return sender{t, cl}
}

func (s sender) add(n string) string {
	s.t.Helper()
	require.NoError(s.t, s.cl.ProduceSync(s.t.Context(), &kgo.Record{
		Topic: "math.sum.commands", Key: []byte("k"), Value: []byte(`{"type":"Add","n":` + n + `}`),
		Headers: []kgo.RecordHeader{{Key: "kafka_replyTopic", Value: []byte("math.replies")}},
	}).FirstErr())
	for {
		for _, r := range s.cl.PollRecords(s.t.Context(), 1).Records() {
			var answer struct {
				Status string
				Reply  json.RawMessage
			}
			require.NoError(s.t, json.Unmarshal(r.Value, &answer))
			require.Equal(s.t, "accepted", answer.Status)
			return string(answer.Reply)
		}
		require.NoError(s.t, s.t.Context().Err())
	}
}

func start(t *testing.T, broker, dir string, parts ...typed.Part) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done, started := make(chan error, 1), make(chan struct{})
	go func() {
		done <- partita.Run(ctx, partita.Context{Name: "math", Partitions: 2, Parts: parts}, partita.Options{
			Brokers: []string{broker}, StateDir: dir, CreateTopics: true, HTTP: "127.0.0.1:0", Advertise: "127.0.0.1:9464", Lanes: 2,
			Started: func() { close(started) },
		})
	}()
	t.Cleanup(cancel)
	select {
	case <-started:
	case err := <-done:
		require.NoError(t, err)
		t.Fatal("it ended before it started")
	}
	return func() error { cancel(); return <-done }
}

func startBroker(t *testing.T) string {
	t.Helper()
	broker, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, broker.Close()) })
	return broker.Addr()
}

func TestAContextAnswersUntilItIsStoppedAndGoesOnWithALaterStruct(t *testing.T) {
	broker, dir := startBroker(t), t.TempDir()
	s := newSender(t, broker)

	stop := start(t, broker, dir, sum())
	require.Equal(t, "105", s.add("5"))
	require.Equal(t, "107", s.add("2"))
	require.NoError(t, stop())

	stop = start(t, broker, dir, sumWithUnit(true))
	require.Equal(t, `"cm"`, s.add("1"))
	require.NoError(t, stop())

	err := partita.Run(t.Context(), partita.Context{Name: "math", Partitions: 2, Parts: []typed.Part{sumWithUnit(false)}},
		partita.Options{Brokers: []string{broker}, StateDir: dir})
	require.ErrorContains(t, err, "record Sum: what was written under its schema")
	require.ErrorContains(t, err, "an added field needs a default in its tag")
}

func TestAllThatIsWrongComesInOneError(t *testing.T) {
	err := partita.Run(t.Context(),
		partita.Context{Name: "Math!", Encoding: schemas.ConfluentEncoding, Parts: []typed.Part{typed.NewEntity[Add]("progress")}},
		partita.Options{Lanes: -1, Advertise: "here:1"})
	require.Error(t, err)
	for _, want := range []string{
		`context "Math!": a name is`,
		"0 partitions: at least 1",
		"no brokers: Options.Brokers names some",
		"-1 lanes: Options.Lanes is at least 1",
		"Options.Advertise says where Options.HTTP is found",
		"entity progress: the name is reserved",
		"entity progress decides no command",
		"encoding confluent needs a registry: give partita.Options its Registry",
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestAContextWithoutPartsIsRefused(t *testing.T) {
	err := partita.Run(t.Context(), partita.Context{Name: "math", Partitions: 1}, partita.Options{Brokers: []string{"127.0.0.1:1"}})
	require.EqualError(t, err, "context math has no parts: typed.NewEntity and its neighbours make them")
}

func TestARegistryThatIsNoURLIsNamedBesideTheParts(t *testing.T) {
	err := partita.Run(t.Context(), partita.Context{Name: "math", Partitions: 1, Parts: []typed.Part{typed.NewEntity[Add]("add")}},
		partita.Options{Brokers: []string{"127.0.0.1:1"}, Registry: "registry:8081"})
	require.ErrorContains(t, err, "Options.Registry registry:8081 is no URL like http://registry:8081")
	require.ErrorContains(t, err, "entity add decides no command")
}
