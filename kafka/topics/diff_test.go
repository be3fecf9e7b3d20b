package topics_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/kafka/topics"
)

var shop = topics.Context{Name: "shop", Partitions: 12, Folder: "examples/shop"}

func specs(c topics.Context) []topics.Spec {
	return []topics.Spec{
		c.Commands("cart"), c.Events("cart"), c.Changelog("cart"), c.Rows("totals"), c.Repartition("totals"), c.Progress(), c.Replies(),
		c.DeadLetters(), c.Schemas(),
	}
}

// asSpecified is the cluster after everything was applied.
func asSpecified(specs []topics.Spec) map[string]topics.Found {
	found := map[string]topics.Found{}
	for _, s := range specs {
		config := maps.Clone(s.Config)
		config[topics.MinInsyncReplicas] = "1"
		found[s.Name] = topics.Found{Name: s.Name, Partitions: s.Partitions, Replication: 1, Config: config, HasRecords: true}
	}
	return found
}

func TestTopicsAreNamedAfterTheirContext(t *testing.T) {
	var names []string
	for _, s := range specs(shop) {
		names = append(names, s.Name)
	}
	require.Equal(t, []string{
		"shop.cart.commands", "shop.cart.events", "shop.cart.changelog", "shop.totals", "shop.totals.repartition", "shop.progress", "shop.replies",
		"shop.dead-letters", "shop.schemas",
	}, names)
}

func TestPolicies(t *testing.T) {
	const week = "604800000"
	compacted := map[string]string{"cleanup.policy": "compact", "retention.ms": "-1", "retention.bytes": "-1", "delete.retention.ms": week}
	require.Equal(t, compacted, shop.Changelog("cart").Config)
	require.Equal(t, compacted, shop.Rows("totals").Config)
	require.Equal(t, compacted, shop.Schemas().Config)
	require.Equal(t, "1048576", shop.Progress().Config["segment.bytes"])
	require.Equal(t, map[string]string{"cleanup.policy": "delete", "retention.ms": week}, shop.Commands("cart").Config)
	require.Equal(t, "-1", shop.Events("cart").Config["retention.ms"])
	require.Equal(t, "-1", shop.Repartition("totals").Config["retention.ms"])
	require.Equal(t, "3600000", shop.Replies().Config["retention.ms"])
	require.Equal(t, "2592000000", shop.DeadLetters().Config["retention.ms"])
	require.EqualValues(t, 1, shop.Schemas().Partitions)
	require.EqualValues(t, -1, shop.Schemas().Replication)
}

func TestNothingDiffersAfterEverythingWasApplied(t *testing.T) {
	require.Empty(t, topics.Diff(shop, specs(shop), asSpecified(specs(shop))))
}

func TestAnEmptyClusterMissesEverything(t *testing.T) {
	all := append(specs(shop), topics.External("billing.payments", "payments"))
	diffs := topics.Diff(shop, all, nil)
	require.Len(t, diffs, len(all))
	for _, d := range diffs {
		require.Equal(t, !d.Spec.External, d.Blocks())
		require.Equal(t, !d.Spec.External, d.Create)
		require.Equal(t, d.Create, d.HasChange())
	}
	require.Equal(t, "topic shop.cart.commands is missing: run `processor topics examples/shop --apply`", diffs[0].String())
	require.Equal(t, "topic billing.payments is missing: create it, or start what writes to it; what reads it waits until then", diffs[len(diffs)-1].String())
}

// each case changes a cluster that is as specified.
var diffCases = map[string]struct {
	change   func(found map[string]topics.Found)
	severity topics.Severity
	want     []string
	mends    bool
}{
	"partitions added to a commands topic are forwarded from": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.cart.commands", func(t *topics.Found) { t.Partitions = 16 })
		},
		want: []string{"topic shop.cart.commands has 16 partitions instead of 12: some were added: " +
			"commands that arrive there are forwarded to the partition of their entity"},
	},
	"partitions added to the progress topic alone are ignored": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.progress", func(t *topics.Found) { t.Partitions = 16 })
		},
		want: []string{"topic shop.progress has 16 partitions instead of 12: some were added: they are ignored"},
	},
	"partitions added to the schema topic do no harm": {
		change: func(f map[string]topics.Found) { alter(f, "shop.schemas", func(t *topics.Found) { t.Partitions = 3 }) },
	},
	"a topic that a broker created by itself is widened while it is empty": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.cart.commands", func(t *topics.Found) { t.Partitions, t.HasRecords = 1, false })
		},
		severity: topics.Safe,
		want: []string{"topic shop.cart.commands has 1 partition instead of 12, and no records: " +
			"run `processor topics examples/shop --apply`"},
		mends: true,
	},
	"a narrow topic with records is left alone": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.cart.commands", func(t *topics.Found) { t.Partitions = 1 })
		},
		severity: topics.Refuse,
		want: []string{"topic shop.cart.commands has 1 partition instead of 12, and records: if shop was made with 1, put `partitions: 1` back; " +
			"if others made this topic, move its records and delete it"},
	},
	"a changelog that deletes": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.cart.changelog", func(t *topics.Found) {
				t.Config[topics.CleanupPolicy] = "delete"
				t.Config[topics.RetentionMS] = "604800000"
			})
		},
		severity: topics.Safe,
		want: []string{"topic shop.cart.changelog has cleanup.policy=delete instead of compact, retention.ms=604800000 instead of -1: " +
			"run `processor topics examples/shop --apply`"},
		mends: true,
	},
	"events that are compacted": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.cart.events", func(t *topics.Found) { t.Config[topics.CleanupPolicy] = "compact" })
		},
		severity: topics.Safe,
		want: []string{"topic shop.cart.events has cleanup.policy=compact instead of delete: " +
			"run `processor topics examples/shop --apply`"},
		mends: true,
	},
	"tombstones that go too early": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.totals", func(t *topics.Found) { t.Config[topics.DeleteRetentionMS] = "86400000" })
		},
		severity: topics.Safe,
		want: []string{"topic shop.totals has delete.retention.ms=86400000 instead of 604800000: " +
			"run `processor topics examples/shop --apply`"},
		mends: true,
	},
	"tombstones that stay longer are fine": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.totals", func(t *topics.Found) { t.Config[topics.DeleteRetentionMS] = "9999999999" })
		},
	},
	"large progress segments are only advised against": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.progress", func(t *topics.Found) { t.Config[topics.SegmentBytes] = "1073741824" })
		},
		want: []string{"topic shop.progress has segment.bytes=1073741824 instead of 1048576: take-over reads more than it needs: " +
			"run `processor topics examples/shop --apply`"},
		mends: true,
	},
	"events that expire may be meant": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.cart.events", func(t *topics.Found) { t.Config[topics.RetentionMS] = "1000" })
		},
		want: []string{"topic shop.cart.events has retention.ms=1000: its oldest records expire: if that is not meant: " +
			"kafka-configs.sh --alter --topic shop.cart.events --add-config retention.ms=-1"},
	},
	"how long commands are kept is the operator's choice": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.cart.commands", func(t *topics.Found) { t.Config[topics.RetentionMS] = "1000" })
		},
	},
	"too few replicas": {
		change: func(f map[string]topics.Found) {
			alter(f, "shop.totals", func(t *topics.Found) { t.Config[topics.MinInsyncReplicas] = "2" })
		},
		severity: topics.Refuse,
		want: []string{"topic shop.totals has 1 replica and min.insync.replicas=2, so no write is accepted: give it at least 2 replicas with " +
			"kafka-reassign-partitions.sh, or: kafka-configs.sh --alter --topic shop.totals --add-config min.insync.replicas=1"},
	},
}

func alter(found map[string]topics.Found, name string, change func(*topics.Found)) {
	f := found[name]
	change(&f)
	found[name] = f
}

func TestDiff(t *testing.T) {
	for name, c := range diffCases {
		t.Run(name, func(t *testing.T) {
			found := asSpecified(specs(shop))
			c.change(found)
			var said []string
			for _, d := range topics.Diff(shop, specs(shop), found) {
				said = append(said, d.String())
				require.Equal(t, c.severity, d.Severity)
				require.Equal(t, c.severity != topics.Advice, d.Blocks())
				require.Equal(t, c.mends, d.HasChange())
			}
			require.Equal(t, c.want, said)
		})
	}
}

func TestAnotherNumberOfPartitionsThanAtCreationIsRefused(t *testing.T) {
	for _, asked := range []int32{6, 24} {
		now := shop
		now.Partitions = asked
		diffs := topics.Diff(now, specs(now), asSpecified(specs(shop)))
		require.Len(t, diffs, 8, "all but the schema topic")
		for _, d := range diffs {
			require.Equal(t, topics.Refuse, d.Severity)
			require.False(t, d.HasChange())
			require.Contains(t, d.Mend, "shop was made with 12: put `partitions: 12` back")
		}
	}
}

func TestTheNumberOfPartitionsMayGrowBeforeTheFirstRecord(t *testing.T) {
	found := asSpecified(specs(shop))
	for name := range found {
		alter(found, name, func(f *topics.Found) { f.HasRecords = false })
	}
	more := shop
	more.Partitions = 24
	diffs := topics.Diff(more, specs(more), found)
	require.Len(t, diffs, 8)
	for _, d := range diffs {
		require.Equal(t, topics.Safe, d.Severity)
		require.EqualValues(t, 12, d.AddPartitions)
	}
	fewer := shop
	fewer.Partitions = 6
	for _, d := range topics.Diff(fewer, specs(fewer), found) {
		require.Equal(t, topics.Refuse, d.Severity)
		require.Contains(t, d.Mend, "put `partitions: 12` into context.yaml, or delete the topic")
	}
}
