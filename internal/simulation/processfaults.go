package simulation

import (
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
)

func (s *schedule) kill(in *instance) {
	if !in.alive() {
		return
	}
	life := in.life.name
	s.note("kill %s", life)
	s.tally.add("processes", "kills", 1)
	in.kill()
	s.dead(in, life)
}

func (s *schedule) losePower(in *instance) {
	if !in.alive() {
		return
	}
	survive := []int{0, 50, 90}[s.IntN(3)]
	life := in.life.name
	s.note("%s loses power: %d percent of what was not synced stays", life, survive)
	s.tally.add("processes", "power losses", 1)
	in.losePower(s.Rand, survive)
	s.dead(in, life)
}

func (s *schedule) leave(in *instance) {
	if !in.alive() {
		return
	}
	life := in.life.name
	s.note("%s leaves", life)
	s.tally.add("processes", "leaves", 1)
	in.leave()
	s.dead(in, life)
}

func (s *schedule) killAll() {
	for _, in := range s.instances {
		s.kill(in)
	}
}

// leaveSeveral has two instances leave within one rebalance.
func (s *schedule) leaveSeveral() {
	for _, i := range s.Perm(instances)[:2] {
		s.leave(s.instances[i])
	}
}

// dead looks at what a life left, sometimes spoils it, and starts the next one after a while.
func (s *schedule) dead(in *instance, life string) {
	s.must(in.inspect(life), "the stores it left")
	switch n := s.IntN(100); {
	case n < 8:
		s.damage(in)
	case n < 14:
		s.note("the state directory of %s is deleted", in.name)
		s.tally.add("disks", "directories deleted", 1)
		require.NoError(s.t, os.RemoveAll(in.directory()))
		in.store, in.damaged = vfs.NewCrashableMem(), map[string]bool{}
	}
	after := time.Duration(s.IntN(8000)) * time.Millisecond
	if s.IntN(4) == 0 {
		after = 0
	}
	s.healAfter(after, func() {
		if !in.alive() {
			s.note("start %s", in.name)
			in.start()
		}
	})
}

// freeze stops an instance, for longer than its session or not.
func (s *schedule) freeze(in *instance) {
	if !in.alive() {
		return
	}
	d := time.Duration(s.IntN(15_000)) * time.Millisecond
	s.note("freeze %s for %v", in.name, d)
	s.tally.add("processes", "freezes", 1)
	l := in.life.link
	l.freeze()
	s.healAfter(d, l.thaw)
}
