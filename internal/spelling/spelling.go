// Package spelling finds the name that was meant by one that does not exist, for the "did you mean" of complaints. It owns what counts as near;
// the words around it are the complaint's.
package spelling

import (
	"fmt"
	"strings"
)

// DidYouMean is " (did you mean X?)" for the known name nearest to a wrong one, or nothing when none is near.
func DidYouMean(wrong string, known []string) string {
	if n := Nearest(wrong, known); n != "" {
		return fmt.Sprintf(" (did you mean %s?)", n)
	}
	return ""
}

// maxNameBytes bounds the names that are compared, which may be a stranger's.
const maxNameBytes = 256

// Nearest is the known name that a slip of the pen may have turned into wrong, or else the only one that wrong abbreviates; empty if there is
// none. Of equally near ones the first is taken.
func Nearest(wrong string, known []string) string {
	if len(wrong) > maxNameBytes {
		return ""
	}
	wrong = strings.ToLower(wrong)
	best, bestDistance := "", 1+max(1, min(len(wrong), 64)/3)
	var abbreviated []string
	for _, k := range known {
		if len(k) > maxNameBytes {
			continue
		}
		lower := strings.ToLower(k)
		if d := distance(wrong, lower); d < bestDistance {
			best, bestDistance = k, d
		}
		if abbreviates(wrong, lower) {
			abbreviated = append(abbreviated, k)
		}
	}
	if best == "" && len(abbreviated) == 1 {
		return abbreviated[0]
	}
	return best
}

// minAbbreviation is the least length at which an abbreviation is more than chance.
const minAbbreviation = 3

// abbreviates tells whether short is the first letter of long and some of those after it, in their order: qty of quantity.
func abbreviates(short, long string) bool {
	if len(short) < minAbbreviation || len(long) == 0 || short[0] != long[0] {
		return false
	}
	for i := range len(short) {
		at := strings.IndexByte(long, short[i])
		if at < 0 {
			return false
		}
		long = long[at+1:]
	}
	return true
}

// distance is the least number of letters inserted, deleted, replaced or swapped with their neighbour that makes b of a.
func distance(a, b string) int {
	before, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			replace := row[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			next[j] = min(replace, row[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
