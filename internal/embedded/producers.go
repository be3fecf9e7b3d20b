package embedded

import (
	"encoding/binary"
	"encoding/json"
	"os"
)

// endedTransactions reads kfake's log of producers for the transactions whose markers were all written. Entries are a length, a checksum, a
// version and JSON; reading ends at the first that is not whole.
func endedTransactions(path string) (map[transaction]bool, error) {
	ended := map[transaction]bool{}
	raw, err := os.ReadFile(path)
	if err != nil {
		return ended, ignoreMissing(err)
	}
	const header, version = 8, 2
	for len(raw) >= header+version {
		size := int64(binary.LittleEndian.Uint32(raw))
		if size < version || header+size > int64(len(raw)) {
			break
		}
		var entry struct {
			Type  string `json:"type"`
			PID   int64  `json:"pid"`
			Epoch int16  `json:"epoch"`
		}
		if json.Unmarshal(raw[header+version:header+size], &entry) == nil && entry.Type == "endtx" {
			ended[transaction{entry.PID, entry.Epoch}] = true
		}
		raw = raw[header+size:]
	}
	return ended, nil
}
