package service

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

func drawPage(t *rapid.T) partitions.Page {
	p := partitions.Page{Position: records.Position(rapid.Int64Range(0, 1<<62).Draw(t, "position")), Last: rapid.Bool().Draw(t, "last")}
	bytes := rapid.SliceOf(rapid.Byte())
	for range rapid.IntRange(0, 5).Draw(t, "entries") {
		p.Entries = append(p.Entries, partitions.Entry{Key: append([]byte{}, bytes.Draw(t, "key")...), Value: append([]byte{}, bytes.Draw(t, "value")...)})
	}
	return p
}

func TestAPageIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPage(t)
		read, err := parsePage(appendPage(nil, p))
		require.NoError(t, err)
		require.Equal(t, p, read)
	})
}

func TestAPageThatIsCutIsRefused(t *testing.T) {
	b := appendPage(nil, partitions.Page{Position: 300, Entries: []partitions.Entry{{Key: []byte("key"), Value: []byte("value")}}})
	for n := range len(b) {
		page, err := parsePage(b[:n])
		if n == 3 { // Behind the head, where a page without entries ends.
			require.Empty(t, page.Entries)
			continue
		}
		require.ErrorIs(t, err, errPage, "%d of %d bytes", n, len(b))
	}
}

func FuzzParsePage(f *testing.F) {
	f.Add(appendPage(nil, partitions.Page{Position: 300, Last: true, Entries: []partitions.Entry{{Key: []byte("key"), Value: []byte("value")}}}))
	f.Add([]byte{0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePage(b)
		if err != nil {
			return
		}
		again, err := parsePage(appendPage(nil, p))
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}
