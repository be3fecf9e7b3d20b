package contexts

import (
	"math"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/spelling"
)

// fileName is the file that makes a folder a bounded context.
const fileName = "context.yaml"

// declared is context.yaml as it was written, with places: its form is checked, what it refers to is not.
type declared struct {
	context     text
	partitions  int32
	encoding    text
	registry    text
	entities    []declaredEntity
	projections []declaredProjection

	publications  []declaredPublication
	subscriptions []declaredSubscription
	replicated    []declaredValue
	tables        []declaredTable
}

type declaredEntity struct {
	name     text
	behavior text
	state    text
	commands []text
	events   []text
	remember entities.Remember
	version  int64
	// onFailure is DeadLetter unless something else is said.
	onFailure entities.OnFailure
	// unclear says that something of it could not be read.
	unclear bool
}

type declaredProjection struct {
	name      text
	kind      string
	from      []declaredSource
	behavior  text
	onFailure entities.OnFailure
	// Of a table.
	key, row text
	byTime   behaviors.Period
	// Of a stream.
	to       text
	messages []text
}

// A declaredSource is one item of a projection's from: an entity of this context or a topic, and the field that keys its events.
type declaredSource struct {
	entity, topic, key text
}

func (s declaredSource) place() *yaml.Node {
	if s.topic.node != nil {
		return s.topic.node
	}
	return s.entity.node
}

const defaultPartitions = 12

// maxPartitions keeps a slip of the pen from asking a cluster for more partitions than one has.
const maxPartitions = 10_000

// maxOutcomes bounds what each entity carries about: some 30 bytes for each.
const maxOutcomes = 10_000

// maxStateVersion keeps a slip of the pen from making all versions below it useless.
const maxStateVersion = 1_000_000

var fileKeys = []string{
	"context", "partitions", "encoding", "registry", "entities", "projections", "publications", "subscriptions", "tables", "replicated",
}

func (d *document) readContext(root *yaml.Node) declared {
	if root == nil {
		return declared{}
	}
	f := d.fields(root, fileName, fileKeys...)
	c := declared{
		context:    d.required(f, root, fileName, "context"),
		partitions: int32(d.integer(f["partitions"], "partitions", 1, maxPartitions, defaultPartitions)),
		encoding:   d.scalar(f["encoding"], "encoding"),
		registry:   d.scalar(f["registry"], "registry"),
	}
	for _, e := range d.entries(f["entities"], "entities") {
		c.entities = append(c.entities, d.readEntity(e))
	}
	for _, e := range d.entries(f["projections"], "projections") {
		c.projections = append(c.projections, d.readProjection(e))
	}
	for _, e := range d.entries(f["publications"], "publications") {
		c.publications = append(c.publications, d.readPublication(e))
	}
	for _, e := range d.entries(f["subscriptions"], "subscriptions") {
		c.subscriptions = append(c.subscriptions, d.readSubscription(e))
	}
	for _, e := range d.entries(f["replicated"], "replicated") {
		c.replicated = append(c.replicated, d.readValue(e))
	}
	for _, e := range d.entries(f["tables"], "tables") {
		c.tables = append(c.tables, d.readTable(e))
	}
	return c
}

func (d *document) readEntity(e entry) declaredEntity {
	what, before := "entity "+e.key.string, len(d.problems)
	f := d.fields(e.value, what, "behavior", "state", "state_version", "commands", "events", "remember", "on_failure")
	entity := declaredEntity{
		name:      e.key,
		behavior:  d.required(f, e.key.node, what, "behavior"),
		state:     d.required(f, e.key.node, what, "state"),
		version:   d.integer(f["state_version"], what+": state_version", 1, maxStateVersion, 1),
		commands:  d.requiredList(f, e.key.node, what, "commands"),
		events:    d.requiredList(f, e.key.node, what, "events"),
		remember:  d.readRemember(f["remember"], what+": remember"),
		onFailure: d.readOnFailure(f["on_failure"], what+": on_failure"),
	}
	entity.unclear = len(d.problems) > before
	return entity
}

func (d *document) readRemember(n *yaml.Node, what string) entities.Remember {
	r := entities.DefaultRemember
	if n == nil {
		return r
	}
	f := d.fields(n, what, "outcomes", "for")
	r.Outcomes = int(d.integer(f["outcomes"], what+": outcomes", 0, maxOutcomes, int64(r.Outcomes)))
	if age := d.scalar(f["for"], what+": for"); age.node != nil {
		parsed, err := time.ParseDuration(age.string)
		if err != nil || parsed <= 0 || parsed > math.MaxInt64/2 {
			d.complain(age.node, "%s: for: expected a duration such as 24h or 90m, got %q", what, age.string)
		} else {
			r.For = parsed
		}
	}
	return r
}

var failurePolicies = []string{string(entities.DeadLetter), string(entities.Park)}

func (d *document) readOnFailure(n *yaml.Node, what string) entities.OnFailure {
	policy := d.scalar(n, what)
	if policy.node == nil {
		return entities.DeadLetter
	}
	if !slices.Contains(failurePolicies, policy.string) {
		d.complain(policy.node, "%s: expected %s, got %s%s", what, strings.Join(failurePolicies, " or "), policy.string,
			spelling.DidYouMean(policy.string, failurePolicies))
	}
	return entities.OnFailure(policy.string)
}

// required is a value that must be there. Its absence is reported at n, but not where the whole is no mapping.
func (d *document) required(f map[string]*yaml.Node, n *yaml.Node, what, key string) text {
	if f == nil {
		return text{}
	}
	if v, ok := f[key]; ok {
		return d.scalar(v, what+": "+key)
	}
	d.complain(n, "%s: %s is missing", what, key)
	return text{}
}

func (d *document) requiredList(f map[string]*yaml.Node, n *yaml.Node, what, key string) []text {
	if f != nil && f[key] == nil {
		d.complain(n, "%s: %s is missing", what, key)
	}
	return d.list(f[key], what+": "+key)
}
