package admin_test

import (
	"context"
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

var shop = topics.Context{Name: "shop", Partitions: 4}

func shopSpecs() []topics.Spec {
	return []topics.Spec{shop.Commands("cart"), shop.Events("cart"), shop.Changelog("cart"), shop.Progress(), shop.Schemas()}
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
func reconcile(ctx context.Context, t *testing.T, adm *admin.Admin, specs []topics.Spec) []topics.Difference {
	t.Helper()
	found, err := adm.Describe(ctx, names(specs)...)
	require.NoError(t, err)
	diffs := topics.Diff(shop, specs, found)
	require.NoError(t, adm.Apply(ctx, diffs, nil))
	return diffs
}

func TestWhatIsMissingIsCreatedOnce(t *testing.T) {
	ctx := within(t)
	adm, _ := connect(t, start(t))
	require.Len(t, reconcile(ctx, t, adm, shopSpecs()), len(shopSpecs()))
	require.Empty(t, reconcile(ctx, t, adm, shopSpecs()))

	found, err := adm.Describe(ctx, "shop.cart.changelog", "nowhere")
	require.NoError(t, err)
	require.Len(t, found, 1)
	changelog := found["shop.cart.changelog"]
	require.EqualValues(t, 4, changelog.Partitions)
	require.EqualValues(t, 1, changelog.Replication)
	require.NotZero(t, changelog.ID)
	require.Equal(t, "compact", changelog.Config["cleanup.policy"])
	require.False(t, changelog.HasRecords)
}

func TestSettingsAreMended(t *testing.T) {
	ctx := within(t)
	adm, _ := connect(t, start(t))
	wrong := shop.Changelog("cart")
	wrong.Config = map[string]string{"cleanup.policy": "delete", "retention.ms": "1000"}
	require.NoError(t, adm.Apply(ctx, []topics.Difference{{Spec: wrong, Create: true}}, nil))
	reconcile(ctx, t, adm, shopSpecs())
	require.Empty(t, reconcile(ctx, t, adm, shopSpecs()))
}

func TestAnEmptyTopicIsWidenedAndOneWithRecordsIsNot(t *testing.T) {
	ctx := within(t)
	adm, cl := connect(t, start(t))
	narrow := shop.Commands("cart")
	narrow.Partitions = 1
	require.NoError(t, adm.Apply(ctx, []topics.Difference{{Spec: narrow, Create: true}}, nil))
	found, err := adm.Describe(ctx, names(shopSpecs())...)
	require.NoError(t, err)
	diffs := topics.Diff(shop, shopSpecs(), found)
	require.EqualValues(t, 3, diffs[0].AddPartitions)

	// A command arrives between the look and the change.
	require.NoError(t, cl.ProduceSync(ctx, &kgo.Record{Topic: narrow.Name, Key: []byte("c1")}).FirstErr())
	require.ErrorContains(t, adm.Apply(ctx, diffs, nil), "topic shop.cart.commands: holds records by now")
	found, err = adm.Describe(ctx, narrow.Name)
	require.NoError(t, err)
	require.EqualValues(t, 1, found[narrow.Name].Partitions)
	require.True(t, found[narrow.Name].HasRecords)

	other := topics.Context{Name: "other", Partitions: 4}
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
	cfg := start(t)
	adm, _ := connect(t, cfg)
	reconcile(ctx, t, adm, shopSpecs())
	producer, err := client.NewProducer(cfg, "tx")
	require.NoError(t, err)
	t.Cleanup(producer.Close)
	require.NoError(t, producer.BeginTransaction())
	require.NoError(t, producer.ProduceSync(ctx, &kgo.Record{Topic: "shop.cart.events", Partition: 2, Key: []byte("k")}).FirstErr())

	bounds, err := adm.Bounds(ctx, "shop.cart.events")
	require.NoError(t, err)
	require.Len(t, bounds, 4)
	require.Equal(t, admin.Bounds{Start: 0, Stable: 0, End: 1}, bounds[records.TopicPartition{Topic: "shop.cart.events", Partition: 2}])
	require.NoError(t, producer.EndTransaction(ctx, kgo.TryCommit))
	bounds, err = adm.Bounds(ctx, "shop.cart.events")
	require.NoError(t, err)
	require.Equal(t, admin.Bounds{Start: 0, Stable: 2, End: 2}, bounds[records.TopicPartition{Topic: "shop.cart.events", Partition: 2}])
	_, err = adm.Bounds(ctx, "nowhere")
	require.ErrorIs(t, err, kerr.UnknownTopicOrPartition)
}

func TestMembersTellInstanceAddressAndShards(t *testing.T) {
	ctx := within(t)
	cfg := start(t)
	adm, _ := connect(t, cfg)
	reconcile(ctx, t, adm, shopSpecs())
	members, err := adm.Members(ctx, "shop", "shop.progress")
	require.NoError(t, err)
	require.Empty(t, members)

	joined := make(chan struct{}, 1)
	ignore := func(context.Context, *kgo.Client, map[string][]int32) {}
	cfg.ID = client.MemberID("i1", "localhost:9464")
	member, err := client.NewMember(cfg, "shop", "shop.progress", client.Membership{
		Assigned: func(context.Context, *kgo.Client, map[string][]int32) { joined <- struct{}{} }, Revoked: ignore, Lost: ignore,
	})
	require.NoError(t, err)
	t.Cleanup(member.Close)
	<-joined
	members, err = adm.Members(ctx, "shop", "shop.progress")
	require.NoError(t, err)
	require.Len(t, members, 1)
	require.Equal(t, "i1", members[0].Instance)
	require.Equal(t, "localhost:9464", members[0].Address)
	require.Equal(t, []int32{0, 1, 2, 3}, members[0].Shards)
}

func TestSchemasAreReadBackAndWhatIsNoneIsPassedOver(t *testing.T) {
	ctx := within(t)
	cfg := start(t)
	adm, cl := connect(t, cfg)
	loaded, err := admin.LoadSchemas(ctx, cfg, "shop.schemas")
	require.NoError(t, err)
	require.Empty(t, loaded, "the topic is not there yet")
	reconcile(ctx, t, adm, shopSpecs())
	loaded, err = admin.LoadSchemas(ctx, cfg, "shop.schemas")
	require.NoError(t, err)
	require.Empty(t, loaded)

	item := admin.Schema{Fingerprint: 0xab, Name: "shop.Item", JSON: `{"type":"record"}`}
	cart := admin.Schema{Fingerprint: 1 << 63, Name: "shop.Cart", JSON: `{"type":"record"}`}
	require.Equal(t, "00000000000000ab", item.Key())
	require.NoError(t, adm.PublishSchemas(ctx, "shop.schemas", item, cart, item))
	require.NoError(t, cl.ProduceSync(ctx, &kgo.Record{Topic: "shop.schemas", Key: []byte("hello"), Value: []byte("x")}).FirstErr())
	loaded, err = admin.LoadSchemas(ctx, cfg, "shop.schemas")
	require.NoError(t, err)
	require.Equal(t, map[uint64]admin.Schema{item.Fingerprint: item, cart.Fingerprint: cart}, loaded)
}

func TestAMissingRightIsNamedWithItsResource(t *testing.T) {
	ctx := within(t)
	cfg := start(
		t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.SeedTopics(1, "shop.cart.events", "shop.schemas"),
		kfake.User("PLAIN", "reader", "secret", kfake.ACL{
			Resource: kmsg.ACLResourceTypeTopic, Name: "shop.schemas", Pattern: kmsg.ACLResourcePatternTypeLiteral,
			Operation: kmsg.ACLOperationDescribe, Allow: true,
		}),
	)
	cfg.SASL = plain.Auth{User: "reader", Pass: "secret"}.AsMechanism()
	adm, _ := connect(t, cfg)

	_, err := adm.Describe(ctx, "shop.cart.events")
	require.ErrorContains(t, err, "needs DESCRIBE on topic shop.cart.events: TOPIC_AUTHORIZATION_FAILED")
	_, err = adm.Describe(ctx, "shop.schemas")
	require.ErrorContains(t, err, "needs DESCRIBE_CONFIGS on topic shop.schemas")
	_, err = adm.Members(ctx, "shop", "shop.progress")
	require.ErrorContains(t, err, "needs DESCRIBE on group shop: GROUP_AUTHORIZATION_FAILED")
	require.Equal(t, client.Authorize, client.RemedyFor(err))
	err = adm.Apply(ctx, []topics.Difference{{Spec: shop.Commands("cart"), Create: true}}, nil)
	require.ErrorContains(t, err, "topic shop.cart.commands: creating it: needs CREATE on topic shop.cart.commands")
	err = adm.PublishSchemas(ctx, "shop.schemas", admin.Schema{Name: "shop.Item"})
	require.ErrorContains(t, err, "needs WRITE on topic shop.schemas")
}
