package typedtest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
)

// A ProjectionTest is a table under test.
type ProjectionTest[R any] struct {
	t        testing.TB
	behavior behaviors.Projection
	codec    *messages
	rows     map[string][]byte
	sequence int64
}

// Projection begins a test of a table without rows. The sources are the entities that the projection follows.
func Projection[R any](tb testing.TB, projection *typed.Projection[R], sources ...typed.Part) *ProjectionTest[R] {
	tb.Helper()
	m, err := typed.Bind(tb.Context(), typed.Config{}, append(sources[:len(sources):len(sources)], projection)...)
	require.NoError(tb, err)
	return &ProjectionTest[R]{t: tb, behavior: m.Projections[0].Behavior, codec: newMessages(tb, m), rows: map[string][]byte{}}
}

// Given puts rows into the table, by their keys.
func (p *ProjectionTest[R]) Given(rows map[string]R) *ProjectionTest[R] {
	p.t.Helper()
	for key, row := range rows {
		_, payload := p.codec.encode(&row)
		p.rows[key] = payload.Data
	}
	return p
}

// When lets events happen to an entity. Those that the projection does not fold are passed over.
func (p *ProjectionTest[R]) When(entityID string, events ...any) *ProjectionTest[R] {
	p.t.Helper()
	for _, event := range events {
		p.sequence++
		name, payload := p.codec.encode(event)
		if p.behavior.Wants(name) {
			p.fold(&behaviors.Event{EntityID: entityID, Sequence: p.sequence, Type: name, Payload: payload})
		}
	}
	return p
}

// Then requires that the table has exactly these rows, by their keys.
func (p *ProjectionTest[R]) Then(rows map[string]R) *ProjectionTest[R] {
	p.t.Helper()
	want := make(map[string][]byte, len(rows))
	for key, row := range rows {
		_, payload := p.codec.encode(&row)
		want[key] = payload.Data
	}
	require.Equal(p.t, p.show(want), p.show(p.rows), "the rows")
	return p
}

func (p *ProjectionTest[R]) fold(event *behaviors.Event) {
	p.t.Helper()
	key, failure := p.behavior.Key(p.t.Context(), event)
	if failure != nil {
		require.Fail(p.t, "the key of "+event.Type, failure.Message)
	}
	row, failure := p.behavior.Apply(p.t.Context(), p.rows[key], event)
	if failure != nil {
		require.Fail(p.t, "folding "+event.Type, failure.Message)
	}
	p.rows[key] = row
	if row == nil {
		delete(p.rows, key)
	}
}

func (p *ProjectionTest[R]) show(rows map[string][]byte) string {
	p.t.Helper()
	var all strings.Builder
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		data, err := p.behavior.RowJSON(rows[key])
		require.NoError(p.t, err)
		all.WriteString(key + " " + indented(p.t, data) + "\n")
	}
	return all.String()
}
