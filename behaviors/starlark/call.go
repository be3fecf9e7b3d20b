package starlark

import (
	"errors"
	"fmt"
	"sync"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/entities"
)

// A thread is a Starlark thread with what its turn may still use, kept for the next turn.
type thread struct {
	thread star.Thread
	budget budget
	turn   turn
	failed bool
}

func newThread(limits Limits, printer func(file, text string)) *thread {
	t := &thread{}
	t.budget = budget{left: limits.Bytes, steps: limits.Steps, thread: &t.thread}
	t.thread.SetLocal(keyBudget, &t.budget)
	t.thread.SetLocal(keyTurn, &t.turn)
	t.thread.SetMaxExecutionSteps(limits.Steps)
	t.thread.OnMaxSteps = func(s *star.Thread) { s.Cancel(errStepLimit.Error()) }
	t.thread.Print = func(s *star.Thread, text string) {
		if printer != nil {
			printer(s.CallFrame(1).Pos.Filename(), text)
		}
	}
	return t
}

// A caller has threads for the turns of one script, in any number of goroutines.
type caller struct {
	limits Limits
	pool   sync.Pool
}

func newCaller(limits Limits, printer func(file, text string)) *caller {
	return &caller{limits: limits, pool: sync.Pool{New: func() any { return newThread(limits, printer) }}}
}

// borrow is a thread with the limits of one turn: all of its calls share them.
func (c *caller) borrow() *thread {
	t := c.pool.Get().(*thread)
	t.thread.Steps, t.budget.left = 0, c.limits.Bytes
	return t
}

// giveBack keeps a thread for later; one that failed is cancelled for good.
func (c *caller) giveBack(t *thread) {
	if !t.failed {
		t.turn = turn{}
		c.pool.Put(t)
	}
}

// call calls f, which may do what allowed says.
func (t *thread) call(f *star.Function, allowed turn, args ...star.Value) (star.Value, *entities.Failure) {
	t.turn, t.failed = allowed, true
	result, err := star.Call(&t.thread, f, args, nil)
	if err == nil && t.budget.left < 0 {
		err = errSizeLimit
	}
	if err == nil {
		t.failed = false
		return result, nil
	}
	return nil, t.failure(f, err)
}

// failure is what went wrong in or after f. A limit stays one, whatever error it came out as.
func (t *thread) failure(f *star.Function, err error) *entities.Failure {
	t.failed = true
	failure := &entities.Failure{Code: entities.BehaviorError, Message: placeOf(f, err) + "in " + f.Name() + ": " + clipped(err.Error(), maxMessageBytes)}
	switch {
	case t.budget.left < 0 || errors.Is(err, errSizeLimit):
		failure.Code = entities.SizeLimit
	case t.thread.Steps >= t.budget.steps || errors.Is(err, errStepLimit):
		failure.Code = entities.StepLimit
	}
	return failure
}

// placeOf is the innermost place in a script that the error came by, or else where f begins.
func placeOf(f *star.Function, err error) string {
	var eval *star.EvalError
	if errors.As(err, &eval) {
		for i := len(eval.CallStack) - 1; i >= 0; i-- {
			if pos := eval.CallStack[i].Pos; pos.IsValid() && pos.Filename() != "<builtin>" {
				return pos.String() + ": "
			}
		}
	}
	return f.Position().String() + ": "
}

// panicked is the failure made of a panic: one bad turn must not end the process.
func panicked(place string, p any) *entities.Failure {
	return &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("%s: internal error: %s", place, clipped(fmt.Sprint(p), maxMessageBytes))}
}
