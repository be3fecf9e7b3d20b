package main

import (
	"fmt"
	"strings"
	"time"
)

// table shows verdicts for docs/results/mutants.md.
func table(verdicts []verdict) string {
	var b strings.Builder
	b.WriteString("| mutant | what the engine does wrong | test | simulation | time |\n|---|---|---|---|---|\n")
	caught := 0
	for _, v := range verdicts {
		if v.caught() {
			caught++
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", v.mutant.Name, v.mutant.Wrong, orDash(v.test), v.inSimulation(), v.took.Round(time.Second))
	}
	fmt.Fprintf(&b, "\n%d of %d are caught.\n", caught, len(verdicts))
	return b.String()
}

func (v verdict) inSimulation() string {
	if v.mutant.Unseen != "" {
		return "not run: " + v.mutant.Unseen
	}
	return orDash(v.seed)
}

func orDash(s string) string {
	if s == nothing {
		return "–"
	}
	return s
}

func (v verdict) summary() string {
	switch {
	case v.err != nil:
		return v.err.Error()
	case !v.caught():
		return "NOT CAUGHT"
	case v.test == nothing && v.mutant.Tests != "":
		return "caught by " + v.seed + ", and not by the tests named"
	}
	return "caught by " + strings.Join(strings.Fields(v.test+" "+v.seed), " ")
}

// complaintsOf are mutants that nothing noticed, and those that could not be tried.
func complaintsOf(verdicts []verdict) []string {
	var list []string
	for _, v := range verdicts {
		if v.err != nil || !v.caught() || (v.test == nothing && v.mutant.Tests != "") {
			list = append(list, v.mutant.Name+": "+v.summary())
		}
	}
	return list
}
