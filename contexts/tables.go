package contexts

import (
	"context"
	"math"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/behaviors/starlark"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/pubsub"
	"github.com/partita-io/partita/schemas"
)

// A Table is data of a topic that every instance has whole.
type Table struct {
	Name, Topic string
	Row         *schemas.Message
	// Content is what is in it.
	Content *pubsub.Table
}

// Table is the table of this name, nil if there is none.
func (c *Context) Table(name string) *Table {
	for i := range c.Tables {
		if c.Tables[i].Name == name {
			return &c.Tables[i]
		}
	}
	return nil
}

func (c *Context) tableNames() []string {
	names := make([]string, 0, len(c.Tables))
	for _, t := range c.Tables {
		names = append(names, t.Name)
	}
	return names
}

type declaredTable struct {
	name, topic, row text
	latest           bool
	maxBytes         int64
}

func (d *document) readTable(e entry) declaredTable {
	what := "table " + e.key.string
	f := d.fields(e.value, what, "topic", "row", "start", "max_bytes")
	return declaredTable{
		name:     e.key,
		topic:    d.required(f, e.key.node, what, "topic"),
		row:      d.required(f, e.key.node, what, "row"),
		latest:   d.oneOf(f["start"], what+": start", "earliest", "earliest", "latest") == "latest",
		maxBytes: d.bytes(f["max_bytes"], what+": max_bytes", pubsub.DefaultTableBytes),
	}
}

// bytes is a size such as 64MiB; fallback, without a complaint, when n is nil.
func (d *document) bytes(n *yaml.Node, what string, fallback int64) int64 {
	given := d.scalar(n, what)
	if given.node == nil {
		return fallback
	}
	digits := strings.TrimRight(given.string, "KMGiB")
	factor, known := map[string]int64{"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[given.string[len(digits):]]
	size, err := strconv.ParseInt(digits, 10, 64)
	if !known || err != nil || size < 1 || size > math.MaxInt64/factor {
		d.complain(given.node, "%s: expected a size such as 64MiB (KiB, MiB, GiB, or bytes), got %q", what, given.string)
		return fallback
	}
	return size * factor
}

func (l *loader) tables(file declared) {
	for _, t := range file.tables {
		what := "table " + t.name.string
		l.checkTable(t, what)
		row := l.record(t.row, what+": row")
		if row == nil {
			row = &schemas.Message{Type: &schemas.Type{Kind: schemas.Record}} // So that scripts that read it are checked.
		}
		table := Table{Name: t.name.string, Topic: t.topic.string, Row: row}
		definition := pubsub.TableDefinition{
			Name: table.Name, Topic: table.Topic, Latest: t.latest, MaxBytes: t.maxBytes, Row: row.Name,
			Decode: func(payload entities.Payload) ([]byte, *entities.Failure) { return l.context.encodedRow(row, payload) },
		}
		if l.context.Registry != "" {
			definition.Prepare = func(ctx context.Context, payload entities.Payload) error {
				return l.context.Codec.Prepare(ctx, payload)
			}
		}
		table.Content = pubsub.NewTable(definition)
		l.context.Tables = append(l.context.Tables, table)
	}
}

// checkTable refuses topics of the context that hold no rows.
func (l *loader) checkTable(t declaredTable, what string) {
	name, own := strings.CutPrefix(t.topic.string, l.context.Name+".")
	if t.topic.node == nil || !own || l.context.Publication(name) != nil || l.context.Projection(name) != nil {
		return
	}
	l.complain(t.topic.node, "%s: topic %s is this context's own: of its topics those of projections and publications can be tables", what, t.topic.string)
}

// encodedRow is a row as tables keep it.
func (c *Context) encodedRow(row *schemas.Message, payload entities.Payload) ([]byte, *entities.Failure) {
	_, value, err := c.decode(over{}, payload, row.Name, row)
	if err != nil {
		return nil, asFailure(err)
	}
	data, err := c.Codec.AppendBinary(nil, row, value)
	if err != nil {
		return nil, asFailure(err)
	}
	return data, nil
}

// scriptTables are the tables as scripts read them.
func (c *Context) scriptTables() []starlark.Table {
	var all []starlark.Table
	for _, t := range c.Tables {
		all = append(all, starlark.Table{Name: t.Name, Row: inScript(t.Row), Rows: t.Content, Decode: func(data []byte) ([]any, error) {
			value, err := c.Codec.DecodeBinary(t.Row, t.Row.Fingerprint, data)
			if err != nil {
				return nil, err
			}
			return value.([]any), nil
		}})
	}
	return all
}
