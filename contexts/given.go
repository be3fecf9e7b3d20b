package contexts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/starlark"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// A history folds events that a test gives into a state. A behaviour evolves a state only by what it decides, so history is a behaviour of its
// own: its commands are the entity's events, each of which it decides as itself, and it evolves with the functions of the entity's script.
type history struct {
	behavior behaviors.Entity
}

// historyScript is the name under which the script is seen; nobody's file ends like that.
const historyScript = "given events.star"

func (c *Context) newHistory(e *Entity) (history, error) {
	records := slices.Concat([]*schemas.Message{e.State}, e.Events)
	behavior, problems := starlark.LoadEntity(starlark.EntityConfig{
		Folder: folderWith{FS: os.DirFS(c.Dir), name: historyScript, content: []byte(historySource(e))},
		File:   historyScript, Name: e.Name,
		State: inScript(e.State), Commands: allInScript(e.Events), Events: allInScript(e.Events),
		Codec: scriptCodec{context: c, codec: c.Codec, records: records}, Tables: c.scriptTables(), Replicated: c.scriptReplicated(),
	})
	if len(problems) > 0 {
		return history{}, errors.New(problems[0].String())
	}
	return history{behavior: behavior}, nil
}

func historySource(e *Entity) string {
	var b strings.Builder
	for _, m := range e.Events {
		name := functionName(m.Name)
		fmt.Fprintf(&b, "load(%q, _%s = %q)\nevolve_%s = _%s\n", e.script, name, "evolve_"+name, name, name)
		fmt.Fprintf(&b, "def decide_%s(state, cmd, ctx):\n    return emit(%q, **{", name, m.Name)
		for _, field := range fieldNames(m.Type) {
			fmt.Fprintf(&b, "%q: getattr(cmd, %q), ", field, field)
		}
		b.WriteString("})\n")
	}
	return b.String()
}

// functionName is a record's name as it stands in the names of functions, by the rule of package starlark: AddItem is add_item.
func functionName(record string) string {
	runes := []rune(record)
	var b strings.Builder
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && runes[i-1] != '_' {
			before := runes[i-1]
			if !unicode.IsUpper(before) || i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// evolve is the state after one more event.
func (h history) evolve(ctx context.Context, state entities.State, g *givenEvent, sequence int64) (entities.State, error) {
	turns := []behaviors.Turn{{State: state, Command: &entities.Command{
		EntityID: g.id, Type: g.message.name, Payload: payload(g.message), Sequence: sequence,
	}}}
	h.behavior.Decide(ctx, turns)
	if failure := turns[0].Failure; failure != nil {
		return nil, failure
	}
	return turns[0].Decision.State, nil
}

// folderWith is a folder with one more file.
type folderWith struct {
	fs.FS
	name    string
	content []byte
}

func (f folderWith) ReadFile(name string) ([]byte, error) {
	if name == f.name {
		return f.content, nil
	}
	return fs.ReadFile(f.FS, name)
}
