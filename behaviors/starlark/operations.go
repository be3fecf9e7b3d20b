package starlark

import (
	"fmt"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
)

// An operation is what a function like increment makes of its arguments: NAME, VALUE…, at = KEY or [KEY, …].
type operation struct {
	// least and most are how many arguments follow the name of the value.
	least, most int
	usage       string
	// sample are arguments that it takes.
	sample star.Tuple
	make   func(args star.Tuple, nowMS int64) (crdt.Operation, error)
}

// operations are by the name of the function.
var operations = map[string]operation{
	"increment": {0, 1, `increment("visitors", 1)`, star.Tuple{star.MakeInt(1)}, func(args star.Tuple, _ int64) (crdt.Operation, error) { return counted(args, 1) }},
	"decrement": {0, 1, `decrement("visitors", 1)`, star.Tuple{star.MakeInt(1)}, func(args star.Tuple, _ int64) (crdt.Operation, error) { return counted(args, -1) }},
	"enable":    {0, 0, `enable("maintenance")`, nil, func(star.Tuple, int64) (crdt.Operation, error) { return crdt.Enable(), nil }},
	"disable":   {0, 0, `disable("maintenance")`, nil, func(star.Tuple, int64) (crdt.Operation, error) { return crdt.Disable(), nil }},
	"assign": {1, 1, `assign("motd", "hello")`, star.Tuple{star.None}, func(args star.Tuple, nowMS int64) (crdt.Operation, error) {
		value, err := toScalar(args[0])
		return crdt.Assign(value, nowMS), err
	}},
	"add": {1, 1, `add("tags", "new")`, star.Tuple{star.None}, func(args star.Tuple, _ int64) (crdt.Operation, error) {
		value, err := toScalar(args[0])
		return crdt.Add(value), err
	}},
	"remove": {1, 1, `remove("tags", "new")`, star.Tuple{star.None}, func(args star.Tuple, _ int64) (crdt.Operation, error) {
		value, err := toScalar(args[0])
		return crdt.Remove(value), err
	}},
	"clear": {0, 0, `clear("tags")`, nil, func(star.Tuple, int64) (crdt.Operation, error) { return crdt.Clear(), nil }},
	"delete_key": {1, 1, `delete_key("stock", "pear")`, star.Tuple{star.String("")}, func(args star.Tuple, _ int64) (crdt.Operation, error) {
		key, ok := star.AsString(args[0])
		if !ok {
			return crdt.Operation{}, fmt.Errorf("the key is a string, got %s", args[0].Type())
		}
		return crdt.Delete(key), nil
	}},
	"vote": {2, 2, `vote("poll", "alice", True)`, star.Tuple{star.String(""), star.True}, func(args star.Tuple, nowMS int64) (crdt.Operation, error) {
		voter, ok := star.AsString(args[0])
		yes, isBool := args[1].(star.Bool)
		if !ok || !isBool {
			return crdt.Operation{}, fmt.Errorf("want the voter's name and True or False, got %s and %s", args[0].Type(), args[1].Type())
		}
		return crdt.Cast(voter, bool(yes), nowMS), nil
	}},
}

func (o operation) effect(t *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	allowed, _ := t.Local(keyTurn).(*turn)
	if allowed == nil || allowed.events == nil {
		return nil, fmt.Errorf("%s: only decide_ functions change replicated values", b.Name())
	}
	at, rest := takeArgument(kwargs, "at")
	if len(args) == 0 || len(args)-1 < o.least || len(args)-1 > o.most || len(rest) > 0 {
		return nil, fmt.Errorf("%s: %w", b.Name(), o.misused())
	}
	name, _ := star.AsString(args[0])
	typ, ok := allowed.replicated.Types[name]
	if !ok {
		return nil, fmt.Errorf("%s: %s", b.Name(), allowed.replicated.lacks(shown(args[0]), name, allowed.replicated.names()))
	}
	made, err := o.make(args[1:], allowed.nowMS)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	keys, err := keysOf(at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	made = made.At(keys...)
	if err := made.Check(typ); err != nil {
		return nil, fmt.Errorf("%s: replicated value %s: %w", b.Name(), name, err)
	}
	return &effect{kind: changing, change: &entities.Change{Value: name, Operation: made}}, nil
}

func (o operation) misused() error {
	return fmt.Errorf(`want %s, and at = "key" for what is in a map`, o.usage)
}

func counted(args star.Tuple, sign int64) (crdt.Operation, error) {
	n := int64(1)
	if len(args) > 0 {
		given, isInt := args[0].(star.Int)
		var fits bool
		if isInt {
			n, fits = given.Int64()
		}
		if !fits || n < 0 {
			return crdt.Operation{}, fmt.Errorf("want a whole number from 0 that fits into 64 bits, got %s", shown(args[0]))
		}
	}
	return crdt.Increment(sign * n), nil
}

func toScalar(v star.Value) (crdt.Scalar, error) {
	data, err := replyJSON(v)
	if err != nil {
		return crdt.Scalar{}, err
	}
	return crdt.ParseScalar(data)
}

func keysOf(at star.Value) ([]string, error) {
	if key, ok := star.AsString(at); ok {
		return []string{key}, nil
	}
	if at == star.None {
		return nil, nil
	}
	list, ok := at.(star.Sequence)
	if !ok || list.Len() > crdt.MaxDepth {
		return nil, fmt.Errorf("at: want a key or a list of at most %d, got %s", crdt.MaxDepth, at.Type())
	}
	keys := make([]string, 0, list.Len())
	for item := range star.Elements(list) {
		key, ok := star.AsString(item)
		if !ok {
			return nil, fmt.Errorf("at: a key is a string, got %s", item.Type())
		}
		keys = append(keys, key)
	}
	return keys, nil
}
