package simulation

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/partita-io/partita/entities"
)

// TestWhateverHappensTheModelHolds runs seedsInCheck seeds. PARTITA_SEEDS=n runs n, PARTITA_SEED=s begins with s, PARTITA_TIMES=k runs each k times,
// PARTITA_FAILURES=f goes on until f have failed.
func TestWhateverHappensTheModelHolds(t *testing.T) { newSoak(t).run() }

func simulate(t *testing.T, seed uint64, counts *tally) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir, counts, onFailure(seed))
		// What clients that were killed have under way on a slow link ends by itself, but time stands still once this has returned.
		defer time.Sleep(time.Minute)
		defer w.close()
		defer w.killAll()
		defer func() {
			if t.Failed() {
				// At once, and not when all seeds have run.
				fmt.Printf("make soak SEED=%d TIMES=200\n%s\n", seed, strings.Join(w.trace, "\n"))
			}
		}()
		w.note("what fails: %s", w.onFailure)
		s := newSchedule(w, seed)
		s.run()
		w.settle()
		w.sweep()
		w.settle()
		for _, in := range w.instances {
			life := in.life.name
			in.leave()
			w.must(in.inspect(life), "the stores at the end")
		}
		w.must(w.outcomeAtRest(), "after an orderly end")
		w.must(w.checkInvariants(), "the invariants")
		counts.add("virtual time", "seconds", int(time.Since(w.began).Seconds()))
	})
}

// onFailure has commands that fail parked in every other seed.
func onFailure(seed uint64) entities.OnFailure {
	if seed%2 == 0 {
		return entities.Park
	}
	return entities.DeadLetter
}

// outcomeAtRest is checkOutcome when no transaction is open any more: who was told to end while it made its producers anew has left one to the broker,
// which ends it when it is overdue.
func (w *world) outcomeAtRest() error {
	deadline := time.Now().Add(transactionsEndWithin)
	for {
		err := w.checkOutcome()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(time.Second)
	}
}

// transactionsEndWithin is longer than a transaction may take.
const transactionsEndWithin = 20 * time.Second

// goroutines shows where those of the engine are.
func goroutines() string {
	dump := make([]byte, 4<<20)
	// Other seeds run beside this one, each in a bubble of its own, which the first line of a goroutine names.
	own := make([]byte, 200)
	_, own, _ = bytes.Cut(own[:runtime.Stack(own, false)], []byte("synctest bubble "))
	bubble := "synctest bubble " + string(own[:bytes.IndexByte(own, ']')])
	var shown []string
	for stack := range strings.SplitSeq(string(dump[:runtime.Stack(dump, true)]), "\n\n") {
		if strings.Contains(stack, bubble) && strings.Contains(stack, "partita/partitions.") {
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
		w.expire()
		for _, in := range w.instances {
			w.supervise(in)
		}
		err := w.checkOutcome()
		if err == nil {
			// A command that was answered before, and asks for no answer, shows nowhere else.
			err = w.checkAccounted()
		}
		if err == nil {
			err = w.checkRatesLevel()
		}
		if err == nil {
			err = w.checkReplicatedLevel()
		}
		if err == nil {
			w.note("level")
			return
		}
		if time.Now().After(deadline) {
			w.note("%s", w.standing())
			for _, in := range w.instances {
				w.note("%s\n%s", in.life.name, in.life.recorder)
			}
			w.note("%s", goroutines())
			// What breaks an invariant says more than what comes of it.
			w.must(errors.Join(err, w.checkInvariants()), patience.String()+" after the last fault")
		}
		time.Sleep(time.Second)
	}
}
