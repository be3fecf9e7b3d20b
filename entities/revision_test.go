package entities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/entities"
)

func TestStoreWithoutARevisionIsOfTheFirst(t *testing.T) {
	r, err := entities.ParseRevision(nil)
	require.NoError(t, err)
	require.Equal(t, entities.Revision{Version: 1}, r)
	require.True(t, entities.IsReserved(entities.RevisionKey()))
}

func TestRevisionOfALaterFormatIsNotGuessed(t *testing.T) {
	_, err := entities.ParseRevision([]byte{2, 1, 0})
	require.ErrorContains(t, err, "format 2")
}

func FuzzParseRevision(f *testing.F) {
	f.Add(entities.Revision{Version: 3, Request: 7}.Append(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := entities.ParseRevision(b)
		if err != nil {
			return
		}
		again, err := entities.ParseRevision(r.Append(nil))
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}
