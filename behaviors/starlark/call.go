package starlark

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/entities"
)

// A thread is a Starlark thread with what its call may still use, kept for the next call.
type thread struct {
	thread star.Thread
	budget budget
	turn   turn
}

func newThread(file string, limits Limits, print func(file, text string)) *thread {
	t := &thread{budget: budget{left: limits.Bytes}}
	t.thread.SetLocal(keyBudget, &t.budget)
	t.thread.SetLocal(keyTurn, &t.turn)
	t.thread.SetMaxExecutionSteps(limits.Steps)
	t.thread.OnMaxSteps = func(s *star.Thread) { s.Cancel(errStepLimit.Error()) }
	t.thread.Print = func(_ *star.Thread, text string) {
		if print != nil {
			print(file, text)
		}
	}
	return t
}

// A caller calls the functions of one script from any number of goroutines.
type caller struct {
	limits Limits
	pool   sync.Pool
}

func newCaller(file string, limits Limits, print func(file, text string)) *caller {
	return &caller{limits: limits, pool: sync.Pool{New: func() any { return newThread(file, limits, print) }}}
}

// call calls f. Nothing a script does gets out but a value or a failure. A thread that failed is not used again.
func (c *caller) call(f *star.Function, allowed turn, args ...star.Value) (result star.Value, failure *entities.Failure) {
	t := c.pool.Get().(*thread)
	t.thread.Steps, t.budget.left, t.turn = 0, c.limits.Bytes, allowed
	defer func() {
		if p := recover(); p != nil {
			failure = &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("%s: in %s: internal error: %v", f.Position(), f.Name(), p)}
		}
	}()
	result, err := star.Call(&t.thread, f, args, nil)
	switch {
	case err == nil && t.budget.left < 0:
		err = errSizeLimit
	case err == nil:
		c.pool.Put(t)
		return result, nil
	}
	return nil, failureIn(f.Name(), err, f, t.budget.left < 0, t.thread.Steps >= c.limits.Steps)
}

func failureOf(err error) *entities.Failure {
	return failureIn("", err, nil, errors.Is(err, errSizeLimit), strings.Contains(err.Error(), errStepLimit.Error()))
}

func failureIn(name string, err error, f *star.Function, size, steps bool) *entities.Failure {
	failure := &entities.Failure{Code: entities.BehaviorError}
	switch {
	case size || errors.Is(err, errSizeLimit):
		failure.Code = entities.SizeLimit
	case steps:
		failure.Code = entities.StepLimit
	}
	place := ""
	var eval *star.EvalError
	if errors.As(err, &eval) {
		for i := len(eval.CallStack) - 1; i >= 0 && place == ""; i-- {
			if pos := eval.CallStack[i].Pos; pos.IsValid() && pos.Filename() != "<builtin>" {
				place = pos.String() + ": "
			}
		}
	} else if f != nil {
		place = f.Position().String() + ": "
	}
	if name != "" {
		place += "in " + name + ": "
	}
	failure.Message = place + err.Error()
	return failure
}
