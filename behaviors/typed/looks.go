package typed

import (
	"fmt"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/crdt"
)

// A Looker is what a function looks tables and replicated values up with: its [Context], [EventContext] or [MessageContext].
type Looker interface {
	look() *looks
}

// sights are what functions of a context may look at. They are complete when all parts are bound.
type sights struct {
	tables boundTables
	values *boundValues
}

// looking is for one function that sees what has been heard of.
func (s sights) looking() *looks { return s.deciding(s.values.views()) }

// deciding is for one function that sees views of its own; nil where there is nothing to look at.
func (s sights) deciding(views behaviors.Views) *looks {
	if len(s.tables) == 0 && len(s.values.types) == 0 {
		return nil
	}
	return &looks{sights: s, views: views}
}

// looks are what one function looks at, each as it was at the first look.
type looks struct {
	sights
	views behaviors.Views
	rows  map[*boundTable]behaviors.Rows
	known map[string]crdt.View
}

// table is the table that a *Table was bound as, at the moment of the first look.
func (l *looks) table(table any, name string) (*boundTable, behaviors.Rows) {
	var bound *boundTable
	if l != nil {
		bound = l.tables[table]
	}
	if bound == nil {
		panic(fmt.Sprintf("table %s is no part of this context: give it to Parts", name))
	}
	rows, looked := l.rows[bound]
	if !looked {
		if l.rows == nil {
			l.rows = map[*boundTable]behaviors.Rows{}
		}
		rows = bound.content().Now()
		l.rows[bound] = rows
	}
	return bound, rows
}

// at is the whole value, at the moment of the first look.
func (l *looks) at(v value) crdt.View {
	values := &boundValues{}
	if l != nil {
		values = l.values
	}
	t, err := values.typeOf(v)
	if err != nil {
		panic(err.Error())
	}
	view, looked := l.known[v.name]
	if !looked {
		if l.known == nil {
			l.known = map[string]crdt.View{}
		}
		view, _ = crdt.Fold(t) // Of nothing, it cannot fail.
		if l.views != nil {
			view = l.views(v.name)
		}
		l.known[v.name] = view
	}
	return view
}
