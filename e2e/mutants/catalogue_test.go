package main

import (
	"go/parser"
	"go/token"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryMutantFitsTheSources(t *testing.T) {
	all, err := readCatalogue()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(all), 20)
	seen := make(map[string]bool)
	for _, m := range all {
		require.False(t, seen[m.Name], m.Name)
		seen[m.Name] = true
		require.NotEmpty(t, m.Wrong, m.Name)
		changed, err := m.source("../..")
		require.NoError(t, err)
		_, err = parser.ParseFile(token.NewFileSet(), m.File, changed, parser.SkipObjectResolution)
		require.NoError(t, err, m.Name)
	}
}
