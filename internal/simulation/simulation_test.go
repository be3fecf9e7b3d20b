package simulation

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// setting reads an environment variable: PARTITA_SEEDS=n runs n seeds, PARTITA_SEED=s begins with s, PARTITA_TIMES=k runs each k times.
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

func TestWhateverHappensTheModelHolds(t *testing.T) {
	first, seeds, times := setting(t, "PARTITA_SEED", 1), setting(t, "PARTITA_SEEDS", seedsInCheck), setting(t, "PARTITA_TIMES", 1)
	for seed := first; seed < first+seeds; seed++ {
		for i := range times {
			if !t.Run(fmt.Sprintf("seed=%d/%d", seed, i), func(t *testing.T) { simulate(t, uint64(seed)) }) {
				return
			}
		}
	}
}

func simulate(t *testing.T, seed uint64) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir)
		defer w.close()
		defer w.killAll()
		defer func() {
			if t.Failed() {
				t.Logf("make simulate SEED=%d TIMES=200\n%s", seed, strings.Join(w.trace, "\n"))
			}
		}()
		s := newSchedule(w, seed)
		s.run()
		w.settle()
		for _, in := range w.instances {
			in.leave()
		}
		require.NoError(t, w.check(), "after an orderly end")
		require.NoError(t, w.checkStores())
	})
}

// goroutines shows where those of the engine are.
func goroutines() string {
	dump := make([]byte, 4<<20)
	var shown []string
	for stack := range strings.SplitSeq(string(dump[:runtime.Stack(dump, true)]), "\n\n") {
		if strings.Contains(stack, "partita/partitions.") {
			shown = append(shown, stack)
		}
	}
	return strings.Join(shown, "\n\n")
}

// patience is how long the instances may take to be level after the last fault, in virtual time.
const patience = 3 * time.Minute

// settle waits until everything is as the model says. What is wrong stays wrong, what is late comes.
func (w *world) settle() {
	deadline := time.Now().Add(patience)
	for {
		err := w.check()
		if err == nil {
			w.note("level")
			return
		}
		if time.Now().After(deadline) {
			require.NoError(w.t, err, "%v after the last fault\n%s", patience, goroutines())
		}
		time.Sleep(time.Second)
	}
}
