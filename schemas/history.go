package schemas

import "sync"

// A History knows schemas that are in the folder no longer, by their fingerprints.
type History interface {
	Schema(fingerprint uint64) (schemaJSON string, ok bool)
}

// MemoryHistory is a History in memory, safe for concurrent use.
type MemoryHistory struct {
	schemas sync.Map
}

// NewHistory is an empty MemoryHistory.
func NewHistory() *MemoryHistory { return &MemoryHistory{} }

// Add remembers a schema.
func (h *MemoryHistory) Add(fingerprint uint64, schemaJSON string) {
	h.schemas.Store(fingerprint, schemaJSON)
}

// Schema is the schema with this fingerprint.
func (h *MemoryHistory) Schema(fingerprint uint64) (string, bool) {
	schema, ok := h.schemas.Load(fingerprint)
	if !ok {
		return "", false
	}
	return schema.(string), true
}
