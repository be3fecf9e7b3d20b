package contexts

import (
	"log/slog"
	"os"
	"slices"

	"github.com/partita-io/partita/behaviors/starlark"
	"github.com/partita-io/partita/schemas"
)

// behaviors loads all scripts, once every entity is known.
func (l *loader) behaviors() {
	codec, err := l.newCodec()
	if err != nil {
		l.others = append(l.others, Problem{Path: l.path, Message: err.Error()})
		return
	}
	l.context.Codec = codec
	l.upcasts()
	for _, s := range l.entityScripts {
		l.entityBehavior(s, &l.context.Entities[s.index])
	}
	for _, s := range l.projectionScripts {
		if p := &l.context.Projections[s.index]; p.Stream != nil {
			l.streamBehavior(s, p)
		} else {
			l.projectionBehavior(s, p)
		}
	}
	for _, s := range l.subscriptionScripts {
		l.subscriptionBehavior(s, &l.context.Subscriptions[s.index])
	}
}

// newCodec is the context's codec. Where the encoding is wrong, which was said, it is one to go on checking with.
func (l *loader) newCodec() (*schemas.Codec, error) {
	options := schemas.Options{History: l.context.History}
	if l.context.Encoding == JSON {
		options.Encoding = schemas.JSONEncoding
	}
	if url := l.context.Registry; url != "" && !l.opts.Offline {
		registry, err := schemas.NewRegistry(url)
		if err != nil {
			return nil, err
		}
		options.Registry = registry
		if l.context.Encoding == Confluent {
			options.Encoding = schemas.ConfluentEncoding
		}
	}
	return schemas.NewCodec(l.schemas, options)
}

func (l *loader) entityBehavior(s script, e *Entity) {
	behavior, problems := starlark.LoadEntity(starlark.EntityConfig{
		Folder: os.DirFS(l.dir), File: s.file, Name: e.Name,
		State: inScript(e.State), Commands: allInScript(e.Commands), Events: allInScript(e.Events),
		Codec: scriptCodec{
			context: l.context, codec: l.context.Codec, records: slices.Concat([]*schemas.Message{e.State}, e.Commands, e.Events), sent: l.schemas.Messages(),
		},
		Outlets: l.context.outlets(), Tables: l.context.scriptTables(), Replicated: l.context.scriptReplicated(),
		Print: l.printer(e.Name),
	})
	l.scriptProblems(problems)
	if len(problems) == 0 {
		e.Behavior, e.script = behavior, s.file
	}
}

// projectionBehavior loads a projection twice if it has a key: which events need the field is known when its functions are.
func (l *loader) projectionBehavior(s script, p *Projection) {
	if !l.loadProjection(s, p, "", nil) || !l.keysFit(s, p) || s.key.node == nil && p.sourceKeys() == nil {
		return
	}
	l.loadProjection(s, p, s.key.string, p.sourceKeys())
}

func (l *loader) loadProjection(s script, p *Projection, key string, sourceKeys map[string]string) bool {
	events := l.events(p)
	behavior, problems := starlark.LoadProjection(starlark.ProjectionConfig{
		Folder: os.DirFS(l.dir), File: s.file, Name: p.Name, Key: key, SourceKeys: sourceKeys, ByTime: p.ByTime,
		Events: allInScript(events), Row: inScript(p.Row),
		Codec:          scriptCodec{context: l.context, codec: l.context.Codec, records: slices.Concat([]*schemas.Message{p.Row}, events)},
		RowContentType: l.context.Codec.ContentType(),
		Tables:         l.context.scriptTables(),
		Replicated:     l.context.scriptReplicated(),
		Print:          l.printer(p.Name),
	})
	l.scriptProblems(problems)
	if len(problems) > 0 {
		return false
	}
	p.Behavior, p.Keyed = behavior, behavior.Keyed()
	p.Hash = l.projectionHash(s, p, l.context.upcastFor(p, events))
	return true
}

func (l *loader) scriptProblems(problems []starlark.Problem) {
	for _, p := range problems {
		l.complainIn(p.File, p.Line, p.Column, p.Message)
	}
}

// printer sends what scripts print to the log.
func (l *loader) printer(component string) func(file, line string) {
	if l.opts.Log == nil {
		return nil
	}
	log := l.opts.Log
	return func(file, line string) {
		log.Info("print", slog.String("component", component), slog.String("file", file), slog.String("text", line))
	}
}

func inScript(m *schemas.Message) *starlark.Message {
	return &starlark.Message{Name: m.Name, Type: m.Type}
}

func allInScript(messages []*schemas.Message) []*starlark.Message {
	all := make([]*starlark.Message, 0, len(messages))
	for _, m := range messages {
		all = append(all, inScript(m))
	}
	return all
}
