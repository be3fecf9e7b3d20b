package statestore

import (
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Pebble takes a damaged manifest up to its first record that cannot be read, as if nothing had been written behind it, and a store is then what it was
// at that time. But the first record lists tables and has no sequence number, the second has (see createManifest in Pebble's version_set.go). With the
// first alone numbers begin anew, below those in its tables: what is in these is not there at first, and comes back, over what was written since, when
// the numbers have got so far. Such a store must not be used; one whose first record lists no tables may.

var errManifestCut = errors.New("its manifest ends before it says how far sequence numbers have got")

// openDB opens a database that is there, or makes it.
func openDB(fs vfs.FS, dir string, options *pebble.Options) (*pebble.DB, error) {
	store, err := pebble.Peek(dir, fs)
	if err != nil {
		return nil, err
	}
	if store.Exists {
		numbered, err := hasSequenceNumber(fs, store.ManifestFilename)
		if err == nil && !numbered {
			err = mustHaveNoTables(dir, options)
		}
		if err != nil {
			return nil, err
		}
	}
	return pebble.Open(dir, options)
}

// mustHaveNoTables looks without writing: once it is opened a database has a new manifest, with numbers, and nobody can tell any more.
func mustHaveNoTables(dir string, options *pebble.Options) error {
	looking := *options
	looking.ReadOnly = true
	db, err := pebble.Open(dir, &looking)
	if err != nil {
		return err
	}
	tables, err := hasTables(db)
	if err == nil && tables {
		err = fmt.Errorf("%s: %w", dir, errManifestCut)
	}
	return errors.Join(err, db.Close())
}

// hasSequenceNumber tells whether two records can be read from a manifest.
func hasSequenceNumber(fs vfs.FS, manifest string) (bool, error) {
	f, err := fs.Open(manifest)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	records := record.NewReader(f, 0)
	for range 2 {
		r, err := records.Next()
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if errors.Is(err, io.EOF) || record.IsInvalidRecord(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

func hasTables(db *pebble.DB) (bool, error) {
	levels, err := db.SSTables()
	for _, tables := range levels {
		if len(tables) > 0 {
			return true, err
		}
	}
	return false, err
}
