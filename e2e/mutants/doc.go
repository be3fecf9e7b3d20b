// Command mutants asks whether the proof bites: it breaks the engine in one place after the other, as catalogue.yaml says, and runs the tests that
// the catalogue names and the simulation on each. A wrong engine that nothing notices is a hole in the tests.
//
//	go run ./e2e/mutants                              all of them, on seeds 1 to 300
//	go run ./e2e/mutants -only no-rewind,checkpoint   some
//	go run ./e2e/mutants -seeds 2000                  more seeds; 0 for the named tests alone
//
// The sources are not touched: changed files stand in for the real ones by the build's overlay. It ends with 1 if a mutant was not caught, or did
// not compile.
package main
