package starlark

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	star "go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/partita-io/partita/behaviors"
)

// A Table is data that functions read as ctx.tables.NAME.
type Table struct {
	// Name has hyphens where scripts have underscores.
	Name string
	Row  *Message
	// Rows are what is in it.
	Rows behaviors.Table
	// Decode is a row of Rows as a plain value.
	Decode func(data []byte) ([]any, error)
}

func (t *Table) inScript() string { return strings.ReplaceAll(t.Name, "-", "_") }

func tableNames(all []Table) []string {
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].inScript()
	}
	return names
}

func noTable(name string, all []Table) string {
	if len(all) == 0 {
		return fmt.Sprintf("there is no table %s: context.yaml declares none under tables", clipped(name, maxShownBytes))
	}
	return fmt.Sprintf("there is no table %s%s", clipped(name, maxShownBytes), meant(name, tableNames(all)))
}

// tables is ctx.tables: each table as it was when the function looked at it first.
type tables struct {
	all    []Table
	budget *budget
	seen   []*tableNow
}

var _ star.HasAttrs = (*tables)(nil)

func (t *tables) String() string        { return "tables" }
func (t *tables) Type() string          { return "tables" }
func (t *tables) Freeze()               {}
func (t *tables) Truth() star.Bool      { return len(t.all) > 0 }
func (t *tables) Hash() (uint32, error) { return 0, errors.New("unhashable: tables") }

// AttrNames are the tables.
func (t *tables) AttrNames() []string { return tableNames(t.all) }

// Attr is the table of this name.
func (t *tables) Attr(name string) (star.Value, error) {
	for _, now := range t.seen {
		if now.table.inScript() == name {
			return now, nil
		}
	}
	for i := range t.all {
		if t.all[i].inScript() == name {
			now := &tableNow{table: &t.all[i], rows: t.all[i].Rows.Now(), budget: t.budget}
			t.seen = append(t.seen, now)
			return now, nil
		}
	}
	return nil, star.NoSuchAttrError(noTable(name, t.all))
}

// A tableNow is a table at one moment: a dict that cannot be changed.
type tableNow struct {
	table  *Table
	rows   behaviors.Rows
	budget *budget
}

var (
	_ star.IterableMapping = (*tableNow)(nil)
	_ star.Sequence        = (*tableNow)(nil)
	_ star.HasAttrs        = (*tableNow)(nil)
)

func (t *tableNow) String() string {
	return fmt.Sprintf("table %s of %d rows", t.table.Name, t.rows.Len())
}
func (t *tableNow) Type() string          { return "table" }
func (t *tableNow) Freeze()               {}
func (t *tableNow) Truth() star.Bool      { return t.rows.Len() > 0 }
func (t *tableNow) Hash() (uint32, error) { return 0, errors.New("unhashable: table") }

// Len is the number of rows.
func (t *tableNow) Len() int { return t.rows.Len() }

// decodedFactor is about how much more memory a row takes as a value than as it is stored.
const decodedFactor = 8

// Get is the row of a key.
func (t *tableNow) Get(key star.Value) (star.Value, bool, error) {
	name, ok := star.AsString(key)
	if !ok {
		return nil, false, fmt.Errorf("table %s: %w", t.table.Name, wrongType(key, "a string as key"))
	}
	data, there := t.rows.Get(name)
	if !there {
		return nil, false, nil
	}
	if err := t.budget.charge(int64(len(data)) * decodedFactor); err != nil {
		return nil, false, err
	}
	value, err := t.table.Decode(data)
	if err != nil {
		return nil, false, fmt.Errorf("table %s: row %s: %w", t.table.Name, quoted(name), err)
	}
	row := recordToStar(value, t.table.Row.Type)
	row.Freeze()
	return row, true, nil
}

// Items are keys with their rows.
func (t *tableNow) Items() []star.Tuple {
	var items []star.Tuple
	t.rows.Keys(func(key string) bool {
		row, _, err := t.Get(star.String(key))
		if err != nil || t.budget.charge(bytesPerElement) != nil {
			return false
		}
		items = append(items, star.Tuple{star.String(key), row})
		return true
	})
	return items
}

// Iterate goes over the keys, in their order.
func (t *tableNow) Iterate() star.Iterator { return &tableKeys{keys: t.keys()} }

// keys end early when the turn may ask for no more; then it fails at its end.
func (t *tableNow) keys() []string {
	var keys []string
	t.rows.Keys(func(key string) bool {
		if t.budget.charge(bytesPerElement+int64(len(key))) != nil {
			return false
		}
		keys = append(keys, key)
		return true
	})
	return keys
}

type tableKeys struct{ keys []string }

func (k *tableKeys) Next(p *star.Value) bool {
	if len(k.keys) == 0 {
		return false
	}
	*p, k.keys = star.String(k.keys[0]), k.keys[1:]
	return true
}

func (k *tableKeys) Done() {}

// AttrNames are the methods.
func (t *tableNow) AttrNames() []string { return []string{"get"} }

// Attr is a method.
func (t *tableNow) Attr(name string) (star.Value, error) {
	if name != "get" {
		return nil, star.NoSuchAttrError(fmt.Sprintf("a table has no method %s: read it as table[key], table.get(key), key in table, len(table), for key in table",
			clipped(name, maxShownBytes)))
	}
	return star.NewBuiltin("get", t.get), nil
}

// get is table.get(key, default = None).
func (t *tableNow) get(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var key, fallback star.Value = nil, star.None
	if err := star.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &key, &fallback); err != nil {
		return nil, err
	}
	row, there, err := t.Get(key)
	if err != nil || !there {
		return fallback, err
	}
	return row, nil
}

// checkTables finds tables that the context does not have where they are named as ctx.tables.NAME.
func checkTables(file *syntax.File, all []Table) []Problem {
	var problems []Problem
	known := tableNames(all)
	syntax.Walk(file, func(n syntax.Node) bool {
		table, ok := n.(*syntax.DotExpr)
		if !ok {
			return true
		}
		of, ok := table.X.(*syntax.DotExpr)
		if !ok || of.Name.Name != "tables" {
			return true
		}
		if ctx, ok := of.X.(*syntax.Ident); ok && ctx.Name == "ctx" && !slices.Contains(known, table.Name.Name) {
			problems = append(problems, at(table.Name.NamePos, "ctx.tables: "+noTable(table.Name.Name, all)))
		}
		return true
	})
	return problems
}
