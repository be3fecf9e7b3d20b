package embedded

import (
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// lastWithoutSettings is the last version of CreateTopics whose answer has no settings in it. Java's admin client cannot read those of kfake, neither none
// nor some: kafka-topics.sh says that it failed, though the topic is there.
const lastWithoutSettings = 4

// offered are the requests of today's Kafka but those for metrics of clients (KIP-714), which Apache Kafka offers only where somebody takes them.
// kfake offers them always, has everybody send all there is, and throws it away; librdkafka tells its user of that.
func offered() *kversion.Versions {
	versions := kversion.Stable()
	versions.SetMaxKeyVersion(int16(kmsg.CreateTopics), lastWithoutSettings)
	for _, key := range []kmsg.Key{kmsg.GetTelemetrySubscriptions, kmsg.PushTelemetry} {
		versions.SetMaxKeyVersion(key.Int16(), -1)
	}
	return versions
}
