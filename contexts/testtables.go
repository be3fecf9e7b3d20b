package contexts

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/internal/spelling"
)

// givenTables are the rows of a test's tables, as JSON by the table's name and the row's key.
type givenTables map[string]map[string][]byte

// readTables reads {prices: {apple: {cents: 120}}}.
func (r testReader) readTables(n *yaml.Node) givenTables {
	given := givenTables{}
	for _, e := range r.entries(n, "tables") {
		table := r.context.Table(e.key.string)
		if table == nil {
			r.complain(e.key.node, "tables: there is no table %s%s", e.key.string, spelling.DidYouMean(e.key.string, r.context.tableNames()))
			continue
		}
		rows := map[string][]byte{}
		for _, row := range r.entries(e.value, "tables."+table.Name) {
			if table.Row.Name != "" { // Else the table was complained about where it is declared.
				r.checkFields(row.value, table.Row.Type, "tables."+table.Name+"."+row.key.string, true)
			}
			rows[row.key.string] = marshal(jsonOf(row.value))
		}
		given[table.Name] = rows
	}
	return given
}

// fillTables has the tables be what a test gives; those that it does not name have no rows.
func (c *Context) fillTables(given givenTables) error {
	for i := range c.Tables {
		table, rows := &c.Tables[i], map[string][]byte{}
		for key, json := range given[c.Tables[i].Name] {
			data, failure := c.encodedRow(table.Row, payload(message{json: json}))
			if failure != nil {
				return fmt.Errorf("tables.%s.%s: %w", table.Name, key, failure)
			}
			rows[key] = data
		}
		table.Content.Fill(rows)
	}
	return nil
}
