// Command mutants asks whether the proof bites: it breaks the engine in one place after the other, as catalogue.yaml says, and runs the simulation,
// or the tests that the catalogue names, until one of them fails. A wrong engine that passes is a hole in the tests.
//
//	go run ./e2e/mutants                     all of them, on seeds 1 to 300
//	go run ./e2e/mutants -only no-rewind     one
//	go run ./e2e/mutants -seeds 2000         more seeds
//
// The sources are not touched: a changed file stands in for the real one by the build's overlay. It ends with 1 if a mutant was not caught.
package main
