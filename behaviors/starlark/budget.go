package starlark

import (
	"errors"
	"fmt"
	"strings"

	star "go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// errSizeLimit and errStepLimit end a call that asks for too much.
var (
	errSizeLimit = errors.New("too much memory asked for: build smaller values")
	errStepLimit = errors.New("too many steps: loop over less")
)

const (
	bytesPerElement = 64 // of a list or dict, with its slack
	keyBudget       = "budget"
)

// A budget counts the bytes that one turn may still ask for, and lends its steps to work that the interpreter does not count.
type budget struct {
	left   int64
	steps  uint64
	thread *star.Thread
}

// charge takes bytes; what has no budget is paid for elsewhere.
func (b *budget) charge(bytes int64) error {
	if b == nil {
		return nil
	}
	if bytes < 0 || bytes > b.left {
		b.left = -1
		return errSizeLimit
	}
	b.left -= bytes
	return nil
}

// work takes steps.
func (b *budget) work(steps int64) error {
	if b == nil || steps <= 0 {
		return nil
	}
	b.thread.Steps += uint64(steps)
	if b.thread.Steps >= b.steps {
		return errStepLimit
	}
	return nil
}

// visit takes a step for a value in a walk through nested ones: values that share parts can be walked almost without end.
func (b *budget) visit(depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	return b.work(1)
}

func isLimit(err error) bool { return errors.Is(err, errSizeLimit) || errors.Is(err, errStepLimit) }

func budgetOf(t *star.Thread) *budget { return t.Local(keyBudget).(*budget) }

func charge(t *star.Thread, bytes int64) error {
	return budgetOf(t).charge(bytes)
}

// shallow is what a copy of v takes, without what its elements hold.
func shallow(v star.Value) int64 {
	switch v := v.(type) {
	case star.String:
		return int64(len(v))
	case star.Bytes:
		return int64(len(v))
	case star.Int:
		if _, small := v.Int64(); small {
			return 0
		}
		return int64(v.BigInt().BitLen()/8) + 16
	case Decimal:
		return int64(v.rat.Num().BitLen()+v.rat.Denom().BitLen())/8 + 16
	case star.Sequence:
		return int64(v.Len()) * bytesPerElement
	case star.Indexable:
		return int64(v.Len()) * bytesPerElement
	}
	return 16
}

// tooMuch is more than any budget.
const tooMuch = 1 << 60

// deep is at least the length of v as text; it stops counting above most. What is nested deeper than any value may be is too much.
func deep(v star.Value, most int64, depth int) int64 {
	total := 4*shallow(v) + 16
	if depth > maxDepth {
		return tooMuch
	}
	if total > most {
		return total
	}
	switch v := v.(type) {
	case *star.Dict:
		for k, item := range v.Entries() {
			if total += deep(k, most-total, depth+1) + deep(item, most-total, depth+1); total > most {
				break
			}
		}
	case *Record:
		for _, item := range v.values {
			total += deep(item, most-total, depth+1)
		}
	case *star.List, star.Tuple:
		for item := range star.Elements(v.(star.Iterable)) {
			if total += deep(item, most-total, depth+1); total > most {
				break
			}
		}
	}
	return total
}

// binarySize is what x op y can take.
func binarySize(op syntax.Token, x, y star.Value, left int64) int64 {
	switch op {
	case syntax.STAR:
		if n, ok := x.(star.Int); ok && isSequence(y) {
			return times(shallow(y), n)
		}
		if n, ok := y.(star.Int); ok && isSequence(x) {
			return times(shallow(x), n)
		}
	case syntax.LTLT:
		if n, ok := y.(star.Int); ok {
			return times(1, n)/8 + shallow(x)
		}
	case syntax.PERCENT:
		if s, ok := x.(star.String); ok {
			return formatSize(string(s), "%", []star.Value{y}, left)
		}
	}
	return shallow(x) + shallow(y)
}

func isSequence(v star.Value) bool {
	switch v.(type) {
	case star.String, star.Bytes, *star.List, star.Tuple:
		return true
	}
	return false
}

func times(size int64, n star.Int) int64 {
	count, ok := n.Int64()
	switch {
	case n.Sign() <= 0 || size == 0:
		return 0
	case !ok || count > tooMuch/size:
		return tooMuch
	}
	return size * count
}

// formatSize is an upper bound: each verb may show all the arguments.
func formatSize(template, verb string, args []star.Value, left int64) int64 {
	var all int64
	for _, a := range args {
		all += deep(a, left, 0)
	}
	return int64(len(template)) + times(all, star.MakeInt(strings.Count(template, verb)))
}

// binary is a guarded operator.
func binary(op syntax.Token) *star.Builtin {
	return star.NewBuiltin(op.String(), func(t *star.Thread, _ *star.Builtin, args star.Tuple, _ []star.Tuple) (star.Value, error) {
		if len(args) == 1 {
			return &operand{op: op, value: args[0], thread: t}, nil
		}
		return guardedBinary(t, op, args[0], args[1])
	})
}

func guardedBinary(t *star.Thread, op syntax.Token, x, y star.Value) (star.Value, error) {
	if compared[op] {
		return guardedCompare(t, op, x, y)
	}
	size := binarySize(op, x, y, budgetOf(t).left)
	if isExact(x) && isExact(y) {
		if size > maxNumberBytes {
			size = -1
		}
		if err := budgetOf(t).work(size / numberBytesPerStep); err != nil {
			return nil, err
		}
	}
	if err := charge(t, size); err != nil {
		return nil, err
	}
	return star.Binary(op, x, y)
}

// plusEqual is the right side of x += y. What is added is charged; a list must see an iterable to grow in place.
func plusEqual(t *star.Thread, _ *star.Builtin, args star.Tuple, _ []star.Tuple) (star.Value, error) {
	switch y := args[0].(type) {
	case star.Int, star.Float:
		return y, nil
	case *star.List, *star.Dict:
		return y, charge(t, shallow(y))
	}
	return &operand{op: syntax.PLUS, value: args[0], thread: t}, nil
}

// maxNumberBytes bounds products: multiplying numbers of megabytes takes seconds that no step counts.
const (
	maxNumberBytes     = 4 << 10
	numberBytesPerStep = 64
)

func isExact(v star.Value) bool {
	switch v.(type) {
	case star.Int, Decimal:
		return true
	}
	return false
}

// An operand stands on the right side of x OP= y and does the operation itself, so that it is counted.
type operand struct {
	op     syntax.Token
	value  star.Value
	thread *star.Thread
}

func (o *operand) String() string        { return o.value.String() }
func (o *operand) Type() string          { return o.value.Type() }
func (o *operand) Freeze()               { o.value.Freeze() }
func (o *operand) Truth() star.Bool      { return o.value.Truth() }
func (o *operand) Hash() (uint32, error) { return o.value.Hash() }

// Binary does the operation that the operand stands for.
func (o *operand) Binary(op syntax.Token, x star.Value, _ star.Side) (star.Value, error) {
	return guardedBinary(o.thread, op, x, o.value)
}

// own charges a copy of its argument and returns it.
func own(t *star.Thread, _ *star.Builtin, args star.Tuple, _ []star.Tuple) (star.Value, error) {
	return args[0], charge(t, shallow(args[0]))
}

// methods are the methods that allocate, with what they can take beyond twice their receiver and arguments.
var methods = map[string]func(receiver star.Value, args star.Tuple, left int64) int64{
	"join": joinSize, "replace": replaceSize,
	"format": nil, "extend": nil, "update": nil, "union": nil, "elems": nil, "split": nil, "rsplit": nil, "splitlines": nil, "upper": nil,
	"lower": nil, "title": nil, "capitalize": nil, "keys": nil, "values": nil, "items": nil, "codepoints": nil, "elem_ords": nil,
	"codepoint_ords": nil, "partition": nil, "rpartition": nil, "strip": nil, "lstrip": nil, "rstrip": nil,
	"get": firstKey, "pop": firstKey, "setdefault": firstKey, "index": nil, "remove": nil, "count": nil, "find": nil, "rfind": nil, "rindex": nil,
	"insert": nil, "startswith": nil, "endswith": nil,
}

// walking are the methods that look at all of their receiver: what they do is counted in steps.
var walking = map[string]bool{
	"index": true, "remove": true, "count": true, "find": true, "rfind": true, "rindex": true, "insert": true, "pop": true,
	"replace": true, "split": true, "rsplit": true,
}

// firstKey charges hashing: a tuple of tuples that share parts can be hashed almost without end.
func firstKey(_ star.Value, args star.Tuple, left int64) int64 {
	if len(args) == 0 {
		return 0
	}
	return keySize(args[0], left)
}

func joinSize(receiver star.Value, args star.Tuple, left int64) int64 {
	if len(args) == 0 {
		return 0
	}
	items, ok := args[0].(star.Iterable)
	if !ok {
		return 0
	}
	var total int64
	for item := range star.Elements(items) {
		if total += shallow(item) + shallow(receiver) + 1; total > left {
			break
		}
	}
	return total
}

func replaceSize(receiver star.Value, args star.Tuple, _ int64) int64 {
	s, ok := star.AsString(receiver)
	if !ok || len(args) < 2 {
		return 0
	}
	old, _ := star.AsString(args[0])
	return times(shallow(args[1]), star.MakeInt(strings.Count(s, old)))
}

// attr is x.name for the names in methods: a method comes back guarded, anything else as it is.
func attr(_ *star.Thread, _ *star.Builtin, args star.Tuple, _ []star.Tuple) (star.Value, error) {
	x, name := args[0], string(args[1].(star.String))
	has, ok := x.(star.HasAttrs)
	if !ok {
		return nil, fmt.Errorf("%s has no .%s field or method", x.Type(), name)
	}
	v, err := has.Attr(name)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, fmt.Errorf("%s has no .%s field or method%s", x.Type(), name, didYouMean(name, has.AttrNames()))
	}
	method, ok := v.(*star.Builtin)
	if !ok || method.Receiver() == nil {
		return v, nil
	}
	return guardedCall(method, x, methods[name]), nil
}

func guardedCall(f *star.Builtin, receiver star.Value, extra func(star.Value, star.Tuple, int64) int64) *star.Builtin {
	return star.NewBuiltin(f.Name(), func(t *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
		left := budgetOf(t).left
		size, err := callSize(t, f.Name(), receiver, args)
		if err != nil {
			return nil, err
		}
		if extra != nil {
			size += extra(receiver, args, left)
		}
		if template, ok := receiver.(star.String); ok && f.Name() == "format" {
			size += formatSize(string(template), "{", argValues(args, kwargs), left)
		}
		if err := charge(t, size); err != nil {
			return nil, err
		}
		return f.CallInternal(t, args, kwargs)
	})
}

// callSize is what a call takes beside what extra says.
func callSize(t *star.Thread, name string, receiver star.Value, args star.Tuple) (size int64, err error) {
	list, isList := receiver.(*star.List)
	if walking[name] {
		switch {
		case isList && (name == "index" || name == "remove"):
			err = compareWork(t, list, list)
		case receiver != nil:
			if _, isDict := receiver.(*star.Dict); !isDict {
				err = budgetOf(t).work(shallow(receiver) / bytesPerStep)
			}
		}
	} else if receiver != nil && methods[name] == nil {
		size = 16 * shallow(receiver) // split makes a value of each letter
	}
	switch name {
	case "split", "rsplit", "replace":
		size += 16 * shallow(receiver)
	}
	for _, a := range args {
		size += 2 * shallow(a)
	}
	return size, err
}

func argValues(args star.Tuple, kwargs []star.Tuple) []star.Value {
	values := append([]star.Value(nil), args...)
	for _, kv := range kwargs {
		values = append(values, kv[1])
	}
	return values
}

// asText charges the text of the arguments.
func asText(_ star.Value, args star.Tuple, left int64) int64 {
	var total int64
	for _, a := range args {
		total += deep(a, left, 0)
	}
	return total
}

// lazily charges reading all of the arguments, keys and comparisons included: a range is small, what is made of it is not.
func lazily(_ star.Value, args star.Tuple, left int64) int64 {
	total := asText(nil, args, left)
	for _, a := range args {
		if n := star.Len(a); n > 0 {
			total += int64(n) * bytesPerElement
		}
	}
	return total
}

// guards are the predeclared names that replace operators and builtins.
func guards() star.StringDict {
	out := star.StringDict{
		guardedAttr: star.NewBuiltin("getattr", attr), guardedOwn: star.NewBuiltin("copy", own), guardedKey: star.NewBuiltin("key", hashable),
	}
	for token, op := range guarded {
		out[guardedPrefix+token.String()] = binary(op)
	}
	for op := range compared {
		out[guardedPrefix+op.String()] = binary(op)
	}
	out[guardedPrefix+syntax.PLUS_EQ.String()] = star.NewBuiltin("+=", plusEqual)
	for _, name := range []string{"str", "repr", "print", "fail"} {
		out[name] = guardedCall(star.Universe[name].(*star.Builtin), nil, asText)
	}
	for _, name := range []string{"list", "tuple", "sorted", "reversed", "enumerate", "zip", "dict", "bytes", "int", "float", "max", "min", "any", "all"} {
		out[name] = guardedCall(star.Universe[name].(*star.Builtin), nil, lazily)
	}
	out["getattr"] = star.NewBuiltin("getattr", getattr)
	return out
}

// getattr is the builtin, but for methods that are guarded.
func getattr(t *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	if len(args) == 2 && len(kwargs) == 0 {
		if name, _ := star.AsString(args[1]); isMethod(name) {
			return attr(t, nil, args, nil)
		}
	}
	return star.Universe["getattr"].(*star.Builtin).CallInternal(t, args, kwargs)
}

func isMethod(name string) bool {
	_, is := methods[name]
	return is
}
