package entities_test

import (
	"encoding/hex"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/entities"
)

func drawOutcome(t *rapid.T) entities.Outcome {
	o := entities.Outcome{
		Rejected: rapid.Bool().Draw(t, "rejected"),
		Sequence: rapid.Int64Range(0, math.MaxInt64/2).Draw(t, "sequence"),
		Events:   rapid.IntRange(0, 1000).Draw(t, "events"),
		TimeMS:   rapid.Int64().Draw(t, "time"),
		Code:     rapid.String().Draw(t, "code"),
		Message:  rapid.String().Draw(t, "message"),
	}
	copy(o.Command[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "command"))
	if reply := rapid.SliceOf(rapid.Byte()).Draw(t, "reply"); len(reply) > 0 {
		o.Reply = reply
	}
	return o
}

func drawStored(t *rapid.T) entities.Stored {
	s := entities.Stored{
		Fingerprint: rapid.Uint64().Draw(t, "fingerprint"),
		Sequence:    rapid.Int64Range(0, math.MaxInt64/2).Draw(t, "sequence"),
		EventTimeMS: rapid.Int64().Draw(t, "event time"),
	}
	if rapid.Bool().Draw(t, "parked") {
		first := rapid.Int64Range(0, math.MaxInt64/4).Draw(t, "first")
		s.Parked = &entities.Parked{
			First: first, Next: first + rapid.Int64Range(1, math.MaxInt64/4).Draw(t, "waiting"), SinceMS: rapid.Int64().Draw(t, "since"),
			Reason: entities.FailureCode(rapid.String().Draw(t, "reason")),
		}
	}
	if outcomes := rapid.SliceOfN(rapid.Custom(drawOutcome), 0, 5).Draw(t, "outcomes"); len(outcomes) > 0 {
		s.Outcomes = outcomes
	}
	if state := rapid.SliceOf(rapid.Byte()).Draw(t, "state"); len(state) > 0 {
		s.State = state
	}
	return s
}

func TestStoredIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStored(t)
		before := rapid.SliceOf(rapid.Byte()).Draw(t, "before")
		b := s.Append(before[:len(before):len(before)])
		require.Equal(t, before, b[:len(before)])
		read, err := entities.ParseStored(b[len(before):])
		require.NoError(t, err)
		require.Equal(t, s, read)
	})
}

// The bytes are those that docs/formats/store.md shows: they lie in stores and changelogs for years.
func TestStoredLooksAsDocumented(t *testing.T) {
	s := entities.Stored{
		Fingerprint: 0x0102030405060708, Sequence: 3, EventTimeMS: 1_700_000_000_000,
		Outcomes: []entities.Outcome{{
			Command: entities.HashCommand("web", "17"), Rejected: true, TimeMS: 1_700_000_000_005, Sequence: 3, Code: "cart-closed", Message: "it is closed",
		}},
		State: []byte{0x0A, 'a', 'l', 'i', 'c', 'e'},
	}
	want := "01" + "0102030405060708" + "03" + "80a0abfef962" + "01" +
		"fe7417fc896337879075c6fea4d9d464" + "01" + "8aa0abfef962" + "03" + "00" +
		"0b636172742d636c6f736564" + "0c697420697320636c6f736564" + "00" +
		"0a616c696365"
	require.Equal(t, want, hex.EncodeToString(s.Append(nil)))
}

func TestParkedEntityLooksAsDocumented(t *testing.T) {
	s := entities.Stored{
		Fingerprint: 0x0102030405060708, Sequence: 3, EventTimeMS: 1_700_000_000_000,
		Parked: &entities.Parked{First: 300, Next: 302, SinceMS: 1_700_000_000_005, Reason: entities.BehaviorError},
		State:  []byte("s"),
	}
	want := "02" + "0102030405060708" + "03" + "80a0abfef962" + "ac02" + "02" + "8aa0abfef962" + "08" + hex.EncodeToString([]byte("behavior")) + "00" + "73"
	require.Equal(t, want, hex.EncodeToString(s.Append(nil)))
}

func TestStoredThatIsCutIsRefused(t *testing.T) {
	s := entities.Stored{Sequence: 3, Parked: &entities.Parked{First: 1, Next: 2, Reason: "behavior"}, Outcomes: []entities.Outcome{{Code: "c", Message: "m", Reply: []byte("1")}}}
	b := s.Append(nil)
	for n := range len(b) {
		_, err := entities.ParseStored(b[:n])
		require.ErrorContains(t, err, "ends in the middle", "%d of %d bytes", n, len(b))
	}
}

func TestStoredOfANewerFormatIsRefused(t *testing.T) {
	_, err := entities.ParseStored([]byte{3, 0, 0})
	require.EqualError(t, err, "stored entity of format 3: this version reads formats 1 and 2; run the version that wrote it, or a newer one")
}

func TestStoredDoesNotBelieveCountsThatTheBytesCannotHold(t *testing.T) {
	s := entities.Stored{}
	b := s.Append(nil)
	b = append(b[:len(b)-1], 0xFF, 0xFF, 0xFF, 0xFF, 0x0F)
	allocated := testing.AllocsPerRun(10, func() {
		_, err := entities.ParseStored(b)
		require.Error(t, err)
	})
	require.Less(t, allocated, 10.0)
}

func FuzzParseStored(f *testing.F) {
	s := entities.Stored{Fingerprint: 1, Sequence: 3, EventTimeMS: 5, State: []byte("state")}
	f.Add(s.Append(nil))
	s.Outcomes = []entities.Outcome{{Rejected: true, Code: "c", Message: "m", Reply: []byte("1")}, {Events: 2}}
	f.Add(s.Append(nil))
	s.Parked = &entities.Parked{First: 7, Next: 9, SinceMS: 5, Reason: "behavior"}
	f.Add(s.Append(nil))
	f.Add([]byte{3})
	f.Fuzz(func(t *testing.T, b []byte) {
		read, err := entities.ParseStored(b)
		if err != nil {
			return
		}
		again, err := entities.ParseStored(read.Append(nil))
		require.NoError(t, err)
		require.Equal(t, read, again)
	})
}
