package replicated

import (
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// A replica is a task: a component on a shard. It has a number, as package crdt wants it: shardBits of the shard below bits of the component's name, so
// that it is the same for ever.
const (
	shardBits     = 14
	componentBits = 17
)

// number is the replica's.
func number(component string, shard int32) int32 {
	return int32(crc32.ChecksumIEEE([]byte(component))>>(32-componentBits))<<shardBits | shard
}

// Clash names two components whose tasks would be the same replicas; it happens to one pair of names in 131,072. ok is false if there are none.
func Clash(components []string) (one, other string, ok bool) {
	taken := map[int32]string{}
	for _, c := range components {
		n := number(c, 0)
		if before, clashes := taken[n]; clashes && before != c {
			return before, c, true
		}
		taken[n] = c
	}
	return "", "", false
}

// key is a contribution's in the topic: value/component/shard.
func key(value, component string, shard int32) []byte {
	return strconv.AppendInt([]byte(value+"/"+component+"/"), int64(shard), 10)
}

// parseKey is the value, and the replica whose contribution it is.
func parseKey(k []byte) (value string, replica int32, err error) {
	parts := strings.Split(string(k), "/")
	if len(parts) != 3 {
		return "", 0, fmt.Errorf("key %.100q: want value/component/shard", k)
	}
	shard, err := strconv.ParseInt(parts[2], 10, shardBits+1)
	if err != nil || shard < 0 {
		return "", 0, fmt.Errorf("key %.100q: %.20q is no shard", k, parts[2])
	}
	return parts[0], number(parts[1], int32(shard)), nil
}
