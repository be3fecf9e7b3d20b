package entities_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/entities"
)

func TestAnswersLookAsPromised(t *testing.T) {
	for want, a := range map[string]entities.Answer{
		`{"status":"accepted","sequence":3,"events":1}`:                 {Status: entities.Accepted, Sequence: 3, Events: 1},
		`{"status":"accepted","sequence":3,"events":0,"reply":{"a":1}}`: {Status: entities.Accepted, Sequence: 3, Reply: json.RawMessage(`{"a":1}`)},
		`{"status":"accepted","sequence":3,"events":1,"repeated":true}`: {Status: entities.Accepted, Sequence: 3, Events: 1, Repeated: true},
		`{"status":"rejected","code":"cart-closed","message":"the \"cart\"","sequence":2}`: {
			Status: entities.Rejected, Code: "cart-closed", Message: `the "cart"`, Sequence: 2,
		},
		`{"status":"failed","code":"behavior","message":"cart.star:3","sequence":2}`: {
			Status: entities.Failed, Code: "behavior", Message: "cart.star:3", Sequence: 2,
		},
	} {
		require.Equal(t, want, string(a.Append(nil)))
		read, err := entities.ParseAnswer([]byte(want))
		require.NoError(t, err)
		require.Equal(t, a, read)
	}
}

func TestAnswersAreJSONWhateverTheirTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := entities.Answer{
			Status: entities.Rejected, Code: string(rapid.SliceOf(rapid.Byte()).Draw(t, "code")),
			Message: rapid.String().Draw(t, "message"), Sequence: rapid.Int64().Draw(t, "sequence"),
		}
		b := a.Append(nil)
		require.True(t, json.Valid(b), "%s", b)
		read, err := entities.ParseAnswer(b)
		require.NoError(t, err)
		require.Equal(t, a.Message, read.Message)
		require.Equal(t, a.Sequence, read.Sequence)
	})
}

func TestWhatIsNoAnswerIsRefused(t *testing.T) {
	for _, text := range []string{``, `[]`, `{"status":"maybe"}`, `{}`, `{"status":"accepted","sequence":"3"}`} {
		_, err := entities.ParseAnswer([]byte(text))
		require.ErrorContains(t, err, "answer", text)
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(`{"status":"accepted","sequence":3,"events":1,"reply":[1],"repeated":true}`))
	f.Add([]byte(`{"status":"rejected","code":"c","message":"m","sequence":3}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := entities.ParseAnswer(b)
		if err != nil {
			return
		}
		again, err := entities.ParseAnswer(a.Append(nil))
		require.NoError(t, err)
		require.Equal(t, a.Sequence, again.Sequence)
	})
}
