package starlark

import (
	"slices"
	"strings"
	"unicode"

	"github.com/partita-io/partita/internal/spelling"
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

// meant is the nearest of the known names, or all of them when none is near.
func meant(name string, known []string) string {
	if near := didYouMean(name, known); near != "" {
		return near
	}
	return " (there are " + strings.Join(known, ", ") + ")"
}

// didYouMean is " (did you mean x?)" for the nearest of the known names, in whatever order they come, or empty when none is near.
func didYouMean(name string, known []string) string {
	return spelling.DidYouMean(name, slices.Sorted(slices.Values(known)))
}
