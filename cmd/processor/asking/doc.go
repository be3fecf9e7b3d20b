// Package asking sends commands to entities and waits for their answers: many under way at once, memory bounded, every command with an end
// (an answer, an error or its timeout).
//
// The order of calls: [Open], [Asker.Ask] for each command, [Asker.Wait], [Asker.Close].
package asking
