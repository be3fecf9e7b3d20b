package starlark

import (
	"sort"
	"strings"
	"unicode"
)

// snake is the name of a record in functions. A capital opens a word after a lower-case letter or a digit, and where it is the last of
// several capitals before a lower-case letter: AddItem is add_item, HTTPRequest http_request, OrderV2 order_v2.
func snake(name string) string {
	runes := []rune(shortName(name))
	var out strings.Builder
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && runes[i-1] != '_' {
			before := runes[i-1]
			endsAcronym := unicode.IsUpper(before) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if !unicode.IsUpper(before) || endsAcronym {
				out.WriteByte('_')
			}
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

func shortName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// didYouMean is " (did you mean x?)" for the nearest of the known names, or empty when none is near.
func didYouMean(name string, known []string) string {
	if len(name) > maxShownBytes {
		return ""
	}
	sorted := append([]string(nil), known...)
	sort.Strings(sorted)
	best, least := "", len(name)/3+2
	for _, k := range sorted {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}

func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
