package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// cleanMark is there while the data is as Close left it.
const cleanMark = "clean"

// repair ends every transaction that the last run left open, in the files, before kfake opens them. kfake itself takes such a transaction for
// aborted, which is not enough:
//
//   - It writes no marker, and knows producers by their id alone. When the same producer commits its next transaction and the process is killed
//     again, the next start finds one marker for both: what was aborted comes back as committed.
//   - It writes the markers of a commit partition by partition. Killed in between, it takes one part of the transaction for committed and the
//     other for aborted.
//   - It writes a batch before the note that the batch belongs to a transaction. Killed in between, it takes the batch for committed.
//
// A real broker writes its decision down before the first marker. Here the first marker is the decision: a transaction that has a commit
// marker anywhere is committed everywhere, any other is aborted.
func repair(dir string) error {
	data := filepath.Join(dir, "log")
	clean, err := leftClean(dir, data)
	if err != nil {
		return err
	}
	if !clean {
		if err := endTransactions(data); err != nil {
			return err
		}
		if err := forgetMemory(data); err != nil {
			return err
		}
	}
	// Members of groups are not kept either: they would be waited for at the first rebalance.
	return errors.Join(remove(filepath.Join(data, sessionsFile)), remove(filepath.Join(dir, cleanMark)))
}

// The files of kfake that repeat what it had in memory.
const (
	sessionsFile  = "session_state.json"
	producersFile = "pids.log"
	sequencesFile = "seq_windows.json"
	snapshotFile  = "snapshot.json"
)

// leftClean tells whether the last run was closed and no transaction was open then.
func leftClean(dir, data string) (bool, error) {
	if _, err := os.Stat(filepath.Join(dir, cleanMark)); err != nil {
		return false, ignoreMissing(err)
	}
	raw, err := os.ReadFile(filepath.Join(data, sessionsFile))
	if err != nil {
		return errors.Is(err, fs.ErrNotExist), ignoreMissing(err)
	}
	var sessions struct {
		InProgress []json.RawMessage `json:"inProgressTxns"`
	}
	if err := json.Unmarshal(raw, &sessions); err != nil {
		return false, nil //nolint:nilerr // A file that cannot be read is no sign of a clean end, and is removed.
	}
	return len(sessions.InProgress) == 0, nil
}

// endTransactions writes the markers that are missing.
func endTransactions(data string) error {
	dirs, err := filepath.Glob(filepath.Join(data, "partitions", "*"))
	if err != nil {
		return err
	}
	scans := make([]*partitionScan, 0, len(dirs))
	committed := map[transaction]bool{}
	for _, dir := range dirs {
		scan, err := scanPartition(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		scans = append(scans, scan)
		for _, tx := range scan.committed {
			committed[tx] = true
		}
	}
	producers, err := readProducerLog(filepath.Join(data, producersFile))
	if err != nil {
		return err
	}
	for _, scan := range scans {
		for _, tx := range scan.openTransactions() {
			// A producer of protocol version 1 keeps its epoch, so the marker found may be that of its last transaction. kfake notes when all markers
			// are written: then this transaction came later.
			commit := committed[tx] && !producers.ended[tx]
			if err := scan.appendMarker(tx, commit); err != nil {
				return fmt.Errorf("%s: %w", scan.dir, err)
			}
		}
	}
	return producers.fence()
}

// forgetMemory removes what does not fit the mended files: snapshots, so that partitions are read anew, and what producers sent last.
func forgetMemory(data string) error {
	snapshots, err := filepath.Glob(filepath.Join(data, "partitions", "*", snapshotFile))
	if err != nil {
		return err
	}
	for _, path := range append(snapshots, filepath.Join(data, sequencesFile)) {
		err = errors.Join(err, remove(path))
	}
	return err
}

func remove(path string) error { return ignoreMissing(os.Remove(path)) }

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
