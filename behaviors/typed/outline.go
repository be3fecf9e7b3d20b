package typed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The kinds of parts.
const (
	kindEntity       = "entity"
	kindProjection   = "projection"
	kindPublication  = "publication"
	kindSubscription = "subscription"
	kindTable        = "table"
	kindReplicated   = "replicated value"
)

// An outline is what the parts of a context must know of each other.
type outline struct {
	kind, name string
	// emits are an entity's events; folds are those of a projection, and sources where they come from.
	emits, folds []string
	sources      Sources
	// takes are an entity's commands and a publication's messages; sends are the commands that are declared.
	takes []record
	sends []declared
	// state is an entity's.
	state record
}

func (e *Entity[S]) outline() outline {
	o := outline{kind: kindEntity, name: e.name, sends: e.sends, state: e.state}
	for _, c := range e.commands {
		o.takes = append(o.takes, c.record)
	}
	for _, ev := range e.events {
		o.emits = append(o.emits, ev.name())
	}
	return o
}

func (p *Projection[R]) outline() outline {
	o := outline{kind: kindProjection, name: p.name, sources: p.sources}
	for _, f := range p.folds {
		o.folds = append(o.folds, f.name())
	}
	return o
}

func outlinesOf(parts []Part) []outline {
	all := make([]outline, len(parts))
	for i, part := range parts {
		all[i] = part.outline()
	}
	return all
}

// checkTogether tells what is wrong between the parts.
func checkTogether(all []outline) []error {
	var problems []error
	taken, entities := map[string]bool{}, map[string]outline{}
	for _, o := range all {
		name := o.name
		if o.kind == kindTable {
			name = "table " + name // It has no topic of its own, and may be called like the projection whose rows it has.
		}
		if taken[name] {
			problems = append(problems, fmt.Errorf("%s %s: another part has this name", o.kind, o.name))
		}
		taken[name] = true
		if o.kind == kindEntity {
			entities[o.name] = o
		}
	}
	for _, o := range all {
		problems = append(problems, o.checkSources(entities)...)
		problems = append(problems, o.checkSends(entities)...)
	}
	return problems
}

// checkSources tells which sources of a projection are missing, and, if none is, which events none of them emits.
func (o outline) checkSources(entities map[string]outline) []error {
	var problems []error
	var emitted []string
	known := len(o.sources) > 0 // What others write to a topic is not.
	for _, s := range o.sources {
		entity, topic := s.source()
		source, ok := entities[entity]
		emitted = append(emitted, source.emits...)
		known = known && ok
		if topic == "" && !ok {
			problems = append(problems, fmt.Errorf("projection %s follows the entity %s: give Bind that entity too, or follow its Topic", o.name, entity))
		}
	}
	for _, event := range o.folds {
		if known && !slices.Contains(emitted, event) {
			problems = append(problems, fmt.Errorf("projection %s folds %s, which none of its sources emits%s", o.name, event, meant(emitted, "they emit nothing")))
		}
	}
	return problems
}

// checkSends tells which declared receivers cannot be, and which of this context's own do not take what is sent.
func (o outline) checkSends(entities map[string]outline) []error {
	var problems []error
	for _, d := range o.sends {
		receiver, ok := entities[d.to]
		switch {
		case isForeign(d.to):
		case !ok:
			problems = append(problems, fmt.Errorf("%s %s sends to %s, which is no entity%s (of another context it is \"context.entity\")", o.kind, o.name, d.to,
				meant(slices.Sorted(maps.Keys(entities)), "there is none")))
		case !slices.ContainsFunc(receiver.takes, func(r record) bool { return r.goType == d.goType }):
			problems = append(problems, fmt.Errorf("%s %s sends %s to %s, which does not take it%s", o.kind, o.name, d.name(), d.to,
				meant(namesOf(receiver.takes), "it takes nothing")))
		}
	}
	return problems
}

func namesOf(records []record) []string {
	names := make([]string, len(records))
	for i, r := range records {
		names[i] = r.name()
	}
	return names
}

// meant lists the names of which one may have been meant.
func meant(names []string, none string) string {
	if len(names) == 0 {
		return ": " + none
	}
	return fmt.Sprintf(": did you mean one of %s?", strings.Join(names, ", "))
}
