package typed

import (
	"context"
	"fmt"
)

func (t *Table[R]) records() []record { return []record{t.row} }

func (t *Table[R]) check() []error {
	what := "table " + t.name
	problems := []error{checkName(kindTable, t.name)}
	if t.topic == "" {
		problems = append(problems, fmt.Errorf("%s names no topic", what))
	}
	if t.maxBytes < 0 {
		problems = append(problems, fmt.Errorf("%s: MaxBytes(%d): at least 1, or 0 for the default", what, t.maxBytes))
	}
	return problems
}

func (t *Table[R]) outline() outline { return outline{kind: kindTable, name: t.name} }

func (t *Table[R]) bind(_ context.Context, b *binder, m *Model) error {
	row, err := newMessage(b, t.row)
	if err != nil {
		return err
	}
	bound := &boundTable{row: row, rows: newInbox[struct{}](b)}
	bound.rows.add(row, struct{}{})
	b.sights.tables[t] = bound
	m.Tables = append(m.Tables, BoundTable{
		Name: t.name, Topic: string(t.topic), Row: row.Message, Latest: t.latest, MaxBytes: t.maxBytes, bound: bound,
	})
	return nil
}
