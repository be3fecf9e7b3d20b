package contexts_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/contexts"
)

// counting is a folder whose visit, table, stream and subscription read replicated values of every type.
func counting(t *testing.T, tests string) *contexts.Context {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"context.yaml": `
context: shop
entities:
  visit: {behavior: visit.star, state: Visit, commands: [Come, Look], events: [Came]}
projections:
  seen: {from: [visit], behavior: seen.star, row: Visit}
  written: {type: stream, from: [visit], behavior: written.star, messages: [Came]}
publications:
  heard: {messages: [Came]}
subscriptions:
  hearing: {topic: others, messages: [Come], behavior: hearing.star}
replicated:
  visitors: {type: counter}
  likes: {type: grow-counter}
  open-late: {type: flag}
  motd: {type: register}
  motds: {type: multi-register}
  tags: {type: set}
  ever: {type: grow-set}
  poll: {type: vote}
  stock: {type: map of counter}
  tags-of: {type: map of map of set}
`,
		"schemas/all.avsc": `[
 {"type":"record","name":"Visit","fields":[{"name":"times","type":"long","default":0}]},
 {"type":"record","name":"Come","fields":[{"name":"tag","type":"string"}]},
 {"type":"record","name":"Look","fields":[]},
 {"type":"record","name":"Came","fields":[{"name":"tag","type":"string"}]}
]`,
		"visit.star": `
def decide_come(visit, cmd, ctx):
    if cmd.tag in ctx.replicated.tags.value:
        return reject("known", "the tag is there already")
    return [
        emit("Came", tag = cmd.tag),
        increment("visitors", 1),
        add("tags", cmd.tag),
        decrement("stock", 1, at = cmd.tag),
        vote("poll", "alice", False),
        assign("motds", cmd.tag),
        clear("tags-of"),
    ]

def decide_look(visit, cmd, ctx):
    r = ctx.replicated
    return reply([r.visitors.value, r.likes.value, r.open_late.value, r.motd.value, r.motds.value, r.tags.value, r.ever.value, r.poll.value,
        r.stock.value, r.tags_of.value])

def evolve_came(visit, event):
    visit.times += 1
`,
		"seen.star": `
def on_came(row, event, ctx):
    row.times = ctx.replicated.stock.at(event.tag).value
`,
		"written.star": `
def on_came(event, ctx):
    return write("Came", ctx.entity_id, tag = str(ctx.replicated.visitors.value))
`,
		"hearing.star": `
def on_come(message, ctx):
    return [publish("heard", tag, "Came", tag = tag) for tag in ctx.replicated.tags.value]
`,
		"tests/all.yaml": tests,
	} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	}
	return load(t, dir)
}

func TestTestsGiveWhatHasBeenHeardOfReplicatedValues(t *testing.T) {
	c := counting(t, `
- name: values of all types are given
  entity: visit/a
  replicated:
    visitors: -3
    likes: 4
    open-late: true
    motd: hello
    motds: [b, a]
    tags: [new, 7, null]
    ever: [true]
    poll: {alice: true, bob: true, carol: false}
    stock: {pear: 5, apple: 0}
    tags-of: {a: {b: [x, y]}}
  when: {Look: {}}
  then:
    reply: [-3, 4, true, hello, [a, b], [new, 7, null], [true], {"yes": 2, of: 3}, {apple: 0, pear: 5}, {a: {b: [x, y]}}]
    replicated: {}
- name: of those that are not given nothing is known, and tests share none
  entity: visit/a
  replicated: {open-late: false}
  when: {Look: {}}
  then: {reply: [0, 0, false, null, [], [], [], {"yes": 0, of: 0}, {}, {}]}
- name: a command changes what is given
  entity: visit/a
  replicated: {visitors: 3, tags: [old], stock: {new: 5, pear: 1}, poll: {alice: true, bob: true}, motds: [a, b], likes: 1, tags-of: {a: {b: [x]}}}
  when: {Come: {tag: new}}
  then: {replicated: {visitors: 4, tags: [new, old], stock: {new: 4, pear: 1}, poll: {"yes": 1, of: 2}, motds: [new], tags-of: {}}}
- name: a command decides on what is given
  entity: visit/a
  replicated: {tags: [new]}
  when: {Come: {tag: new}}
  then: {rejected: known}
- name: a table reads it
  projection: seen
  replicated: {stock: {new: 7}}
  given: [{visit/a: {Came: {tag: new}}}, {visit/b: {Came: {tag: old}}}]
  then: {rows: {a: {times: 7}, b: {times: 0}}}
- name: a stream reads it
  projection: written
  replicated: {visitors: 12}
  given: [{visit/a: {Came: {tag: new}}}]
  then: {messages: [{Came: {tag: "12"}, key: a}]}
- name: a subscription reads it
  subscription: hearing
  replicated: {tags: [x, y]}
  when: {Come: {tag: any}}
  then: {publishes: [{heard/x: {Came: {tag: x}}}, {heard/y: {Came: {tag: y}}}]}
`)
	results, problems := contexts.RunTests(t.Context(), c, "")
	require.NoError(t, problems.Err())
	require.Len(t, results, 7)
	for _, r := range results {
		require.True(t, r.Passed(), "%s", r)
	}
}
