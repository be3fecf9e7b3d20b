// Package contexts loads the folder of a bounded context (context.yaml, schemas, behaviours, tests) into one checked model, from which the
// rest of a process is built.
//
// It owns the folder's language: which keys and names there are, what they may refer to, and how complaints about them look. Schemas are
// read by package schemas, behaviours by behaviors/starlark; their complaints are collected here with those about the YAML, so that a person
// sees all of them at once.
//
// The order of calls: [Load] gives a [Context] and [Problems]. Without problems, [Context.Topics] and [Context.Components] are what an engine
// needs, [Context.Find] and [PayloadJSON] serve the command line, [RunTests] runs the folder's tests, and [CheckHistory] compares the
// schemas with those that stored values were written under.
package contexts
