package e2e_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// blockOf is the page's block that begins so.
func blockOf(t *testing.T, page, beginning string) string {
	t.Helper()
	for _, b := range blocksByPage(t)[page] {
		if strings.HasPrefix(b.text, beginning) {
			return b.text
		}
	}
	require.Failf(t, "no such block", "%s has none that begins with %q", page, beginning)
	return ""
}

// strictly reads JSON whose names must all be known.
func strictly(t *testing.T, text string, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into), text)
}

func TestAnswersOnThePageAreAnswers(t *testing.T) {
	for line := range strings.Lines(blockOf(t, "docs/topics-and-records.md", `{"status"`)) {
		var a entities.Answer
		strictly(t, line, &a)
		require.Equal(t, strings.TrimSpace(line), string(a.Append(nil)))
	}
}

func TestTheOfferOnThePageIsOne(t *testing.T) {
	text := blockOf(t, "docs/formats/records.md", `{"version"`)
	var want client.Offer
	strictly(t, text, &want)
	got, ok := client.ParseOffer([]byte("user data of the strategy\x00partita/1\x00" + text))
	require.True(t, ok)
	require.Equal(t, want, got)
	require.NotEmpty(t, got.Version)
	require.NotEmpty(t, got.Components)
}

func TestOperationsOnThePagesAreSome(t *testing.T) {
	answer := blockOf(t, "docs/topics-and-records.md", `{"status":"accepted","sequence":2,"events":0,"reply":{"decided"`)
	var a entities.Answer
	strictly(t, answer, &a)
	var released records.Released
	strictly(t, string(a.Reply), &released)
	require.Equal(t, records.Released{Decided: 2}, released)
	done := 0
	for line := range strings.Lines(blockOf(t, "docs/formats/records.md", `{"operation"`)) {
		var d records.Done
		strictly(t, line, &d)
		again, err := json.Marshal(d)
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(line), string(again))
		done++
	}
	require.Equal(t, 6, done)
}

func TestTheControlRecordOnThePageIsOne(t *testing.T) {
	text := strings.TrimSpace(blockOf(t, "docs/formats/control.md", `{"version"`))
	p, err := control.Parse([]byte(text))
	require.NoError(t, err)
	value, err := p.Value()
	require.NoError(t, err)
	require.Equal(t, text, string(value))
}

func TestTheControlRecordOfAnEntityTypeOnThePageIsOne(t *testing.T) {
	text := strings.TrimSpace(blockOf(t, "docs/formats/control.md", `{"version":1,"number":1795593600000`))
	e, err := control.ParseEntity([]byte(text))
	require.NoError(t, err)
	value, err := e.Value()
	require.NoError(t, err)
	require.Equal(t, text, string(value))
}

// bytesOf are those of a block. What they mean stands beside them, behind two spaces or more.
func bytesOf(t *testing.T, block string) []byte {
	t.Helper()
	var b []byte
	for line := range strings.Lines(block) {
		digits, _, _ := strings.Cut(line, "  ")
		part, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
		require.NoError(t, err, line)
		b = append(b, part...)
	}
	return b
}

func TestTheWaitingCommandOnThePageIsOne(t *testing.T) {
	b := bytesOf(t, blockOf(t, "docs/formats/store.md", "01                                       format of a waiting"))
	c, err := entities.ParseWaiting(b)
	require.NoError(t, err)
	require.Equal(t, b, c.Append(nil))
	require.Equal(t, []any{"s.c.commands", int64(300), "no", "{}"}, []any{c.Topic, c.Offset, c.Failure.Message, string(c.Value)})
}

func TestTheStoredEntityOnThePageIsOne(t *testing.T) {
	b := bytesOf(t, blockOf(t, "docs/formats/store.md", "01 "))
	s, err := entities.ParseStored(b)
	require.NoError(t, err)
	require.Equal(t, b, s.Append(nil))
	require.EqualValues(t, 3, s.Sequence)
	require.Len(t, s.Outcomes, 1)
	require.Equal(t, entities.HashCommand("web", "17"), s.Outcomes[0].Command)
	require.Equal(t, "cart-closed", s.Outcomes[0].Code)
	require.True(t, bytes.HasSuffix(s.State, []byte("alice")))
}

func TestTheContributionOnThePageIsOne(t *testing.T) {
	b := bytesOf(t, blockOf(t, "docs/formats/crdt.md", "01 "))
	c, err := crdt.Parse(b)
	require.NoError(t, err)
	require.Equal(t, b, c.Append(nil))
	require.Equal(t, []any{"set", int32(3), uint64(2)}, []any{c.Type().String(), c.Shard(), c.Version()})
	view, err := crdt.Fold(c.Type(), c)
	require.NoError(t, err)
	require.JSONEq(t, `{"value":["apple"]}`, string(view.AppendJSON(nil)))
}

func TestTheExampleIsLaidOutAsThePageShows(t *testing.T) {
	folder, files, ok := strings.Cut(blockOf(t, "docs/context-folder.md", "shop/"), "\n")
	require.True(t, ok)
	for line := range strings.Lines(files) {
		found, err := filepath.Glob(filepath.Join("../examples", folder, strings.Fields(line)[0]))
		require.NoError(t, err)
		require.NotEmpty(t, found, line)
	}
}

var (
	makes    = regexp.MustCompile("`make ([^`]+)`")
	variable = regexp.MustCompile(`([A-Z]+)=`)
)

func TestWhatPagesMakeCanBeMade(t *testing.T) {
	makefile := read(t, "Makefile")
	named := 0
	for _, page := range pages(t) {
		for _, m := range makes.FindAllStringSubmatch(read(t, page), -1) {
			named++
			require.Regexp(t, `(?m)^`+strings.Fields(m[1])[0]+`:`, makefile, "%s names `make %s`", page, m[1])
			for _, v := range variable.FindAllStringSubmatch(m[1], -1) {
				require.Contains(t, makefile, v[1]+")", "%s names `make %s`", page, m[1])
			}
		}
	}
	require.Greater(t, named, 5)
}

func TestTheRecordOfABehaviourOnThePageIsOne(t *testing.T) {
	text := strings.TrimSpace(blockOf(t, "docs/formats/control.md", `{"version":1,"hashes"`))
	b, err := control.ParseBehavior([]byte(text))
	require.NoError(t, err)
	require.True(t, b.Mixed())
	value, err := b.Value()
	require.NoError(t, err)
	require.Equal(t, text, string(value))
}
