package starlark

import (
	"context"
	"fmt"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

func (p *Projection) checkKeys(f *functions) {
	if len(p.on) == 0 {
		f.problem("no on_<event>(row, event, ctx) function for any of its events")
	}
	named := p.config.Key
	for _, field := range p.config.SourceKeys {
		named = field
	}
	if named != "" && len(p.key) > 0 {
		f.problem("has both key: %s and key_ functions: keep one", named)
		return
	}
	for _, m := range p.config.Events {
		switch {
		case p.on[m.Name] == nil:
		case p.config.Key != "" && len(p.config.SourceKeys) == 0 && m.Type.FieldIndex(p.config.Key) < 0:
			f.problem("key: event %s has no field %s%s", m.Name, p.config.Key, didYouMean(p.config.Key, fieldNames(m.Type)))
		case len(p.key) > 0 && p.key[m.Name] == nil:
			f.problem("event %s needs a function key_%s(event, ctx), as other events have one", m.Name, snake(m.Name))
		}
	}
}

// namesKeys tells whether anything says a key: a field, of all sources or of some, or functions.
func (p *Projection) namesKeys() bool {
	return p.config.Key != "" || len(p.config.SourceKeys) > 0 || len(p.key) > 0
}

// Key is the row's key: a field, what key_ returns, or the entity id. By time, the day or hour stands behind it, or alone where nothing says a key.
func (p *Projection) Key(ctx context.Context, event *behaviors.Event) (key string, failure *entities.Failure) {
	defer p.recovered(&failure)
	if p.namesKeys() || p.config.ByTime == "" {
		if key, failure = p.keyOf(ctx, event); failure != nil || key == "" || p.config.ByTime == "" {
			return key, failure
		}
		key += "@"
	}
	period, err := p.config.ByTime.Of(event.NowMS)
	if err != nil {
		return "", &entities.Failure{Code: entities.BehaviorError, Message: "by_time: " + err.Error()}
	}
	return key + period, nil
}

func (p *Projection) keyOf(ctx context.Context, event *behaviors.Event) (string, *entities.Failure) {
	field, own := p.config.SourceKeys[event.Topic]
	if !own {
		field = p.config.Key
	}
	switch {
	case len(p.key) > 0:
		return p.keyByFunction(ctx, event)
	case field == "":
		return event.EntityID, nil
	}
	record, failure := p.decode(ctx, event)
	if failure != nil {
		return "", failure
	}
	i := record.typ.FieldIndex(field)
	if i < 0 {
		return "", &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("event %s of %s has no field %s, which is the key", event.Type, event.Topic, field)}
	}
	return keyText(record.values[i], "field "+field)
}

func (p *Projection) keyByFunction(ctx context.Context, event *behaviors.Event) (string, *entities.Failure) {
	record, failure := p.decode(ctx, event)
	if failure != nil {
		return "", failure
	}
	function := p.key[event.Type]
	if function == nil {
		return "", &entities.Failure{Code: entities.UnknownType, Message: fmt.Sprintf("projection %s has no function key_%s", p.config.Name, snake(event.Type))}
	}
	t := p.caller.borrow()
	defer p.caller.giveBack(t)
	result, failure := t.call(function, turn{}, record, p.context(event, t))
	if failure != nil {
		return "", failure
	}
	return keyText(result, function.Position().String()+": in "+function.Name())
}

func keyText(v star.Value, place string) (string, *entities.Failure) {
	switch v := v.(type) {
	case star.String:
		return string(v), nil
	case star.Int:
		return v.String(), nil
	}
	return "", &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("%s: the key is %s: want a string or an int", place, v.Type())}
}
