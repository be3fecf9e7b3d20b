package ledger

import (
	"slices"
	"strings"
)

// checkRows holds the rows of both projections against the fold of the events.
func checkRows(want, got map[rowID]row) []Finding {
	var findings []Finding
	for id, w := range want {
		if g, ok := got[id]; !ok {
			findings = append(findings, finding(RowDiffers, "%s has no row %s, the events make %+v", id.Projection, id.Key, w))
		} else if g != w {
			findings = append(findings, finding(RowDiffers, "%s: row %s is %+v, the events make %+v", id.Projection, id.Key, g, w))
		}
	}
	for id, g := range got {
		if _, ok := want[id]; !ok {
			findings = append(findings, finding(RowDiffers, "%s has a row %s, %+v, that no event makes", id.Projection, id.Key, g))
		}
	}
	slices.SortFunc(findings, func(a, b Finding) int { return strings.Compare(a.Detail, b.Detail) })
	return findings
}
