package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	seeds := flag.Int("seeds", 300, "seeds of the simulation for each mutant; 0 for none")
	only := flag.String("only", "", "the mutants whose name contains one of these, separated by commas")
	together := flag.Int("together", runtime.NumCPU(), "mutants that are tried at a time")
	flag.Parse()
	root, err := filepath.Abs(".")
	if err != nil {
		fail(err)
	}
	all, err := readCatalogue()
	if err != nil {
		fail(err)
	}
	verdicts := try(chosen(all, *only), root, *seeds, *together)
	fmt.Print(table(verdicts))
	if complaints := complaintsOf(verdicts); len(complaints) > 0 {
		fail(fmt.Errorf("%s", strings.Join(complaints, "\n")))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "mutants:", err)
	os.Exit(1)
}

// chosen are the mutants that are asked for.
func chosen(all []mutant, only string) []mutant {
	var list []mutant
	for _, m := range all {
		for part := range strings.SplitSeq(only, ",") {
			if strings.Contains(m.Name, part) {
				list = append(list, m)
				break
			}
		}
	}
	return list
}
