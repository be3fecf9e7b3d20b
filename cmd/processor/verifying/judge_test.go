package verifying

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/history"
	"github.com/partita-io/partita/history/historytest"
)

func TestADifferenceIsCalledByItsName(t *testing.T) {
	j := judge{entity: "sum", shard: 3, behavior: historytest.Sum{}}
	two := &history.Entity{Stored: entities.Stored{Sequence: 2, Fingerprint: historytest.Fingerprint, State: []byte("5")}}
	gone := &history.Entity{Stored: entities.Stored{Sequence: 2}}
	broken := &history.Entity{Stored: entities.Stored{Sequence: 1}, Failure: "boom"}
	five, zero := &View{2, []byte(`{"n":5}`)}, &View{2, []byte(`{"n":0}`)}
	parked := entities.Stored{Parked: &entities.Parked{First: 1, Next: 2, Reason: "behavior"}, Outcomes: []entities.Outcome{{Rejected: true}}}
	newer := historytest.Stored(2, "5")
	newer[0] = 9
	for name, c := range map[string]struct {
		f              *history.Entity
		value          []byte
		want           Kind
		message        string
		events, stored *View
	}{
		"equal":                          {f: two, value: historytest.Stored(2, "5")},
		"equal in other bytes":           {f: two, value: historytest.Stored(2, " 5")},
		"deleted":                        {f: gone, value: historytest.Stored(2, "")},
		"deleted, as the initial state":  {f: gone, value: historytest.Stored(2, "0")},
		"rejected and parked only":       {value: parked.Append(nil)},
		"nothing at all":                 {},
		"another state":                  {two, historytest.Stored(2, "6"), OtherState, "", five, &View{2, []byte(`{"n":6}`)}},
		"deleted and still there":        {gone, historytest.Stored(2, "5"), OtherState, "", zero, five},
		"behind":                         {two, historytest.Stored(1, "5"), OtherSequence, "", five, &View{1, []byte(`{"n":5}`)}},
		"ahead":                          {two, historytest.Stored(3, "5"), OtherSequence, "", five, &View{3, []byte(`{"n":5}`)}},
		"missing":                        {two, nil, Missing, "", five, nil},
		"no events":                      {nil, historytest.Stored(2, "5"), NoEvents, "", nil, five},
		"no events, and a state all the": {nil, historytest.Stored(0, "5"), NoEvents, "", nil, &View{0, []byte(`{"n":5}`)}},
		"unfoldable":                     {broken, historytest.Stored(2, "5"), Unfoldable, "boom", &View{1, nil}, five},
		"unfoldable and missing":         {broken, nil, Unfoldable, "boom", &View{1, nil}, nil},
		"no stored entity":               {two, []byte{1}, Unreadable, "ends in the middle", five, nil},
		"empty":                          {two, []byte{}, Unreadable, "ends in the middle", five, nil},
		"of a newer version":             {two, newer, Unreadable, "stored entity of format 9", five, nil},
		"no state":                       {two, historytest.Stored(2, "x"), Unreadable, "invalid syntax", five, &View{2, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			d := j.compare("a", c.f, c.value)
			if c.want == "" {
				require.Nil(t, d)
				return
			}
			require.NotNil(t, d)
			require.Contains(t, d.Message, c.message)
			d.Message = ""
			require.Equal(t, &Difference{Entity: "sum", ID: "a", Shard: 3, Source: Changelog, Kind: c.want, Events: c.events, Stored: c.stored}, d)
		})
	}
}

func TestStatesAreComparedAsValues(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{"a":1,"b":[1,2]}`, `{"b":[1,2],"a":1}`, true},
		{`{"a":1}`, `{"a":2}`, false},
		{`{"a":9007199254740993}`, `{"a":9007199254740992}`, false},
		{`{"a":[1,2]}`, `{"a":[2,1]}`, false},
		{`{"a":null}`, `{}`, false},
		{`{`, `{"a":1}`, false},
	} {
		require.Equal(t, c.same, sameJSON([]byte(c.a), []byte(c.b)), "%s %s", c.a, c.b)
	}
}
