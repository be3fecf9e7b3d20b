package contexts

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/projections"
)

// RunTests runs the tests of the context's folder whose name, or path, contains filter; an empty filter runs all.
func RunTests(ctx context.Context, c *Context, filter string) ([]Result, Problems) {
	tests, problems := c.readTests()
	if len(problems) > 0 {
		return nil, problems.sorted()
	}
	var results []Result
	for i := range tests {
		t := &tests[i]
		if !strings.Contains(t.name, filter) && !strings.Contains(t.path, filter) {
			continue
		}
		result := Result{Path: t.path, Line: t.line, Name: t.name}
		o, err := c.run(ctx, t)
		if err != nil {
			result.Differences = []Difference{{Path: "test", Want: "to run", Got: err.Error()}}
		} else {
			result.Differences = t.compare(o)
		}
		results = append(results, result)
	}
	return results, nil
}

// checkTests are the problems of the folder's tests. Their subjects are checked first: a test of an entity that is wrong itself says nothing.
func (l *loader) checkTests() Problems {
	_, problems := l.context.readTests()
	return problems
}

func (c *Context) run(ctx context.Context, t *test) (outcome, error) {
	if err := errors.Join(c.fillTables(t.tables), c.fillReplicated(t.replicated)); err != nil {
		return outcome{}, err
	}
	switch {
	case t.projection != nil:
		return c.runProjection(ctx, t)
	case t.subscription != nil:
		return c.runSubscription(ctx, t)
	}
	return c.runEntity(ctx, t)
}

const jsonContentType = "application/json"

func payload(m message) entities.Payload {
	return entities.Payload{Data: m.json, ContentType: jsonContentType}
}

func (c *Context) runEntity(ctx context.Context, t *test) (outcome, error) {
	behavior := t.entity.Behavior
	state, err := c.given(ctx, t)
	if err != nil {
		return outcome{}, err
	}
	var o outcome
	// The state is shown before the decision, which may use it up.
	if o.state, err = stateValue(behavior, state); err != nil {
		return outcome{}, err
	}
	sequence := int64(len(t.given))
	if t.when.expects && t.when.expected != sequence {
		o.rejection = &entities.Rejection{Code: entities.WrongSequence, Message: fmt.Sprintf("%s stands at %d", t.id, sequence)}
		return o, nil
	}
	turns := []behaviors.Turn{{State: state, Replicated: c.scriptReplicated().Views, Command: &entities.Command{
		EntityID: t.id, Type: t.when.message.name, Payload: payload(t.when.message), ID: t.when.id,
		Sequence: sequence, NowMS: t.when.nowMS, Headers: t.when.headers,
	}}}
	behavior.Decide(ctx, turns)
	if o.failure = turns[0].Failure; o.failure == nil {
		o, err = c.decided(t, o, &turns[0].Decision)
	}
	return o, err
}

// given folds the events that a test gives.
func (c *Context) given(ctx context.Context, t *test) (entities.State, error) {
	state := t.entity.Behavior.InitialState()
	if len(t.given) == 0 {
		return state, nil
	}
	h, err := c.newHistory(t.entity)
	if err != nil {
		return nil, err
	}
	for i := range t.given {
		if state, err = h.evolve(ctx, state, &t.given[i], int64(i)); err != nil {
			return nil, fmt.Errorf("given[%d] %s: %w", i, t.given[i].message.name, err)
		}
	}
	return state, nil
}

func event(g *givenEvent, sequence int64) *behaviors.Event {
	if g.entity == "" {
		sequence = 0 // Others do not number theirs.
	}
	return &behaviors.Event{
		Entity: g.entity, EntityID: g.id, Sequence: sequence, Type: g.message.name, Topic: g.topic, Payload: payload(g.message), NowMS: g.nowMS,
	}
}

func (c *Context) decided(t *test, o outcome, d *entities.Decision) (outcome, error) {
	if o.rejection = d.Rejection; d.Rejection != nil {
		return o, nil
	}
	var err error
	if d.Reply != nil {
		if o.reply, err = parseJSON(d.Reply); err != nil {
			return o, fmt.Errorf("reply: %w", err)
		}
	}
	if err := c.sent(&o, &d.Messages); err != nil {
		return o, err
	}
	if o.replicated, err = c.changed(d.Changes); err != nil {
		return o, err
	}
	state := d.State
	for _, e := range d.Events {
		fields, err := c.payloadValue(t.entity.Event(e.Type), e.Payload)
		if err != nil {
			return o, fmt.Errorf("event %s: %w", e.Type, err)
		}
		o.events = append(o.events, happened{message: t.entity.Event(e.Type), fields: fields})
		if e.Deletes {
			state = t.entity.Behavior.InitialState()
		}
	}
	if len(d.Events) > 0 {
		o.state, err = stateValue(t.entity.Behavior, state)
	}
	return o, err
}

func stateValue(behavior behaviors.Entity, state entities.State) (any, error) {
	data, err := behavior.StateJSON(state)
	if err != nil {
		return nil, fmt.Errorf("showing the state: %w", err)
	}
	return parseJSON(data)
}

func (c *Context) runProjection(ctx context.Context, t *test) (outcome, error) {
	var o outcome
	rows := map[string][]byte{}
	sequences := map[string]int64{}
	for i := 0; i < len(t.given) && o.failure == nil; i++ {
		g := &t.given[i]
		subject := g.topic + "/" + g.id
		sequences[subject]++
		e := event(g, sequences[subject])
		if s := t.projection.Stream; s != nil {
			o.failure = c.writeMessages(ctx, s, e, &o)
		} else {
			o.failure = fold(ctx, t.projection.Behavior, rows, e)
		}
	}
	var err error
	if t.projection.Stream != nil {
		return o, nil
	}
	o.rows, err = shownRows(t.projection.Behavior, rows)
	return o, err
}

// fold gives one event to its row.
func fold(ctx context.Context, behavior behaviors.Projection, rows map[string][]byte, e *behaviors.Event) *entities.Failure {
	if !behavior.Wants(e.Type) {
		return nil
	}
	key, failure := behavior.Key(ctx, e)
	if failure == nil {
		failure = projections.CheckRowKey([]byte(key))
	}
	if failure != nil {
		return failure
	}
	row, failure := behavior.Apply(ctx, rows[key], e)
	if failure != nil {
		return failure
	}
	if row == nil {
		delete(rows, key)
	} else {
		rows[key] = row
	}
	return nil
}

func shownRows(behavior behaviors.Projection, rows map[string][]byte) (map[string]any, error) {
	shown := make(map[string]any, len(rows))
	for key, row := range rows {
		data, err := behavior.RowJSON(row)
		if err != nil {
			return nil, fmt.Errorf("showing row %s: %w", key, err)
		}
		if shown[key], err = parseJSON(data); err != nil {
			return nil, fmt.Errorf("showing row %s: %w", key, err)
		}
	}
	return shown, nil
}
