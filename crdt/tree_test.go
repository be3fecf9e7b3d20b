package crdt_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/crdt"
)

func TestTreeIsAMapInOrderThatChangesLeaveAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tree crdt.Tree
		twin := map[string]int{}
		key := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 4, -1)
		same := func(tree crdt.Tree, twin map[string]int) {
			keys, values := tree.Content()
			size := 1
			for i, k := range keys {
				require.Equal(t, twin[k], values[i])
				got, ok := tree.Get(k)
				require.True(t, ok)
				require.Equal(t, values[i], got)
				size += 1 + len(k) + 1
			}
			require.Equal(t, slices.AppendSeq([]string(nil), slices.Values(slices.Sorted(maps.Keys(twin)))), keys)
			require.Equal(t, size, tree.Size())
			require.False(t, tree.Lopsided())
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				k, v := key.Draw(t, "key"), rapid.Int().Draw(t, "value")
				before, content := tree, maps.Clone(twin)
				tree = tree.Put(k, v)
				twin[k] = v
				same(before, content)
			},
			"drop": func(t *rapid.T) {
				k := key.Draw(t, "key")
				before, content := tree, maps.Clone(twin)
				tree = tree.Drop(k)
				delete(twin, k)
				same(before, content)
			},
			"": func(*rapid.T) { same(tree, twin) },
		})
	})
}

func TestTreeStaysFlatHoweverItGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := slices.Sorted(maps.Keys(rapid.MapOfN(rapid.String(), rapid.Bool(), 0, 200).Draw(t, "keys")))
		whole := crdt.Grown(keys)
		require.False(t, whole.Lopsided())
		got, _ := whole.Content()
		require.Len(t, got, len(keys))
		var tree crdt.Tree
		for _, k := range keys {
			tree = tree.Put(k, 1)
		}
		require.False(t, tree.Lopsided())
		for _, k := range keys {
			tree = tree.Drop(k)
			require.False(t, tree.Lopsided())
		}
	})
}
