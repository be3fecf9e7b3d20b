package entities_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/entities"
)

func drawWaiting(t *rapid.T) entities.Waiting {
	c := entities.Waiting{
		Topic: rapid.String().Draw(t, "topic"), Partition: rapid.Int32Range(0, math.MaxInt32).Draw(t, "partition"),
		Offset: rapid.Int64Range(0, math.MaxInt64/2).Draw(t, "offset"),
		TimeMS: rapid.Int64().Draw(t, "time"), ParkedMS: rapid.Int64().Draw(t, "parked"),
		Value: append([]byte{}, rapid.SliceOf(rapid.Byte()).Draw(t, "value")...),
	}
	if rapid.Bool().Draw(t, "failed") {
		c.Failure = &entities.Failure{Code: "behavior", Message: rapid.StringN(0, 100, 1024).Draw(t, "message")}
	}
	for range rapid.IntRange(0, 3).Draw(t, "headers") {
		value := append([]byte{}, rapid.SliceOf(rapid.Byte()).Draw(t, "header value")...)
		c.Headers = append(c.Headers, entities.Header{Key: rapid.String().Draw(t, "header"), Value: value})
	}
	return c
}

func TestWaitingCommandIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawWaiting(t)
		read, err := entities.ParseWaiting(c.Append(nil))
		require.NoError(t, err)
		require.Equal(t, c, read)
	})
}

// The bytes are those that docs/formats/store.md shows.
func TestWaitingCommandLooksAsDocumented(t *testing.T) {
	c := entities.Waiting{
		Topic: "s.c.commands", Partition: 3, Offset: 300, TimeMS: 1_700_000_000_000, ParkedMS: 1_700_000_000_005,
		Failure: &entities.Failure{Code: entities.BehaviorError, Message: "no"}, Headers: []entities.Header{{Key: "h", Value: []byte("v")}},
		Value: []byte("{}"),
	}
	want := "01" + "0c732e632e636f6d6d616e6473" + "03" + "ac02" + "80a0abfef962" + "8aa0abfef962" + "086265686176696f72" + "026e6f" + "01" + "0168" + "0176" + "7b7d"
	require.Equal(t, want, hex.EncodeToString(c.Append(nil)))
	require.Equal(t, "ff7061726b656400"+"026331"+"000000000000012c", hex.EncodeToString(entities.WaitingKey("c1", 300)))
}

func TestWaitingCommandThatIsCutIsRefused(t *testing.T) {
	c := entities.Waiting{Topic: "t", Failure: &entities.Failure{Code: "behavior", Message: "m"}, Headers: []entities.Header{{Key: "h", Value: []byte("v")}}}
	b := c.Append(nil)
	for n := range len(b) {
		_, err := entities.ParseWaiting(b[:n])
		require.ErrorContains(t, err, "ends in the middle", "%d of %d bytes", n, len(b))
	}
}

func TestWaitingCommandOfANewerFormatIsRefused(t *testing.T) {
	_, err := entities.ParseWaiting([]byte{2})
	require.EqualError(t, err, "waiting command of format 2: this version reads format 1; run the version that wrote it, or a newer one")
}

func TestMessageOfAWaitingCommandIsCut(t *testing.T) {
	c := entities.Waiting{Failure: &entities.Failure{Code: "behavior", Message: strings.Repeat("é", 600)}}
	read, err := entities.ParseWaiting(c.Append(nil))
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("é", 512), read.Failure.Message)
}

// Keys of one entity lie together and in the order of their numbers, whatever the ids are; no text is a reserved key.
func TestWaitingKeysAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id, other := rapid.String().Draw(t, "id"), rapid.String().Draw(t, "other")
		a, b := rapid.Int64Range(0, math.MaxInt64/2).Draw(t, "a"), rapid.Int64Range(0, math.MaxInt64/2).Draw(t, "b")
		require.Equal(t, a < b, bytes.Compare(entities.WaitingKey(id, a), entities.WaitingKey(id, b)) < 0)
		require.Equal(t, id == other && a == b, bytes.Equal(entities.WaitingKey(id, a), entities.WaitingKey(other, b)))
		require.True(t, entities.IsReserved(entities.WaitingKey(id, a)))
		require.False(t, entities.IsReserved([]byte(id)))
	})
}

func FuzzParseWaiting(f *testing.F) {
	c := entities.Waiting{Topic: "t", Offset: 3, Value: []byte("v")}
	f.Add(c.Append(nil))
	c.Failure, c.Headers = &entities.Failure{Code: "behavior", Message: "m"}, []entities.Header{{Key: "h", Value: []byte("v")}}
	f.Add(c.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		read, err := entities.ParseWaiting(b)
		if err != nil {
			return
		}
		again, err := entities.ParseWaiting(read.Append(nil))
		require.NoError(t, err)
		require.Len(t, again.Headers, len(read.Headers))
		require.Equal(t, read.Value, again.Value)
	})
}
