package starlark

import (
	"fmt"
	"math/big"
	"slices"

	star "go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/partita-io/partita/crdt"
)

// checkReplicated finds changes of replicated values that cannot succeed, and values that the context does not have where they are named as
// ctx.replicated.NAME. What is computed is checked when it is reached.
func checkReplicated(file *syntax.File, values Replicated) []Problem {
	var problems []Problem
	own := boundNames(file)
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if function, ok := n.Fn.(*syntax.Ident); ok && !own[function.Name] {
				if err := values.checkCall(function.Name, n.Args); err != nil {
					problems = append(problems, at(function.NamePos, fmt.Sprintf("%s: %v", function.Name, err)))
				}
			}
		case *syntax.DotExpr:
			if message := values.checkRead(n); message != "" {
				problems = append(problems, at(n.Name.NamePos, "ctx.replicated: "+message))
			}
		}
		return true
	})
	return problems
}

// checkRead says what is wrong with ctx.replicated, ctx.replicated.NAME or ctx.replicated.NAME.FIELD; nothing if it is something else.
func (r Replicated) checkRead(n *syntax.DotExpr) string {
	switch path := dotted(n); {
	case len(path) < 2 || len(path) > 4 || path[0] != "ctx" || path[1] != "replicated":
	case len(path) == 2 && len(r.Types) == 0:
		return "context.yaml declares no values under replicated"
	case len(r.Types) == 0: // It is told once.
	case len(path) == 3:
		if _, ok := r.declared(path[2]); !ok {
			return r.lacks(path[2], path[2], r.namesInScript())
		}
	case len(path) == 4:
		if t, ok := r.declared(path[2]); ok && t != (crdt.Type{}) && !slices.Contains(fieldsOf(t), path[3]) {
			return fmt.Sprintf("a %s has no %s%s", t, path[3], meant(path[3], fieldsOf(t)))
		}
	}
	return ""
}

// dotted are the names of a.b.c; nil if it begins with something else.
func dotted(x syntax.Expr) []string {
	switch x := x.(type) {
	case *syntax.Ident:
		return []string{x.Name}
	case *syntax.DotExpr:
		if path := dotted(x.X); path != nil {
			return append(path, x.Name.Name)
		}
	}
	return nil
}

// checkCall says why a call of an operation cannot succeed, as far as it says in plain text what it means.
func (r Replicated) checkCall(function string, args []syntax.Expr) error {
	o, known := operations[function]
	positional, keyed, plain := argumentsOf(args)
	if !known || !plain {
		return nil
	}
	atKey, hasAt := keyed["at"]
	if len(positional) == 0 || len(positional)-1 < o.least || len(positional)-1 > o.most || len(keyed) > 1 || len(keyed) == 1 && !hasAt {
		return o.misused()
	}
	name := literal(positional[0])
	if name == nil {
		return nil
	}
	text, _ := star.AsString(name)
	t, ok := r.Types[text]
	if !ok {
		return fmt.Errorf("%s", r.lacks(shown(name), text, r.names()))
	}
	given := slices.Clone(o.sample[:len(positional)-1])
	for i := range given {
		if v := literal(positional[1+i]); v != nil {
			given[i] = v
		}
	}
	made, err := o.make(given, 0)
	if err != nil || t == (crdt.Type{}) {
		return err
	}
	if err := fits(made, t, atKey); err != nil {
		return fmt.Errorf("replicated value %s: %w", text, err)
	}
	return nil
}

// fits tells whether the operation may be one of the type, at keys as they are written there.
func fits(o crdt.Operation, t crdt.Type, at syntax.Expr) error {
	all, err := keysWritten(at, t)
	for _, keys := range all {
		if err = o.At(keys...).Check(t); err == nil {
			return nil
		}
	}
	return err
}

// keysWritten are the keys of a value of the type that at = … may stand for.
func keysWritten(at syntax.Expr, t crdt.Type) ([][]string, error) {
	if none, ok := at.(*syntax.Ident); at == nil || ok && none.Name == "None" {
		return [][]string{nil}, nil
	}
	if v := literal(at); v != nil {
		keys, err := keysOf(v)
		if err != nil {
			return nil, err
		}
		return [][]string{keys}, nil
	}
	if list, ok := at.(*syntax.ListExpr); ok {
		return [][]string{slices.Repeat([]string{"…"}, len(list.List))}, nil
	}
	// A key, or a list of them, or None; of one key is told, as it is the likeliest.
	var all [][]string
	if t.Kind() == crdt.Map {
		all = append(all, nil)
	}
	for depth := crdt.MaxDepth; depth > 0; depth-- {
		all = append(all, slices.Repeat([]string{"…"}, depth))
	}
	return all, nil
}

// argumentsOf are a call's arguments by place and by name; plain is false where some are only known when it is made.
func argumentsOf(args []syntax.Expr) (positional []syntax.Expr, keyed map[string]syntax.Expr, plain bool) {
	keyed = map[string]syntax.Expr{}
	for _, arg := range args {
		switch arg := arg.(type) {
		case *syntax.UnaryExpr:
			if arg.Op == syntax.STAR || arg.Op == syntax.STARSTAR {
				return nil, nil, false
			}
			positional = append(positional, arg)
		case *syntax.BinaryExpr:
			if name, ok := arg.X.(*syntax.Ident); ok && arg.Op == syntax.EQ {
				keyed[name.Name] = arg.Y
				continue
			}
			positional = append(positional, arg)
		default:
			positional = append(positional, arg)
		}
	}
	return positional, keyed, true
}

// literal is a value that is written out; nil for what has to be computed.
func literal(x syntax.Expr) star.Value {
	if minus, ok := x.(*syntax.UnaryExpr); ok && minus.Op == syntax.MINUS {
		if n, ok := literal(minus.X).(star.Int); ok {
			return star.MakeInt(0).Sub(n)
		}
	}
	l, ok := x.(*syntax.Literal)
	if !ok {
		return nil
	}
	switch v := l.Value.(type) {
	case string:
		if l.Token == syntax.STRING {
			return star.String(v)
		}
		return star.Bytes(v)
	case int64:
		return star.MakeInt64(v)
	case *big.Int:
		return star.MakeBigInt(v)
	case float64:
		return star.Float(v)
	}
	return nil
}
