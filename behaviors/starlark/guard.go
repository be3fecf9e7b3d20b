package starlark

import (
	"go.starlark.net/syntax"
)

// Names of the guarded operators. No script can write them, so no script can hide them.
const (
	guardedAttr   = "."
	guardedOwn    = "op copy"
	guardedKey    = "op key"
	guardedPrefix = "op "
)

// guarded are the operators whose result can be much larger than what was charged for their operands.
var guarded = map[syntax.Token]syntax.Token{
	syntax.PLUS: syntax.PLUS, syntax.STAR: syntax.STAR, syntax.LTLT: syntax.LTLT, syntax.PERCENT: syntax.PERCENT, syntax.PIPE: syntax.PIPE,
	syntax.SLASH: syntax.SLASH, syntax.SLASHSLASH: syntax.SLASHSLASH, syntax.SLASH_EQ: syntax.SLASH, syntax.SLASHSLASH_EQ: syntax.SLASHSLASH,
	syntax.PLUS_EQ: syntax.PLUS, syntax.STAR_EQ: syntax.STAR, syntax.LTLT_EQ: syntax.LTLT, syntax.PERCENT_EQ: syntax.PERCENT, syntax.PIPE_EQ: syntax.PIPE,
}

// guard rewrites a parsed file: x + y becomes a call of the guarded operator, x[a:b], *args and methods that allocate are charged. Calls keep
// the position of what they stand for.
func guard(file *syntax.File) { guardStmts(file.Stmts) }

func guardStmts(stmts []syntax.Stmt) {
	for _, s := range stmts {
		switch s := s.(type) {
		case *syntax.AssignStmt:
			guardAssign(s)
		case *syntax.DefStmt:
			guardExprs(s.Params)
			guardStmts(s.Body)
		case *syntax.ExprStmt:
			s.X = guardExpr(s.X)
		case *syntax.ForStmt:
			s.Vars = guardTarget(s.Vars)
			s.X = guardExpr(s.X)
			guardStmts(s.Body)
		case *syntax.WhileStmt:
			s.Cond = guardExpr(s.Cond)
			guardStmts(s.Body)
		case *syntax.IfStmt:
			s.Cond = guardExpr(s.Cond)
			guardStmts(s.True)
			guardStmts(s.False)
		case *syntax.ReturnStmt:
			s.Result = guardExpr(s.Result)
		}
	}
}

// guardAssign turns x OP= y into x OP= guard(y): the guard's result takes over the operation, so that x is evaluated once.
func guardAssign(s *syntax.AssignStmt) {
	s.LHS = guardTarget(s.LHS)
	s.RHS = guardExpr(s.RHS)
	if op, ok := guarded[s.Op]; ok && (op != syntax.PLUS || !isNumber(s.RHS)) {
		s.RHS = call(guardedPrefix+s.Op.String(), s.OpPos, s.RHS)
	}
}

// guardTarget guards inside an assignment's left side, whose own shape must stay.
func guardTarget(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.IndexExpr:
		e.X, e.Y = guardExpr(e.X), guardKey(e.Y)
	case *syntax.DotExpr:
		e.X = guardExpr(e.X)
	case *syntax.ParenExpr:
		e.X = guardTarget(e.X)
	case *syntax.TupleExpr:
		for i := range e.List {
			e.List[i] = guardTarget(e.List[i])
		}
	case *syntax.ListExpr:
		for i := range e.List {
			e.List[i] = guardTarget(e.List[i])
		}
	}
	return e
}

func guardExprs(list []syntax.Expr) {
	for i := range list {
		list[i] = guardExpr(list[i])
	}
}

func guardExpr(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.BinaryExpr:
		return guardBinary(e)
	case *syntax.UnaryExpr:
		e.X = guardExpr(e.X)
	case *syntax.CallExpr:
		e.Fn = guardExpr(e.Fn)
		guardArgs(e.Args)
	case *syntax.DotExpr:
		e.X = guardExpr(e.X)
		if _, allocates := methods[e.Name.Name]; allocates {
			return call(guardedAttr, e.Dot, e.X, &syntax.Literal{Token: syntax.STRING, TokenPos: e.NamePos, Value: e.Name.Name})
		}
	case *syntax.SliceExpr:
		e.X, e.Lo, e.Hi, e.Step = call(guardedOwn, e.Lbrack, guardExpr(e.X)), guardExpr(e.Lo), guardExpr(e.Hi), guardExpr(e.Step)
	case *syntax.IndexExpr:
		e.X, e.Y = guardExpr(e.X), guardKey(e.Y)
	case *syntax.CondExpr:
		e.Cond, e.True, e.False = guardExpr(e.Cond), guardExpr(e.True), guardExpr(e.False)
	case *syntax.ParenExpr:
		e.X = guardExpr(e.X)
	case *syntax.ListExpr:
		guardExprs(e.List)
	case *syntax.TupleExpr:
		guardExprs(e.List)
	case *syntax.DictExpr:
		guardExprs(e.List)
	case *syntax.DictEntry:
		e.Key, e.Value = guardKey(e.Key), guardExpr(e.Value)
	case *syntax.LambdaExpr:
		guardExprs(e.Params)
		e.Body = guardExpr(e.Body)
	case *syntax.Comprehension:
		e.Body = guardExpr(e.Body)
		for _, c := range e.Clauses {
			switch c := c.(type) {
			case *syntax.ForClause:
				c.Vars, c.X = guardTarget(c.Vars), guardExpr(c.X)
			case *syntax.IfClause:
				c.Cond = guardExpr(c.Cond)
			}
		}
	}
	return e
}

func guardBinary(e *syntax.BinaryExpr) syntax.Expr {
	if e.Op == syntax.EQ { // a named argument or a parameter's default
		e.Y = guardExpr(e.Y)
		return e
	}
	e.X, e.Y = guardExpr(e.X), guardExpr(e.Y)
	if compared[e.Op] {
		if isConstant(e.X) || isConstant(e.Y) && e.Op != syntax.IN && e.Op != syntax.NOT_IN {
			return e
		}
		return call(guardedPrefix+e.Op.String(), e.OpPos, e.X, e.Y)
	}
	if _, ok := guarded[e.Op]; !ok || e.Op == syntax.PLUS && (isNumber(e.X) || isNumber(e.Y)) {
		return e
	}
	return call(guardedPrefix+e.Op.String(), e.OpPos, e.X, e.Y)
}

// guardKey guards what is hashed; literals need none.
func guardKey(e syntax.Expr) syntax.Expr {
	if _, literal := e.(*syntax.Literal); literal {
		return e
	}
	start, _ := e.Span()
	return call(guardedKey, start, guardExpr(e))
}

// isConstant: comparing with a short text or None is little work.
func isConstant(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Literal:
		return e.Token == syntax.STRING && len(e.Raw) <= bytesPerStep
	case *syntax.Ident:
		return e.Name == "None" || e.Name == "True" || e.Name == "False"
	}
	return false
}

func guardArgs(args []syntax.Expr) {
	for i, a := range args {
		if u, ok := a.(*syntax.UnaryExpr); ok && u.X != nil && (u.Op == syntax.STAR || u.Op == syntax.STARSTAR) {
			u.X = call(guardedOwn, u.OpPos, guardExpr(u.X))
			continue
		}
		args[i] = guardExpr(a)
	}
}

// isNumber: adding a literal number can only make a number or fail.
func isNumber(e syntax.Expr) bool {
	l, ok := e.(*syntax.Literal)
	return ok && (l.Token == syntax.INT || l.Token == syntax.FLOAT)
}

func call(name string, at syntax.Position, args ...syntax.Expr) syntax.Expr {
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: at, Name: name}, Lparen: at, Args: args, Rparen: at}
}
