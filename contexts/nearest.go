package contexts

import (
	"fmt"
	"strings"
)

// didYouMean is " (did you mean X?)" for the known name nearest to a wrong one, or nothing when none is near.
func didYouMean(wrong string, known []string) string {
	if n := nearest(wrong, known); n != "" {
		return fmt.Sprintf(" (did you mean %s?)", n)
	}
	return ""
}

// nearest is the known name that a slip of the pen may have turned into wrong; empty if none is that near. Of equals the first is taken.
func nearest(wrong string, known []string) string {
	best, bestDistance := "", 1+max(1, min(len(wrong), 64)/3)
	for _, k := range known {
		if len(k) > 256 || len(wrong) > 256 {
			continue
		}
		if d := editDistance(strings.ToLower(wrong), strings.ToLower(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// editDistance is the least number of letters inserted, deleted, replaced or swapped with their neighbour that makes b of a.
func editDistance(a, b string) int {
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
