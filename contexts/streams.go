package contexts

import (
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/starlark"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/schemas"
)

// A Stream is what a projection of type stream has instead of rows.
type Stream struct {
	Behavior behaviors.Stream
	// To is the topic that it writes to.
	To string
	// External says that it is another's topic, not the stream's own.
	External bool
	Messages []*schemas.Message
}

// spec is the topic that a stream needs.
func (s *Stream) spec(t topics.Context, name string) topics.Spec {
	if s.External {
		return topics.External(s.To, "written by "+name)
	}
	return t.Messages(name)
}

// stream checks what a stream writes.
func (l *loader) stream(p declaredProjection, sources []Source) *Stream {
	what := "projection " + p.name.string
	own := l.context.TopicContext().Messages(p.name.string).Name
	s := &Stream{To: own, Messages: l.records(p.messages, what+": message")}
	if p.to.node != nil {
		s.To, s.External = p.to.string, p.to.string != own
	}
	if s.External {
		l.target(p.to, what, own)
	}
	for _, from := range sources {
		if from.Topic == s.To {
			l.complain(p.to.node, "%s: to: it follows topic %s: it would read what it writes, for ever", what, s.To)
		}
	}
	for _, from := range p.from {
		if from.key.node != nil {
			l.complain(from.key.node, "%s: from: key is nothing of a stream: its functions give the key to write(…)", what)
		}
	}
	return s
}

var topicPattern = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// target checks the name of a topic of others.
func (l *loader) target(to text, what, own string) {
	switch {
	case !topicPattern.MatchString(to.string) || to.string == "." || to.string == "..":
		l.complain(to.node, "%s: to: %q is no name of a topic: letters, digits, dots, hyphens and underscores, at most 249", what, to.string)
	case strings.HasPrefix(to.string, "__"):
		l.complain(to.node, "%s: to: topic %s is Kafka's own", what, to.string)
	case strings.HasPrefix(to.string, l.context.Name+"."):
		l.complain(to.node, "%s: to: topic %s is this context's: leave to out for %s, or name a topic of others", what, to.string, own)
	}
}

func (l *loader) streamBehavior(s script, p *Projection) {
	events := l.events(p)
	behavior, problems := starlark.LoadStream(starlark.StreamConfig{
		Folder: os.DirFS(l.dir), File: s.file, Name: p.Name,
		Events: allInScript(events), Messages: allInScript(p.Stream.Messages),
		Codec:  scriptCodec{context: l.context, codec: l.context.Codec, records: slices.Concat(p.Stream.Messages, events)},
		Tables: l.context.scriptTables(), Replicated: l.context.scriptReplicated(), Print: l.printer(p.Name),
	})
	l.scriptProblems(problems)
	if len(problems) == 0 {
		p.Stream.Behavior = behavior
	}
}
