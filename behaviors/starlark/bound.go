package starlark

import "go.starlark.net/syntax"

// boundNames are the names that a file gives a meaning of its own, anywhere in it: what it calls by them need not be what is built in.
func boundNames(file *syntax.File) map[string]bool {
	names := map[string]bool{}
	var bind func(target syntax.Expr)
	bind = func(target syntax.Expr) {
		switch target := target.(type) {
		case *syntax.Ident:
			names[target.Name] = true
		case *syntax.ParenExpr:
			bind(target.X)
		case *syntax.TupleExpr:
			bindAll(target.List, bind)
		case *syntax.ListExpr:
			bindAll(target.List, bind)
		case *syntax.BinaryExpr: // A parameter with a default.
			bind(target.X)
		case *syntax.UnaryExpr: // *args
			bind(target.X)
		}
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.LoadStmt:
			for _, name := range n.To {
				bind(name)
			}
		case *syntax.DefStmt:
			bind(n.Name)
			bindAll(n.Params, bind)
		case *syntax.LambdaExpr:
			bindAll(n.Params, bind)
		case *syntax.AssignStmt:
			bind(n.LHS)
		case *syntax.ForStmt:
			bind(n.Vars)
		case *syntax.ForClause:
			bind(n.Vars)
		}
		return true
	})
	return names
}

func bindAll(targets []syntax.Expr, bind func(syntax.Expr)) {
	for _, target := range targets {
		bind(target)
	}
}
