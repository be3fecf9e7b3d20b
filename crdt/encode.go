package crdt

import (
	"encoding/binary"
	"math/bits"

	"github.com/partita-io/partita/internal/invariants"
)

// The first byte. The layout is documented in docs/formats/crdt.md.
const contributionFormat = 1

// Append appends the contribution as bytes. Equal contributions are equal bytes.
func (c Contribution) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, contributionFormat, c.typ.maps, byte(c.typ.leaf))
	dst = binary.AppendUvarint(dst, uint64(c.shard))
	dst = binary.AppendUvarint(dst, c.version)
	dst = c.root.append(dst)
	dst = binary.AppendUvarint(dst, uint64(len(c.removals)))
	for _, o := range c.removals {
		dst = o.removal.append(binary.AppendUvarint(dst, uint64(o.shard)))
	}
	invariants.Check(len(dst)-start == c.Size(), "contribution of %d bytes, said to take %d", len(dst)-start, c.Size())
	return dst
}

// Size is how many bytes Append appends. It costs little.
func (c Contribution) Size() int {
	n := 3 + uvarintSize(uint64(c.shard)) + uvarintSize(c.version) + c.root.size() + uvarintSize(uint64(len(c.removals)))
	for _, o := range c.removals {
		n += uvarintSize(uint64(o.shard)) + o.removal.size()
	}
	return n
}

func appendBytes(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func textSize(s string) int { return uvarintSize(uint64(len(s))) + len(s) }

// uvarintSize is how many bytes n takes, 7 bits in each.
func uvarintSize(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }

func varintSize(n int64) int { return uvarintSize(uint64(n<<1) ^ uint64(n>>63)) }
