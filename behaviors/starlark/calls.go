package starlark

import (
	"fmt"

	"go.starlark.net/syntax"
)

// checkCalls finds calls of send, publish and command that cannot succeed, as far as they say in plain text what they mean. What is computed is checked
// when it is called.
func (t *turn) checkCalls(file *syntax.File) []Problem {
	if t.outlets == nil {
		return nil
	}
	var problems []Problem
	own := boundNames(file)
	syntax.Walk(file, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok {
			return true
		}
		name, ok := call.Fn.(*syntax.Ident)
		if !ok || own[name.Name] {
			return true
		}
		if m, err := t.meant(name.Name, call.Args); err != nil {
			problems = append(problems, at(name.NamePos, fmt.Sprintf("%s: %v", name.Name, err)))
		} else if m != nil {
			problems = append(problems, checkFieldNames(name.Name, m, call.Args)...)
		}
		return true
	})
	return problems
}

// meant is the message that a call is about; nil if that cannot be told.
func (t *turn) meant(function string, args []syntax.Expr) (*Message, error) {
	text := func(i int) (string, bool) {
		if i >= len(args) {
			return "", false
		}
		literal, ok := args[i].(*syntax.Literal)
		if !ok || literal.Token != syntax.STRING {
			return "", false
		}
		s, ok := literal.Value.(string)
		return s, ok
	}
	first, hasFirst := text(0)
	third, hasThird := text(2)
	switch {
	case function == "send" && hasFirst && hasThird:
		_, _, m, err := t.outlets.target(first, third)
		return m, err
	case function == "publish" && hasFirst && hasThird:
		return t.outlets.published(first, third)
	case function == "command" && hasFirst && t.own != nil:
		return t.answerCommand(first)
	}
	return nil, nil
}

// checkFieldNames wants the named arguments to be fields of the message.
func checkFieldNames(function string, m *Message, args []syntax.Expr) []Problem {
	var problems []Problem
	for _, arg := range args {
		named, ok := arg.(*syntax.BinaryExpr)
		if !ok || named.Op != syntax.EQ {
			continue
		}
		name, ok := named.X.(*syntax.Ident)
		if !ok || function == "send" && name.Name == "on_reply" || m.Type.FieldIndex(name.Name) >= 0 {
			continue
		}
		problems = append(problems, at(name.NamePos, fmt.Sprintf("%s: %s has no field %s%s", function, m.Name, name.Name, didYouMean(name.Name, fieldNames(m.Type)))))
	}
	return problems
}
