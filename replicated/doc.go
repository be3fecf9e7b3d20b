// Package replicated runs the replicated data of a context: values that every task may change at once, in the transactions of its commands, and that
// every instance reads without asking anybody.
//
// Each task of an entity type is one replica. Its contribution to a value ([crdt.Contribution]) lies in its store, beside its entities, so it moves and is
// restored with them ([Own]); the same bytes go to the one topic of the context's replicated data, in the same transaction. An instance follows that topic
// and folds what is committed there ([Values]).
package replicated
