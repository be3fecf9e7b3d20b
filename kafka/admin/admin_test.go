package admin_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
)

// realBrokers makes these tests run on a real Apache Kafka, which keeps what they create.
const realBrokers = "PARTITA_TEST_BROKERS"

var contexts atomic.Int64

// newContext has a name of its own: brokers may be shared.
func newContext() topics.Context {
	return topics.Context{Name: fmt.Sprintf("admin%d-%d", os.Getpid(), contexts.Add(1)), Partitions: 4}
}

func specsOf(c topics.Context) []topics.Spec {
	return []topics.Spec{c.Commands("cart"), c.Events("cart"), c.Changelog("cart"), c.Progress(), c.Schemas()}
}

func names(specs []topics.Spec) []string {
	var out []string
	for _, s := range specs {
		out = append(out, s.Name)
	}
	return out
}

func start(t *testing.T, opts ...kfake.Opt) client.Config {
	t.Helper()
	if brokers := os.Getenv(realBrokers); brokers != "" && len(opts) == 0 {
		return client.Config{Brokers: strings.Split(brokers, ","), ID: "test"}
	}
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return client.Config{Brokers: cluster.ListenAddrs(), ID: "test"}
}

func connect(t *testing.T, cfg client.Config) (*admin.Admin, *kgo.Client) {
	t.Helper()
	cl, err := client.NewAdmin(cfg)
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	return admin.New(cl), cl
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// reconcile describes, compares and applies, as `processor topics --apply` does.
func reconcile(ctx context.Context, t *testing.T, adm *admin.Admin, c topics.Context) []topics.Difference {
	t.Helper()
	specs := specsOf(c)
	found, err := adm.Describe(ctx, names(specs)...)
	require.NoError(t, err)
	diffs := topics.Diff(c, specs, found)
	require.NoError(t, adm.Apply(ctx, diffs, nil))
	return diffs
}

func TestWhatIsMissingIsCreatedOnce(t *testing.T) {
	ctx := within(t)
	shop := newContext()
	adm, _ := connect(t, start(t))
	require.Len(t, reconcile(ctx, t, adm, shop), len(specsOf(shop)))
	require.Empty(t, reconcile(ctx, t, adm, shop))

	found, err := adm.Describe(ctx, shop.Name+".cart.changelog", "nowhere")
	require.NoError(t, err)
	require.Len(t, found, 1)
	changelog := found[shop.Name+".cart.changelog"]
	require.EqualValues(t, 4, changelog.Partitions)
	require.EqualValues(t, 1, changelog.Replication)
	require.NotZero(t, changelog.ID)
	require.Equal(t, "compact", changelog.Config["cleanup.policy"])
	require.False(t, changelog.HasRecords)
}

func TestSettingsAreMended(t *testing.T) {
	ctx := within(t)
	shop := newContext()
	adm, _ := connect(t, start(t))
	wrong := shop.Changelog("cart")
	wrong.Config = map[string]string{"cleanup.policy": "delete", "retention.ms": "1000"}
	require.NoError(t, adm.Apply(ctx, []topics.Difference{{Spec: wrong, Create: true}}, nil))
	reconcile(ctx, t, adm, shop)
	require.Empty(t, reconcile(ctx, t, adm, shop))
}

func TestAnEmptyTopicIsWidenedAndOneWithRecordsIsNot(t *testing.T) {
	ctx := within(t)
	shop := newContext()
	adm, cl := connect(t, start(t))
	narrow := shop.Commands("cart")
	narrow.Partitions = 1
	require.NoError(t, adm.Apply(ctx, []topics.Difference{{Spec: narrow, Create: true}}, nil))
	found, err := adm.Describe(ctx, names(specsOf(shop))...)
	require.NoError(t, err)
	diffs := topics.Diff(shop, specsOf(shop), found)
	require.EqualValues(t, 3, diffs[0].AddPartitions)

	// A command arrives between the look and the change.
	require.NoError(t, cl.ProduceSync(ctx, &kgo.Record{Topic: narrow.Name, Key: []byte("c1")}).FirstErr())
	require.ErrorContains(t, adm.Apply(ctx, diffs, nil), "topic "+shop.Name+".cart.commands: holds records by now")
	found, err = adm.Describe(ctx, narrow.Name)
	require.NoError(t, err)
	require.EqualValues(t, 1, found[narrow.Name].Partitions)
	require.True(t, found[narrow.Name].HasRecords)

	other := newContext()
	narrow = other.Commands("cart")
	narrow.Partitions = 1
	require.NoError(t, adm.Apply(ctx, []topics.Difference{{Spec: narrow, Create: true}}, nil))
	require.NoError(t, adm.Apply(ctx, []topics.Difference{{Spec: other.Commands("cart"), AddPartitions: 3}}, nil))
	found, err = adm.Describe(ctx, narrow.Name)
	require.NoError(t, err)
	require.EqualValues(t, 4, found[narrow.Name].Partitions)
}

func TestBoundsShowAnOpenTransaction(t *testing.T) {
	ctx := within(t)
	shop := newContext()
	cfg := start(t)
	adm, _ := connect(t, cfg)
	reconcile(ctx, t, adm, shop)
	producer, err := client.NewProducer(cfg, shop.Name)
	require.NoError(t, err)
	t.Cleanup(producer.Close)
	require.NoError(t, producer.BeginTransaction())
	require.NoError(t, producer.ProduceSync(ctx, &kgo.Record{Topic: shop.Name + ".cart.events", Partition: 2, Key: []byte("k")}).FirstErr())

	bounds, err := adm.Bounds(ctx, shop.Name+".cart.events")
	require.NoError(t, err)
	require.Len(t, bounds, 4)
	at := records.TopicPartition{Topic: shop.Name + ".cart.events", Partition: 2}
	require.Equal(t, admin.Bounds{Start: 0, Stable: 0, End: 1}, bounds[at])
	require.NoError(t, producer.EndTransaction(ctx, kgo.TryCommit))
	// Kafka answers before the marker is written.
	require.Eventually(t, func() bool {
		bounds, err = adm.Bounds(ctx, shop.Name+".cart.events")
		return err == nil && bounds[at] == (admin.Bounds{Start: 0, Stable: 2, End: 2})
	}, 10*time.Second, 10*time.Millisecond)
	_, err = adm.Bounds(ctx, "nowhere")
	require.ErrorIs(t, err, kerr.UnknownTopicOrPartition)
}

func TestMembersTellInstanceAddressShardsAndOffer(t *testing.T) {
	ctx := within(t)
	shop := newContext()
	cfg := start(t)
	adm, _ := connect(t, cfg)
	reconcile(ctx, t, adm, shop)
	members, err := adm.Members(ctx, shop.Name, shop.Name+".progress")
	require.NoError(t, err)
	require.Empty(t, members)

	joined := make(chan struct{}, 1)
	ignore := func(context.Context, *kgo.Client, map[string][]int32) {}
	cfg.ID = client.MemberID("i1", "localhost:9464")
	offer := client.Offer{Version: "9f31", Components: []string{"cart", "totals"}}
	member, err := client.NewMember(cfg, shop.Name, shop.Name+".progress", client.Membership{
		Offer:    offer,
		Assigned: func(context.Context, *kgo.Client, map[string][]int32) { joined <- struct{}{} }, Revoked: ignore, Lost: ignore,
	})
	require.NoError(t, err)
	t.Cleanup(member.Close)
	<-joined
	members, err = adm.Members(ctx, shop.Name, shop.Name+".progress")
	require.NoError(t, err)
	require.Len(t, members, 1)
	require.Equal(t, "i1", members[0].Instance)
	require.Equal(t, "localhost:9464", members[0].Address)
	require.Equal(t, []int32{0, 1, 2, 3}, members[0].Shards)
	require.True(t, members[0].Joined)
	require.Equal(t, offer, members[0].Offer)
}

func TestSchemasAreReadBackAndWhatIsNoneIsPassedOver(t *testing.T) {
	ctx := within(t)
	shop := newContext()
	cfg := start(t)
	adm, cl := connect(t, cfg)
	loaded, err := admin.LoadSchemas(ctx, cfg, shop.Name+".schemas")
	require.NoError(t, err)
	require.Empty(t, loaded, "the topic is not there yet")
	reconcile(ctx, t, adm, shop)
	loaded, err = admin.LoadSchemas(ctx, cfg, shop.Name+".schemas")
	require.NoError(t, err)
	require.Empty(t, loaded)

	item := admin.Schema{Fingerprint: 0xab, Name: "shop.Item", JSON: `{"type":"record"}`}
	cart := admin.Schema{Fingerprint: 1 << 63, Name: "shop.Cart", JSON: `{"type":"record"}`}
	require.Equal(t, "00000000000000ab", item.Key())
	require.NoError(t, adm.PublishSchemas(ctx, shop.Name+".schemas", item, cart, item))
	require.NoError(t, cl.ProduceSync(ctx, &kgo.Record{Topic: shop.Name + ".schemas", Key: []byte("hello"), Value: []byte("x")}).FirstErr())
	loaded, err = admin.LoadSchemas(ctx, cfg, shop.Name+".schemas")
	require.NoError(t, err)
	require.Equal(t, map[uint64]admin.Schema{item.Fingerprint: item, cart.Fingerprint: cart}, loaded)
}

// kafkajs, for one, reads no Snappy, and LZ4 only with a package more.
func TestSchemasAreReadWithoutACodec(t *testing.T) {
	ctx := within(t)
	shop := newContext()
	cfg := start(t)
	adm, cl := connect(t, cfg)
	reconcile(ctx, t, adm, shop)
	item := admin.Schema{Fingerprint: 1, Name: "shop.Item", JSON: `{"type":"record","doc":"` + strings.Repeat("much to compress ", 100) + `"}`}
	topic := shop.Name + ".schemas"
	require.NoError(t, adm.PublishSchemas(ctx, topic, item))

	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}})
	fetched := cl.PollFetches(ctx)
	require.NoError(t, fetched.Err())
	const none = 0
	for _, r := range fetched.Records() {
		require.EqualValues(t, none, r.Attrs.CompressionType())
	}
	require.Len(t, fetched.Records(), 1)
}

func TestAMissingRightIsNamedWithItsResource(t *testing.T) {
	ctx := within(t)
	shop := newContext()
	cfg := start(
		t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.SeedTopics(1, shop.Name+".cart.events", shop.Name+".schemas"),
		kfake.User("PLAIN", "reader", "secret", kfake.ACL{
			Resource: kmsg.ACLResourceTypeTopic, Name: shop.Name + ".schemas", Pattern: kmsg.ACLResourcePatternTypeLiteral,
			Operation: kmsg.ACLOperationDescribe, Allow: true,
		}),
	)
	cfg.SASL = plain.Auth{User: "reader", Pass: "secret"}.AsMechanism()
	adm, _ := connect(t, cfg)

	_, err := adm.Describe(ctx, shop.Name+".cart.events")
	require.ErrorContains(t, err, "needs DESCRIBE on topic "+shop.Name+".cart.events: TOPIC_AUTHORIZATION_FAILED")
	_, err = adm.Describe(ctx, shop.Name+".schemas")
	require.ErrorContains(t, err, "needs DESCRIBE_CONFIGS on topic "+shop.Name+".schemas")
	_, err = adm.Members(ctx, shop.Name, shop.Name+".progress")
	require.ErrorContains(t, err, "needs DESCRIBE on group "+shop.Name+": GROUP_AUTHORIZATION_FAILED")
	require.Equal(t, client.Authorize, client.RemedyFor(err))
	err = adm.Apply(ctx, []topics.Difference{{Spec: shop.Commands("cart"), Create: true}}, nil)
	require.ErrorContains(t, err, "needs CREATE on topic "+shop.Name+".cart.commands")
	err = adm.PublishSchemas(ctx, shop.Name+".schemas", admin.Schema{Name: "shop.Item"})
	require.ErrorContains(t, err, "needs WRITE on topic "+shop.Name+".schemas")
}
