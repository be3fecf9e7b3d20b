package starlark

import (
	"fmt"
	"io"
	"io/fs"

	"go.starlark.net/syntax"
)

// WriteMeaning writes what a script and those that it loads say, so that two that compute the same are the same bytes as far as that can be told without
// running them: comments, the form of the text and where it stands are left out.
func WriteMeaning(to io.Writer, folder fs.FS, file string) error {
	w := &meaningWriter{to: to, folder: folder, written: make(map[string]bool)}
	return w.file(file)
}

type meaningWriter struct {
	to      io.Writer
	folder  fs.FS
	written map[string]bool
	err     error
}

func (w *meaningWriter) file(name string) error {
	if w.written[name] {
		return nil
	}
	w.written[name] = true
	source, err := fs.ReadFile(w.folder, name)
	if err != nil {
		return err
	}
	parsed, err := dialect.Parse(name, source, 0)
	if err != nil {
		return err
	}
	w.say("file", name)
	syntax.Walk(parsed, w.node)
	for _, s := range parsed.Stmts {
		if s, ok := s.(*syntax.LoadStmt); ok && w.err == nil {
			w.err = w.file(s.ModuleName())
		}
	}
	return w.err
}

func (w *meaningWriter) say(parts ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.to, "%q\n", fmt.Sprint(parts...))
	}
}

// node says what a node is and what its children do not say; nil ends one.
func (w *meaningWriter) node(n syntax.Node) bool {
	switch n := n.(type) {
	case nil:
		w.say("end")
		return true
	case *syntax.Ident:
		w.say("name ", n.Name)
	case *syntax.Literal:
		w.say(n.Token, " ", n.Value)
	case *syntax.BinaryExpr:
		w.say("binary ", n.Op)
	case *syntax.UnaryExpr:
		w.say("unary ", n.Op)
	case *syntax.AssignStmt:
		w.say("assign ", n.Op)
	case *syntax.BranchStmt:
		w.say("branch ", n.Token)
	case *syntax.IfStmt:
		w.say("if ", len(n.True), " ", len(n.False))
	case *syntax.DefStmt:
		w.say("def ", len(n.Params))
	case *syntax.LambdaExpr:
		w.say("lambda ", len(n.Params))
	case *syntax.Comprehension:
		w.say("comprehension ", n.Curly)
	case *syntax.SliceExpr:
		w.say("slice ", n.Lo != nil, n.Hi != nil, n.Step != nil)
	case *syntax.LoadStmt:
		w.say("load ", len(n.From))
	default:
		w.say(fmt.Sprintf("%T", n))
	}
	return true
}
