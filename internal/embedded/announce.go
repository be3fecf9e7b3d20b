package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Running is what others need to know of a running `processor dev`.
type Running struct {
	// Folder is the absolute path of the context's folder, links resolved.
	Folder string `json:"folder"`
	PID    int    `json:"pid"`
	Broker string `json:"broker"`
	// HTTP is host:port of metrics and health; empty if it serves none.
	HTTP string `json:"http,omitempty"`
}

// Announce makes r known to [Find] until the result is called or the process ends, however it ends. r.Folder may be relative, and r.PID is
// filled in.
func Announce(ctx context.Context, r Running) (withdraw func() error, err error) {
	path, folder, err := announcement(r.Folder)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("announcing: %w", err)
	}
	lock, err := lockPatiently(ctx, path+".lock")
	if err != nil {
		return nil, fmt.Errorf("announcing: another `processor dev` runs %s: %w", folder, err)
	}
	r.Folder, r.PID = folder, os.Getpid()
	if err := writeAnnouncement(path, r); err != nil {
		return nil, errors.Join(fmt.Errorf("announcing: %w", err), lock.Close())
	}
	return func() error { return errors.Join(os.Remove(path), lock.Close()) }, nil
}

// Find tells where `processor dev` of a folder runs; ok is false if it does not.
func Find(folder string) (r Running, ok bool, err error) {
	path, _, err := announcement(folder)
	if err != nil {
		return Running{}, false, err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Running{}, false, nil
	}
	if err != nil {
		return Running{}, false, fmt.Errorf("looking for `processor dev`: %w", err)
	}
	// Who announced holds the lock while he lives. A process id alone could belong to somebody else by now, and so could the port.
	lock, err := tryLock(path+".lock", shared)
	if err == nil {
		return Running{}, false, lock.Close()
	}
	if !errors.Is(err, errLocked) {
		return Running{}, false, fmt.Errorf("looking for `processor dev`: %w", err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return Running{}, false, fmt.Errorf("%s: %w; delete it", path, err)
	}
	return r, true, nil
}

// announcement is the file that stands for a folder: the name is a hash, so that any path makes one.
func announcement(folder string) (path, absolute string, err error) {
	absolute, err = filepath.Abs(folder)
	if err != nil {
		return "", "", err
	}
	if resolved, err := filepath.EvalSymlinks(absolute); err == nil {
		absolute = resolved
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir() // A process without a home has nothing better.
	}
	sum := sha256.Sum256([]byte(absolute))
	return filepath.Join(cache, "partita", "dev", fmt.Sprintf("%x.json", sum[:8])), absolute, nil
}

// writeAnnouncement replaces the file in one step: a reader sees all of it or what was there before.
func writeAnnouncement(path string, r Running) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	next := strings.TrimSuffix(path, ".json") + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

const (
	lockPatience      = time.Second
	lockRetryInterval = 10 * time.Millisecond
)

// lockPatiently outwaits the moment in which a Find looks whether the lock is held.
func lockPatiently(ctx context.Context, path string) (*os.File, error) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	tick := time.NewTicker(lockRetryInterval)
	defer tick.Stop()
	for {
		lock, err := tryLock(path, exclusive)
		if !errors.Is(err, errLocked) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-tick.C:
		}
	}
}
