package simulation

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A soak runs seeds side by side, one on each core.
type soak struct {
	t *testing.T
	// first, seeds and times say what to run: seeds from first on, each so many times. After failures failed ones no other is begun.
	first, seeds, times, failures int
	tally                         *tally
	began                         time.Time

	// mu guards the rest.
	mu          sync.Mutex
	begun, done int
	failed      []string
	toldAt      time.Time
}

// setting reads a number from an environment variable.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		return otherwise
	}
	n, err := strconv.Atoi(value)
	require.NoError(t, err, name)
	return n
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	return &soak{
		t: t, tally: newTally(), began: time.Now(), toldAt: time.Now(),
		first: setting(t, "PARTITA_SEED", 1), seeds: setting(t, "PARTITA_SEEDS", seedsInCheck),
		times: setting(t, "PARTITA_TIMES", 1), failures: setting(t, "PARTITA_FAILURES", 1),
	}
}

// run returns when all seeds have run, or enough have failed.
func (s *soak) run() {
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed, i, ok := s.next(); ok; seed, i, ok = s.next() {
				name := fmt.Sprintf("seed=%d/%d", seed, i)
				held := s.t.Run(name, func(t *testing.T) { simulate(t, uint64(seed), s.tally) })
				s.ended(name, held)
			}
		})
	}
	workers.Wait()
	fmt.Println(s)
}

func (s *soak) next() (seed, i int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun == s.seeds*s.times || len(s.failed) >= s.failures {
		return 0, 0, false
	}
	s.begun++
	return s.first + (s.begun-1)/s.times, (s.begun - 1) % s.times, true
}

// ended counts, and tells now and then how far it is.
func (s *soak) ended(name string, held bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	if !held {
		s.failed = append(s.failed, name)
	}
	if now := time.Now(); now.Sub(s.toldAt) > 10*time.Second {
		s.toldAt = now
		taken := now.Sub(s.began)
		left := taken / time.Duration(s.done) * time.Duration(s.seeds*s.times-s.done)
		fmt.Printf("%d of %d runs, %d failed, about %v left\n", s.done, s.seeds*s.times, len(s.failed), left.Round(time.Second))
	}
}

// String is the table of what was injected and found.
func (s *soak) String() string {
	found := "nothing"
	if len(s.failed) > 0 {
		slices.Sort(s.failed)
		found = fmt.Sprint(s.failed)
	}
	return fmt.Sprintf("%d runs of seeds %d to %d in %v; found: %s\n%s",
		s.done, s.first, s.first+s.seeds-1, time.Since(s.began).Round(time.Second), found, s.tally.table())
}
