package embedded

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// keepLastRecords has DeleteRecords leave the last record below the offset that it names. kfake removes the files of a partition whose records are
// all deleted, and takes it for a new one at the next start: offsets begin at 0 again, and whoever had read up to the old end would wait for records
// "that were deleted", and later pass over new ones.
func keepLastRecords(cluster *kfake.Cluster) {
	cluster.ControlKey(int16(kmsg.DeleteRecords), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		req, ok := kreq.(*kmsg.DeleteRecordsRequest)
		if !ok {
			return nil, nil, false
		}
		for _, topic := range req.Topics {
			for i, p := range topic.Partitions {
				if p.Offset < 0 {
					return refuseDelete(req), nil, true // "To the end", wherever that is.
				}
				topic.Partitions[i].Offset = max(0, p.Offset-1)
			}
		}
		return nil, nil, false
	})
}

// refuseDelete answers every partition of a request with the same error.
func refuseDelete(req *kmsg.DeleteRecordsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DeleteRecordsResponse)
	for _, topic := range req.Topics {
		answer := kmsg.NewDeleteRecordsResponseTopic()
		answer.Topic = topic.Topic
		for _, p := range topic.Partitions {
			partition := kmsg.NewDeleteRecordsResponseTopicPartition()
			partition.Partition, partition.ErrorCode = p.Partition, kerr.PolicyViolation.Code
			answer.Partitions = append(answer.Partitions, partition)
		}
		resp.Topics = append(resp.Topics, answer)
	}
	return resp
}
