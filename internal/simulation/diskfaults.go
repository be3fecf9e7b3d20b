package simulation

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/partitions"
)

// breakDisk has the disk of a running instance fail for some seconds.
func (s *schedule) breakDisk(in *instance) {
	if !in.alive() {
		return
	}
	fault, d := diskFaults[s.IntN(len(diskFaults))], time.Duration(s.IntN(8000))*time.Millisecond
	s.note("the disk of %s: %s, for %v", in.name, fault, d)
	s.tally.add("disks", string(fault), 1)
	disk := in.life.disk
	disk.set(fault)
	s.healAfter(d, func() { disk.set(noFault) })
}

// damage spoils a file of a store of an instance that is not running.
func (s *schedule) damage(in *instance) {
	component := []string{"account", "groups", "balances"}[s.IntN(3)]
	dir := in.storeDirectory(component, s.Int32N(shards))
	names, err := in.store.List(dir)
	if err != nil || len(names) == 0 {
		return // This instance has not had the shard yet.
	}
	path := in.store.PathJoin(dir, names[s.IntN(len(names))])
	info, err := in.store.Stat(path)
	require.NoError(s.t, err)
	if info.IsDir() || info.Size() == 0 {
		return
	}
	f, err := in.store.Open(path)
	require.NoError(s.t, err)
	content, err := io.ReadAll(f)
	require.NoError(s.t, errors.Join(err, f.Close()))
	how := "a bit flipped"
	if at := s.IntN(len(content)); s.IntN(2) == 0 {
		content[at] ^= 1 << s.IntN(8)
	} else {
		how, content = "cut short", content[:at]
	}
	g, err := in.store.Create(path, vfs.WriteCategoryUnspecified)
	require.NoError(s.t, err)
	_, err = g.Write(content)
	require.NoError(s.t, errors.Join(err, g.Sync(), g.Close()))
	in.damaged[dir] = true
	s.note("%s: %s", path, how)
	s.tally.add("disks", "files damaged: "+how, 1)
}

// waits takes what an engine says it waits for. If that is a damaged store, the operator does what the error says.
func (in *instance) waits(e partitions.WaitingEvent) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if e.Err != nil {
		in.complaints = append(in.complaints, e.Err.Error())
	}
}

// mend deletes damaged stores that the engine has complained of, naming the mend, and starts the process again.
func (in *instance) mend() {
	in.mu.Lock()
	complaints := in.complaints
	in.complaints = nil
	in.mu.Unlock()
	for dir := range in.damaged {
		for _, c := range complaints {
			if !strings.Contains(c, "delete") || !strings.Contains(c, dir) {
				continue
			}
			in.world.note("%s: the operator deletes %s, as told: %s", in.name, dir, c)
			in.world.tally.add("disks", "damaged stores deleted as told", 1)
			in.leave()
			require.NoError(in.world.t, in.store.RemoveAll(dir))
			delete(in.damaged, dir)
			in.start()
			break
		}
	}
}
