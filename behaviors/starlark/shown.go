package starlark

import (
	"strconv"
	"strings"
	"unicode/utf8"

	star "go.starlark.net/starlark"
)

const (
	maxShownBytes   = 120  // of a value in a message
	maxMessageBytes = 1024 // of a message
)

// clipped is s, cut where it gets too long to read.
func clipped(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.ToValidUTF8(s[:most], "�") + "…"
}

func quoted(s string) string { return strconv.Quote(clipped(s, maxShownBytes)) }

// shown is a value in a message: scalars as they are, of others the type alone, as their text can be endless.
func shown(v star.Value) string {
	switch v := v.(type) {
	case star.String:
		return quoted(string(v))
	case star.Int, star.Float, star.Bool, star.NoneType, Decimal:
		return clipped(v.String(), maxShownBytes)
	}
	return v.Type()
}
