package records_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/kafka/records"
)

func TestWaitingIDIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := records.WaitingID{
			Entity: rapid.StringMatching(`[a-z][a-z0-9-]*`).Draw(t, "entity"), Number: rapid.Int64Range(0, 1<<62).Draw(t, "number"),
			ID: rapid.StringN(1, 20, 80).Draw(t, "id"),
		}
		read, err := records.ParseWaitingID(w.String())
		require.NoError(t, err)
		require.Equal(t, w, read)
	})
	for _, bad := range []string{"", "cart", "cart/1", "cart/1/", "/1/c1", "cart/x/c1", "cart/01/c1", "cart/-1/c1"} {
		_, err := records.ParseWaitingID(bad)
		require.Error(t, err, bad)
	}
}

func TestOrderThatIsNotUnderstoodIsRefused(t *testing.T) {
	o, err := records.ParseOrder(records.Skip, []byte(`{"by":"ann","why":"bad","number":7,"only":true}`))
	require.NoError(t, err)
	require.Equal(t, records.Order{By: "ann", Why: "bad", Number: 7, Only: true}, o)
	for _, bad := range [][2]string{{"drop", `{}`}, {"release", ``}, {"release", `[]`}, {"release", `{"nuber":1}`}} {
		_, err := records.ParseOrder(bad[0], []byte(bad[1]))
		require.Error(t, err, bad)
	}
}
