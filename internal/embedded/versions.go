package embedded

import (
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// lastWithoutSettings is the last version of CreateTopics whose answer has no settings in it. Java's admin client cannot read those of kfake, neither none
// nor some: kafka-topics.sh says that it failed, though the topic is there.
const lastWithoutSettings = 4

// offered are the versions of requests that the broker offers.
func offered() *kversion.Versions {
	v := kversion.Stable()
	v.SetMaxKeyVersion(int16(kmsg.CreateTopics), lastWithoutSettings)
	return v
}
