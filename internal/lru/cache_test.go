package lru

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The cache is a map with a bound.
func TestCacheAccountsForWhatItHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New[int](rapid.IntRange(1, 5000).Draw(t, "most"))
		told := map[string]int{}
		for step := range rapid.IntRange(1, 50).Draw(t, "steps") {
			key := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "key")
			c.Set(key, step, rapid.IntRange(0, 1500).Draw(t, "bytes"))
			told[key] = step
			switch rapid.IntRange(0, 9).Draw(t, "then") {
			case 0:
				c.Clear()
				require.Zero(t, c.Bytes())
			case 1, 2, 3:
				c.Trim()
				require.LessOrEqual(t, c.Bytes(), c.most)
				require.False(t, c.Overflows())
			}
			bytes := 0
			for key, e := range c.entries {
				held := e.Value.(*entry[int])
				require.Equal(t, told[key], held.value)
				bytes += held.bytes
			}
			require.Equal(t, bytes, c.Bytes())
			require.Equal(t, len(c.entries), c.byUse.Len())
		}
	})
}

func TestWhatWasUsedLastStays(t *testing.T) {
	c := New[string](3 * (entryOverhead + 10))
	for _, key := range []string{"a", "b", "c"} {
		c.Set(key, key, 9)
	}
	_, ok := c.Get([]byte("a"))
	require.True(t, ok)
	c.Set("d", "d", 9)
	c.Trim()
	_, ok = c.Get([]byte("b"))
	require.False(t, ok)
	for _, key := range []string{"a", "c", "d"} {
		value, ok := c.Get([]byte(key))
		require.True(t, ok)
		require.Equal(t, key, value)
	}
}

func TestWhatIsKeptHasNoRoomForMore(t *testing.T) {
	kept := Snug(append(make([]byte, 0, 100_000), 'x'))
	require.Equal(t, []byte("x"), kept)
	require.Less(t, cap(kept), 100)
	require.NotNil(t, Snug(make([]byte, 0, 100)))
	require.Nil(t, Snug(nil))
	enough := append(make([]byte, 0, 6), "four"...)
	require.Same(t, &enough[0], &Snug(enough)[0])
}
