package starlark

import (
	"errors"
	"fmt"

	"go.starlark.net/resolve"
	star "go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A Problem is a mistake in a script, found while loading. Line is 0 where the mistake is not at one place.
type Problem struct {
	File         string
	Line, Column int
	Message      string
}

// String is the problem as people read it: place, what is wrong, the mend.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

func at(pos syntax.Position, message string) Problem {
	return Problem{File: pos.Filename(), Line: int(pos.Line), Column: int(pos.Col), Message: message}
}

// problemsOf are the mistakes that the parser, the resolver or the script's top level found.
func problemsOf(file string, err error) []Problem {
	var parse syntax.Error
	var list resolve.ErrorList
	switch {
	case errors.As(err, &parse):
		return []Problem{at(parse.Pos, parse.Msg)}
	case errors.As(err, &list):
		problems := make([]Problem, len(list))
		for i, e := range list {
			problems[i] = at(e.Pos, e.Msg)
		}
		return problems
	}
	message := clipped(err.Error(), maxMessageBytes)
	var eval *star.EvalError
	if errors.As(err, &eval) {
		for i := len(eval.CallStack) - 1; i >= 0; i-- {
			if pos := eval.CallStack[i].Pos; pos.IsValid() && pos.Filename() != "<builtin>" {
				return []Problem{at(pos, message)}
			}
		}
	}
	return []Problem{{File: file, Message: message}}
}
