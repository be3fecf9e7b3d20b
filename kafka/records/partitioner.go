package records

import "encoding/binary"

// Partition is the partition of n, at least 1, that a key belongs to: what Kafka's Java client and franz-go choose by default.
func Partition(key []byte, n int32) int32 {
	// Java takes the hash as a signed number, clears its sign and divides; librdkafka's "murmur2" does the same.
	return int32(murmur2(key)&0x7fffffff) % n
}

// murmur2 is the 32-bit hash as org.apache.kafka.common.utils.Utils has it.
func murmur2(b []byte) uint32 {
	const (
		seed = 0x9747b28c
		m    = 0x5bd1e995
		r    = 24
	)
	h := uint32(seed) ^ uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		k := binary.LittleEndian.Uint32(b) * m
		k ^= k >> r
		h = h*m ^ k*m
	}
	if len(b) > 0 {
		for i, c := range b {
			h ^= uint32(c) << (8 * i)
		}
		h *= m
	}
	h ^= h >> 13
	h *= m
	return h ^ h>>15
}
