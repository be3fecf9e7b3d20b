package contexts

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/partita-io/partita/behaviors/starlark"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/spelling"
	"github.com/partita-io/partita/schemas"
)

// upcastsDir is the folder below a context's with the records as they were, item_added_v1.avsc, and the functions that bring them to today's shape.
const upcastsDir = "upcasts"

const upcastsFile = upcastsDir + "/upcasts.star"

var upcastPattern = regexp.MustCompile(`^([a-z0-9_]+)_v([1-9][0-9]{0,3})\.avsc$`)

// upcasts loads what is in the folder of that name; there need be none.
func (l *loader) upcasts() {
	entries, err := os.ReadDir(path.Join(l.dir, upcastsDir))
	if err != nil {
		if !os.IsNotExist(err) {
			l.complainIn(upcastsDir, 0, 0, fileError(err))
		}
		return
	}
	var all []starlark.Upcast
	before := len(l.others)
	for _, e := range entries {
		if path.Ext(e.Name()) != ".avsc" {
			continue
		}
		u, complaint := l.upcast(upcastsDir+"/"+e.Name(), e.Name())
		if complaint == "" {
			complaint = differs(u, all)
		}
		if complaint != "" {
			l.complainIn(upcastsDir+"/"+e.Name(), 0, 0, complaint)
			continue
		}
		all = append(all, u)
	}
	l.context.older = l.asTheyWere(all)
	if len(l.others) > before || len(all) == 0 {
		return
	}
	upcasts, problems := starlark.LoadUpcasts(starlark.UpcastsConfig{Folder: os.DirFS(l.dir), File: upcastsFile, All: all, Print: l.printer(upcastsDir)})
	l.scriptProblems(problems)
	l.context.upcasts = upcasts
}

// upcast reads a record as it was.
func (l *loader) upcast(file, name string) (u starlark.Upcast, complaint string) {
	parts := upcastPattern.FindStringSubmatch(name)
	if parts == nil {
		return u, "a record as it was is called after it and its version, as in item_added_v1.avsc"
	}
	text, err := fs.ReadFile(os.DirFS(l.dir), file)
	if err != nil {
		return u, fileError(err)
	}
	set, err := schemas.Parse(string(text))
	if err != nil {
		return u, strings.TrimPrefix(err.Error(), "schema 1:")
	}
	u.Version, _ = strconv.Atoi(parts[2]) // The pattern lets numbers through.
	i := slices.IndexFunc(set.Messages(), func(m *schemas.Message) bool { return functionName(m.Name) == parts[1] })
	if i < 0 {
		return u, fmt.Sprintf("there is no record in it whose functions are called after %s%s", parts[1], spelling.DidYouMean(parts[1], functionNames(set)))
	}
	was := set.Messages()[i]
	u.From, u.Within = was, slices.Delete(slices.Clone(set.Messages()), i, i+1)
	if u.To, err = l.schemas.Lookup(was.FullName); err != nil {
		return u, fmt.Sprintf("record %s: %v", was.FullName, err)
	}
	if slices.Contains(l.context.states(), u.To) {
		return u, fmt.Sprintf("%s is a state: states are not upcast but computed anew; give the record of the new shape another name, and raise state_version", u.To.Name)
	}
	return u, ""
}

func (c *Context) states() []*schemas.Message {
	all := make([]*schemas.Message, len(c.Entities))
	for i := range c.Entities {
		all[i] = c.Entities[i].State
	}
	return all
}

// payloads are the records that stand by themselves.
func (c *Context) payloads() []*schemas.Message {
	all := c.states()
	for i := range c.Entities {
		all = slices.Concat(all, c.Entities[i].Commands, c.Entities[i].Events)
	}
	for i := range c.Tables {
		all = append(all, c.Tables[i].Row)
	}
	for i := range c.Projections {
		all = append(all, c.Projections[i].Row)
		if s := c.Projections[i].Stream; s != nil {
			all = append(all, s.Messages...)
		}
	}
	for i := range c.Publications {
		all = append(all, c.Publications[i].Messages...)
	}
	for i := range c.Subscriptions {
		all = append(all, c.Subscriptions[i].Messages...)
	}
	return all
}

// asTheyWere are the records that upcasts are from, and those within them that do not stand by themselves, by their fingerprints.
func (l *loader) asTheyWere(all []starlark.Upcast) map[uint64]*schemas.Message {
	older, payloads := map[uint64]*schemas.Message{}, l.context.payloads()
	for _, u := range all {
		older[u.From.Fingerprint] = u.From
		for _, within := range u.Within {
			now, err := l.schemas.Lookup(within.FullName)
			if err == nil && !slices.Contains(payloads, now) {
				older[within.Fingerprint] = within
			}
		}
	}
	return older
}

func functionNames(set *schemas.Set) []string {
	var names []string
	for _, m := range set.Messages() {
		names = append(names, functionName(m.Name))
	}
	return names
}

// differs tells what a schema is the same as, so that nobody could tell what was written under it.
func differs(u starlark.Upcast, others []starlark.Upcast) string {
	if u.From.Fingerprint == u.To.Fingerprint {
		return fmt.Sprintf("the record is the same as %s in schemas/ is today: it is for the record as it was", u.To.Name)
	}
	for _, o := range others {
		if o.From.Fingerprint == u.From.Fingerprint {
			return fmt.Sprintf("the record is the same as that of version %d: keep one", o.Version)
		}
	}
	return ""
}

// upcastFor tells whether there is an upcast for a table's rows, or for one of the events that it wants.
func (c *Context) upcastFor(p *Projection, events []*schemas.Message) bool {
	for _, was := range c.older {
		if was.FullName == p.Row.FullName {
			return true
		}
		for _, e := range events {
			if was.FullName == e.FullName && p.Behavior.Wants(e.Name) {
				return true
			}
		}
	}
	return false
}

// upcastFrom is a payload that was written under a schema that has an upcast, brought to today's; false for any other. typ is the header ce_type.
func (c *Context) upcastFrom(typ string, payload entities.Payload) (now *schemas.Message, value []any, failure *entities.Failure, ok bool) {
	if c.upcasts == nil {
		return nil, nil, nil, false
	}
	written, ok := c.Codec.Written(over{}, payload)
	if !ok {
		return nil, nil, nil, false
	}
	u := c.upcasts.From(written.Fingerprint)
	if u == nil || typ != "" && typ != u.To.Name && typ != u.To.FullName {
		return nil, nil, nil, false
	}
	was, err := c.Codec.DecodeWritten(u.From, written)
	if err != nil {
		return u.To, nil, asFailure(err), true
	}
	value, failure = c.upcasts.Apply(written.Fingerprint, was.([]any))
	return u.To, value, failure, true
}

// decode reads a payload in today's shape. typ is the header ce_type, candidates are the records that it may be; without any it may be each of the
// context's. Errors are as of [schemas.Codec.Decode].
func (c *Context) decode(ctx context.Context, payload entities.Payload, typ string, candidates ...*schemas.Message) (*schemas.Message, any, error) {
	now, value, failure, ok := c.upcastFrom(typ, payload)
	if !ok || len(candidates) > 0 && named(candidates, now.Name) == nil {
		return c.Codec.Decode(ctx, payload, typ, candidates...)
	}
	if failure != nil {
		return nil, nil, failure
	}
	return now, value, nil
}

// JSON is a payload as people read it, in today's shape. The arguments are those of [schemas.Codec.Decode].
func (c *Context) JSON(ctx context.Context, payload entities.Payload, typ string, candidates ...*schemas.Message) ([]byte, error) {
	m, value, err := c.decode(ctx, payload, typ, candidates...)
	if err != nil {
		return nil, err
	}
	return schemas.AppendJSON(nil, m.Type, value)
}
