package contexts

import (
	"regexp"
	"slices"
	"strings"
)

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// reservedNames are the parts of a context's own topics.
var reservedNames = []string{"control", "dead-letters", "operations", "parked", "progress", "replies", "schemas"}

// maxNameBytes keeps <context>.<name>.repartition below the 249 bytes that Kafka allows a topic's name.
const maxNameBytes = 100

// checkNames reports names that cannot be the names of topics, and those that two things would share.
func (d *document) checkNames(c declared) {
	if c.context.node != nil {
		d.checkName(c.context, "context")
	}
	taken := map[string]string{}
	for _, e := range c.entities {
		d.checkComponentName(e.name, "entity", taken)
	}
	for _, p := range c.projections {
		d.checkComponentName(p.name, "projection", taken)
	}
	for _, p := range c.publications {
		d.checkComponentName(p.name, "publication", taken)
	}
	for _, s := range c.subscriptions {
		d.checkComponentName(s.name, "subscription", taken)
	}
	for _, t := range c.tables {
		d.checkName(t.name, "table") // It has no topic of its own, and may be called like the projection whose rows it has.
	}
}

func (d *document) checkComponentName(name text, kind string, taken map[string]string) {
	d.checkName(name, kind)
	if slices.Contains(reservedNames, name.string) {
		d.complain(name.node, "%s %s: the name is reserved (reserved are %s)", kind, name.string, strings.Join(reservedNames, ", "))
	}
	if other, ok := taken[name.string]; ok {
		d.complain(name.node, "%s %s: there is %s of this name: give one of them another", kind, name.string, other)
	}
	taken[name.string] = "a " + kind
	if kind == "entity" {
		taken[name.string] = "an entity"
	}
}

func (d *document) checkName(name text, kind string) {
	switch {
	case len(name.string) > maxNameBytes:
		d.complain(name.node, "%s: a name has at most %d letters", kind, maxNameBytes)
	case !namePattern.MatchString(name.string):
		d.complain(name.node, "%s %s: a name is lower-case letters, digits and hyphens and begins with a letter%s",
			kind, name.string, suggestion(name.string))
	}
}

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// suggestion is the nearest allowed name.
func suggestion(name string) string {
	fit := strings.Trim(notInName.ReplaceAllString(strings.ToLower(name), "-"), "-")
	fit = strings.TrimLeft(fit, "0123456789-")
	if fit == "" {
		return ""
	}
	return " (for example " + fit + ")"
}
