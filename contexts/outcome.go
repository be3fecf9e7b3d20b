package contexts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// An outcome is what a test's command or events came to.
type outcome struct {
	events []happened
	// state and reply are JSON values; reply is nil without one.
	state, reply     any
	rejection        *entities.Rejection
	failure          *entities.Failure
	sends, publishes []sentMessage
	// replicated are the values that were changed, by name.
	replicated map[string]any
	// rows are a projection's, by key.
	rows map[string]any
	// messages are a stream's.
	messages []wroteMessage
}

// A happened event is one that was decided.
type happened struct {
	message *schemas.Message
	fields  any
}

// compare lists where an outcome is not as the test says.
func (t *test) compare(o outcome) []Difference {
	if found := t.compareAnswer(o); found != nil {
		return found // The rest follows from it.
	}
	var found []Difference
	if t.then["events"] != nil {
		found = append(found, compareEvents(t.then["events"].Content, o.events)...)
	}
	if n := t.then["state"]; n != nil && t.entity != nil {
		found = append(found, differences("state", t.entity.State.Type, jsonOf(n), o.state)...)
	}
	if n := t.then["reply"]; n != nil {
		found = append(found, differences("reply", nil, jsonOf(n), o.reply)...)
	}
	if n := t.then["sends"]; n != nil {
		found = append(found, compareSent("sends", n.Content, o.sends)...)
	}
	if n := t.then["publishes"]; n != nil {
		found = append(found, compareSent("publishes", n.Content, o.publishes)...)
	}
	if n := t.then["replicated"]; n != nil {
		found = append(found, differences("replicated", nil, jsonOf(n), o.replicated)...)
	}
	if n := t.then["messages"]; n != nil {
		found = append(found, compareMessages(n.Content, o.messages)...)
	}
	if n := t.then["rows"]; n != nil && t.projection != nil {
		found = append(found, compareRows(t.projection.Row.Type, n, o.rows)...)
	}
	return found
}

// compareAnswer compares what kind of answer there was. A test that names neither rejected nor failed expects the command to be accepted.
func (t *test) compareAnswer(o outcome) []Difference {
	want, got := "accepted", "accepted"
	switch {
	case t.then["rejected"] != nil:
		want = "rejected " + t.then["rejected"].Value
	case t.then["failed"] != nil:
		want = "failed " + t.then["failed"].Value
	}
	said := ""
	switch {
	case o.rejection != nil:
		got, said = "rejected "+o.rejection.Code, o.rejection.Message
	case o.failure != nil:
		got, said = "failed "+string(o.failure.Code), o.failure.Message
	}
	if want == got {
		return nil
	}
	if said != "" {
		got += ": " + said
	}
	return []Difference{{Path: "answer", Want: want, Got: got}}
}

func compareEvents(want []*yaml.Node, got []happened) []Difference {
	wanted := make([]string, 0, len(want))
	for _, n := range want {
		wanted = append(wanted, lastPart(n.Content[0].Value))
	}
	names := make([]string, 0, len(got))
	for _, e := range got {
		names = append(names, e.message.Name)
	}
	if !slices.Equal(wanted, names) {
		return []Difference{{Path: "events", Want: listed(wanted), Got: listed(names)}}
	}
	var found []Difference
	for i, n := range want {
		path := fmt.Sprintf("events[%d].%s", i, names[i])
		found = append(found, differences(path, got[i].message.Type, jsonOf(n.Content[1]), got[i].fields)...)
	}
	return found
}

func listed(names []string) string { return "[" + strings.Join(names, ", ") + "]" }

// compareRows wants the whole table: null, or no mention, is no row.
func compareRows(t *schemas.Type, want *yaml.Node, got map[string]any) []Difference {
	expected := jsonOf(want).(map[string]any)
	var found []Difference
	for _, key := range sortedKeys(expected) {
		path := "rows." + key
		switch row, exists := got[key]; {
		case expected[key] == nil && exists:
			found = append(found, Difference{Path: path, Want: "no row", Got: string(marshal(row))})
		case expected[key] != nil && !exists:
			found = append(found, Difference{Path: path, Want: string(marshal(expected[key])), Got: "no row"})
		case exists:
			found = append(found, differences(path, t, expected[key], row)...)
		}
	}
	for _, key := range sortedKeys(got) {
		if _, named := expected[key]; !named {
			found = append(found, Difference{Path: "rows." + key, Want: "no row", Got: string(marshal(got[key]))})
		}
	}
	return found
}

// parseJSON is a JSON value with numbers as they were written.
func parseJSON(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return v, nil
}
