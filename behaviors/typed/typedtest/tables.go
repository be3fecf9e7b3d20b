package typedtest

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
)

// TableRows are the rows of a table; [Rows] makes them.
type TableRows struct {
	table string
	rows  map[string]any
}

// Rows are what a table has in a test, by their keys. The table is one of the parts that the test was begun with; without rows it is empty.
func Rows[R any](table *typed.Table[R], rows map[string]R) TableRows {
	given := TableRows{table: table.Name(), rows: map[string]any{}}
	for key, row := range rows {
		given.rows[key] = &row
	}
	return given
}

// GivenTables gives rows to tables that the entity looks at.
func (e *EntityTest[S]) GivenTables(tables ...TableRows) *EntityTest[S] {
	e.t.Helper()
	e.codec.fill(e.t, tables)
	return e
}

// GivenTables gives rows to tables that the projection looks at.
func (p *ProjectionTest[R]) GivenTables(tables ...TableRows) *ProjectionTest[R] {
	p.t.Helper()
	p.codec.fill(p.t, tables)
	return p
}

// GivenTables gives rows to tables that the stream looks at.
func (s *StreamTest) GivenTables(tables ...TableRows) *StreamTest {
	s.t.Helper()
	s.codec.fill(s.t, tables)
	return s
}

// GivenTables gives rows to tables that the subscription looks at.
func (s *SubscriptionTest) GivenTables(tables ...TableRows) *SubscriptionTest {
	s.t.Helper()
	s.codec.fill(s.t, tables)
	return s
}

func (m *messages) fill(tb testing.TB, tables []TableRows) {
	tb.Helper()
	for _, given := range tables {
		i := slices.IndexFunc(m.model.Tables, func(t typed.BoundTable) bool { return t.Name == given.table })
		require.GreaterOrEqual(tb, i, 0, "table %s is no part of the test: give it to what began it, behind the part under test", given.table)
		content := tableContent{}
		for key, row := range given.rows {
			_, payload := m.encode(row)
			content[key] = payload.Data[singleObjectHeader:]
		}
		m.model.Tables[i].Connect(content)
	}
}

// tableContent is a table that does not change.
type tableContent map[string][]byte

func (c tableContent) Now() behaviors.Rows { return c }

func (c tableContent) Get(key string) ([]byte, bool) {
	row, there := c[key]
	return row, there
}

func (c tableContent) Keys(yield func(string) bool) {
	for _, key := range slices.Sorted(maps.Keys(c)) {
		if !yield(key) {
			return
		}
	}
}

func (c tableContent) Len() int { return len(c) }
