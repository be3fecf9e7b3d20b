package typed

import (
	"fmt"
	"slices"
	"strings"
)

// An outline is what the parts of a context must know of each other.
type outline struct {
	kind, name string
	// emits are an entity's events; folds are those of a projection, and sources where they come from.
	emits, folds []string
	sources      Sources
}

func (e *Entity[S]) outline() outline {
	o := outline{kind: "entity", name: e.name}
	for _, ev := range e.events {
		o.emits = append(o.emits, ev.name())
	}
	return o
}

func (p *Projection[R]) outline() outline {
	o := outline{kind: "projection", name: p.name, sources: p.sources}
	for _, f := range p.folds {
		o.folds = append(o.folds, f.name())
	}
	return o
}

// checkTogether tells what is wrong between the parts.
func checkTogether(parts []Part) []error {
	var problems []error
	taken, entities := map[string]bool{}, map[string]outline{}
	all := make([]outline, len(parts))
	for i, part := range parts {
		all[i] = part.outline()
		if taken[all[i].name] {
			problems = append(problems, fmt.Errorf("%s %s: another part has this name", all[i].kind, all[i].name))
		}
		taken[all[i].name] = true
		if all[i].kind == "entity" {
			entities[all[i].name] = all[i]
		}
	}
	for _, o := range all {
		problems = append(problems, o.checkSources(entities)...)
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
			problems = append(problems, fmt.Errorf("projection %s folds %s, which none of its sources emits%s", o.name, event, meant(emitted)))
		}
	}
	return problems
}

func meant(events []string) string {
	if len(events) == 0 {
		return ": they emit nothing"
	}
	return fmt.Sprintf(": did you mean one of %s?", strings.Join(events, ", "))
}
