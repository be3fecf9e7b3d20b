package topics

import "time"

// Context is what the topics of one bounded context have in common.
type Context struct {
	// Name is the prefix of every topic.
	Name       string
	Partitions int32
	// Replication is how many copies to ask for; 0 leaves it to the brokers.
	Replication int16
	// Folder is where the context lies, for the commands in mends; empty shows as DIR.
	Folder string
}

const day = 24 * time.Hour

// Commands is what an entity type is asked. Commands are kept for a week: time to look at what happened, and for an owner to be away.
func (c Context) Commands(entity string) Spec {
	return c.spec(entity+".commands", "commands of "+entity, deletedAfter(7*day))
}

// Events is the history of an entity type, kept for ever.
func (c Context) Events(entity string) Spec {
	return c.spec(entity+".events", "events of "+entity, keptForever())
}

// Changelog mirrors the store of an entity type.
func (c Context) Changelog(entity string) Spec {
	return c.spec(entity+".changelog", "changelog of "+entity, compacted(nil))
}

// Rows is a table projection: the table itself, and the changelog of its store.
func (c Context) Rows(projection string) Spec {
	return c.spec(projection, "rows of "+projection, compacted(nil))
}

// Messages is what a stream projection writes. It follows from events, which are kept: a week is time for readers to be away.
func (c Context) Messages(projection string) Spec {
	return c.spec(projection, "messages of "+projection, deletedAfter(7*day))
}

// Repartition carries events to the shards of their rows. Its one reader deletes what it has read, so nothing else may.
func (c Context) Repartition(projection string) Spec {
	return c.spec(projection+".repartition", "events on their way to "+projection, keptForever())
}

// Publication carries messages to whoever subscribes, for a week: time to look at what happened, and for a subscriber to be away.
func (c Context) Publication(name string) Spec {
	return c.spec(name, "messages of "+name, deletedAfter(7*day))
}

// Replicated holds what each task has contributed to the context's replicated values.
func (c Context) Replicated() Spec {
	return c.spec("replicated", "contributions to replicated values", compacted(nil))
}

// Progress says where every component stands; the group's assignment of it places the shards.
func (c Context) Progress() Spec {
	return c.spec("progress", "positions, and the placement of shards", compacted(map[string]string{SegmentBytes: "1048576"}))
}

// Replies carries answers to senders without a reply topic of their own.
func (c Context) Replies() Spec {
	return c.spec("replies", "answers", deletedAfter(time.Hour))
}

// DeadLetters holds what could not be processed, for a month.
func (c Context) DeadLetters() Spec {
	return c.spec("dead-letters", "what could not be processed", deletedAfter(30*day))
}

// Parked shows the commands that wait with parked entities; the tasks' stores are what is decided from.
func (c Context) Parked() Spec {
	return c.spec("parked", "commands of parked entities", compacted(nil))
}

// Operations says who did what with dead letters, parked entities and projections, for ever.
func (c Context) Operations() Spec {
	return c.spec("operations", "who did what with dead letters, parked entities and projections", keptForever())
}

// Control says what operators want of the projections while they run; every instance reads all of it.
func (c Context) Control() Spec {
	s := c.spec("control", "what operators want of projections", compacted(nil))
	s.Partitions = 1
	return s
}

// Schemas holds every schema that values were written under, by fingerprint, for readers of the other topics.
func (c Context) Schemas() Spec {
	s := c.spec("schemas", "schemas of what is written", compacted(nil))
	s.Partitions = 1
	return s
}

// undivided tells whether a topic has one partition, whatever the number of shards.
func (c Context) undivided(name string) bool {
	return name == c.Control().Name || name == c.Schemas().Name
}

// External is a topic of another context or of nobody's.
func External(name, purpose string) Spec {
	return Spec{Name: name, Purpose: purpose, External: true}
}

func (c Context) spec(name, purpose string, config map[string]string) Spec {
	replication := c.Replication
	if replication == 0 {
		replication = -1
	}
	return Spec{Name: c.Name + "." + name, Partitions: c.Partitions, Replication: replication, Config: config, Purpose: purpose}
}

// FolderShown is the folder as commands in mends name it.
func (c Context) FolderShown() string {
	if c.Folder == "" {
		return "DIR"
	}
	return c.Folder
}
