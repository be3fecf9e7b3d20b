package starlark

import (
	"bytes"
	"fmt"
	"strings"

	"go.starlark.net/syntax"
)

// Bounds of a script's text. The parser calls itself for all that is nested: without them a script of brackets alone would take all the stack
// there is, which ends the process.
const (
	maxScriptBytes = 256 << 10
	maxBrackets    = 100
	maxOperators   = 2000
)

// checkText refuses a script that is too long or too deeply nested to be parsed.
func checkText(file string, source []byte) error {
	if len(source) > maxScriptBytes {
		return fmt.Errorf("the file has %d bytes: a script has at most %d", len(source), maxScriptBytes)
	}
	s := nesting{rest: source, line: 1}
	for len(s.rest) > 0 {
		s.next()
		if s.brackets > maxBrackets || s.operators > maxOperators {
			return syntax.Error{Pos: syntax.MakePosition(&file, int32(s.line), 1), Msg: "nested too deeply: split the expression"}
		}
	}
	return nil
}

// A nesting counts the brackets that are open and the operators since the last comma or end of a statement: all that deepens an expression
// is one of them.
type nesting struct {
	rest                []byte
	line                int
	brackets, operators int
}

func (s *nesting) next() {
	c := s.rest[0]
	switch {
	case c == '"' || c == '\'':
		s.text(c)
		return
	case c == '#':
		line, _, _ := bytes.Cut(s.rest, []byte("\n"))
		s.skip(len(line))
		return
	case c == '\\' && len(s.rest) > 1:
		s.skip(2)
		return
	case isWord(c):
		s.word()
		return
	case c == '\n':
		if s.brackets == 0 {
			s.operators = 0
		}
	case c == ',' || c == ';':
		s.operators = 0
	case c == '(' || c == '[' || c == '{':
		s.brackets++
		s.operators++
	case c == ')' || c == ']' || c == '}':
		s.brackets = max(s.brackets-1, 0)
	case c > ' ':
		s.operators++
	}
	s.skip(1)
}

func (s *nesting) skip(n int) {
	n = min(n, len(s.rest))
	s.line += bytes.Count(s.rest[:n], []byte("\n"))
	s.rest = s.rest[n:]
}

// text skips a string; one that does not end, which the parser will say, takes the rest.
func (s *nesting) text(quote byte) {
	end := string(quote)
	if triple := strings.Repeat(end, 3); bytes.HasPrefix(s.rest, []byte(triple)) {
		end = triple
	}
	i := len(end)
	for i < len(s.rest) && !bytes.HasPrefix(s.rest[i:], []byte(end)) {
		if s.rest[i] == '\n' && len(end) == 1 {
			break
		}
		if s.rest[i] == '\\' {
			i++
		}
		i++
	}
	s.skip(i + len(end))
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func (s *nesting) word() {
	n := 0
	for n < len(s.rest) && isWord(s.rest[n]) {
		n++
	}
	switch string(s.rest[:n]) {
	case "not", "lambda", "if", "else", "and", "or", "in", "for":
		s.operators++
	}
	s.skip(n)
}
