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
	u.From = was
	if u.To, err = l.schemas.Lookup(was.FullName); err != nil {
		return u, fmt.Sprintf("record %s: %v", was.FullName, err)
	}
	return u, ""
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

// upcastFrom is a payload that was written under a schema that has an upcast, brought to today's; false for any other. typ is the header ce_type.
func (c *Context) upcastFrom(typ string, payload entities.Payload) (now *schemas.Message, value []any, failure *entities.Failure, ok bool) {
	if c.upcasts == nil {
		return nil, nil, nil, false
	}
	fingerprint, data, ok := c.Codec.Written(over{}, payload)
	if !ok {
		return nil, nil, nil, false
	}
	u := c.upcasts.From(fingerprint)
	if u == nil || typ != "" && typ != u.To.Name && typ != u.To.FullName {
		return nil, nil, nil, false
	}
	was, err := c.Codec.DecodeBinary(u.From, fingerprint, data)
	if err != nil {
		return u.To, nil, asFailure(err), true
	}
	value, failure = c.upcasts.Apply(fingerprint, was.([]any))
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
