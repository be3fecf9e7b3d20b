package entities

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// A Revision tells what the states of one shard's entities were computed by. The zero value stands for stores that say nothing: version 1, never
// computed anew.
type Revision struct {
	// Version is the behaviour's state_version.
	Version int64
	// Request is the number of the operator's wish that they be computed anew which was met last; 0 for none.
	Request int64
}

// revisionKey is where a store and its changelog keep the revision. No text begins so: it is not UTF-8.
const revisionKey = "\xffrevision\x00"

// RevisionKey is the key of a shard's revision.
func RevisionKey() []byte { return []byte(revisionKey) }

// IsReserved tells that a key cannot be the id of an entity: Partita keeps waiting commands, contributions to replicated values and the revision of
// states under such keys.
func IsReserved(key []byte) bool {
	k := string(key)
	return strings.HasPrefix(k, waitingPrefix) || strings.HasPrefix(k, contributionPrefix) || k == revisionKey
}

const revisionFormat = 1

// Append appends the revision as bytes; docs/formats/store.md has the layout.
func (r Revision) Append(dst []byte) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(append(dst, revisionFormat), uint64(r.Version)), uint64(r.Request))
}

// ParseRevision reads what Append writes; nil is a store that says nothing.
func ParseRevision(b []byte) (Revision, error) {
	switch {
	case b == nil:
		return Revision{Version: 1}, nil
	case len(b) == 0:
		return Revision{}, errRevision
	case b[0] != revisionFormat:
		return Revision{}, fmt.Errorf("revision of format %d: this version reads format %d; run the version that wrote it, or a newer one", b[0], revisionFormat)
	}
	in := reader{rest: b[1:]}
	r := Revision{Version: in.count(), Request: in.count()}
	if in.failed || len(in.rest) > 0 {
		return Revision{}, errRevision
	}
	return r, nil
}

var errRevision = errors.New("revision: ends in the middle, or too late")
