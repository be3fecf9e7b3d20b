package topics

import (
	"maps"
	"strconv"
	"time"
)

// A Spec is a topic as a context needs it.
type Spec struct {
	Name string
	// Partitions is the context's number of shards but for the topics of schemas and of control; unset for an external topic.
	Partitions int32
	// Replication is how many copies to ask for; -1 leaves it to the brokers.
	Replication int16
	// Config is what the topic is created with. Not all of it is insisted on later: see [Diff].
	Config map[string]string
	// Purpose is for people: "commands of cart".
	Purpose string
	// External marks a topic of another context or of nobody's: it must exist, and is never created or changed.
	External bool
}

// Names of topic settings.
const (
	CleanupPolicy     = "cleanup.policy"
	RetentionMS       = "retention.ms"
	RetentionBytes    = "retention.bytes"
	DeleteRetentionMS = "delete.retention.ms"
	SegmentBytes      = "segment.bytes"
	MinInsyncReplicas = "min.insync.replicas"
)

const (
	compactPolicy = "compact"
	deletePolicy  = "delete"
	forever       = "-1"
)

// TombstoneRetention is how long a compacted topic keeps tombstones at least. A store that was away for longer may have missed some.
const TombstoneRetention = 7 * 24 * time.Hour

// ProgressSegmentBytes is the size of the progress topic's segments. Kafka never compacts the last segment, so at the default of 1 GiB a
// take-over would read up to that much; brokers from 4.0 on refuse less than 1 MiB (KIP-1030).
const ProgressSegmentBytes = 1 << 20

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func compacted(extra map[string]string) map[string]string {
	config := map[string]string{
		CleanupPolicy:     compactPolicy,
		RetentionMS:       forever,
		RetentionBytes:    forever,
		DeleteRetentionMS: millis(TombstoneRetention),
	}
	maps.Copy(config, extra)
	return config
}

func deletedAfter(d time.Duration) map[string]string {
	return map[string]string{CleanupPolicy: deletePolicy, RetentionMS: millis(d)}
}

func keptForever() map[string]string {
	return map[string]string{CleanupPolicy: deletePolicy, RetentionMS: forever, RetentionBytes: forever}
}
