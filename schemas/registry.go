package schemas

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/partita-io/partita/entities"
)

// Unavailable says that the registry could not answer now. The payload is not at fault: wait and try again.
type Unavailable struct{ Err error }

func (u *Unavailable) Error() string { return "schema registry: " + u.Err.Error() }

func (u *Unavailable) Unwrap() error { return u.Err }

// A Registry is a Schema Registry with what it said remembered: ids never change their meaning. It is safe for concurrent use.
type Registry struct {
	client  *sr.Client
	writers sync.Map // of int (schema id), to *Message
	ids     sync.Map // of *Message, to int
	refused sync.Map // of int (schema id), to *refusal
}

// rememberRefusal is how long an id without a usable schema is not asked for again.
const rememberRefusal = 5 * time.Second

// maxReferences bounds the schemas that one schema is made of.
const maxReferences = 100

type refusal struct {
	at      time.Time
	failure *entities.Failure
}

// NewRegistry is a client of the registry at url.
func NewRegistry(url string, opts ...sr.ClientOpt) (*Registry, error) {
	client, err := sr.NewClient(append([]sr.ClientOpt{sr.URLs(url)}, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("registry %s: %w", url, err)
	}
	return &Registry{client: client}, nil
}

func (r *Registry) register(ctx context.Context, m *Message) error {
	if _, ok := r.idOf(m); ok {
		return nil
	}
	id, err := r.client.RegisterSchema(ctx, m.FullName, sr.Schema{Schema: m.SchemaJSON, Type: sr.TypeAvro}, -1, -1)
	if err != nil {
		if isRefusal(err) {
			return fmt.Errorf("registry: subject %s: %w", m.FullName, err)
		}
		return &Unavailable{Err: fmt.Errorf("subject %s: %w", m.FullName, err)}
	}
	r.ids.Store(m, id)
	return nil
}

func (r *Registry) idOf(m *Message) (int, bool) {
	id, ok := r.ids.Load(m)
	if !ok {
		return 0, false
	}
	return id.(int), true
}

// writer is the record that a schema id stands for. That there is none is believed for a while: a flood of such payloads would be a flood of
// requests, yet the schema may be registered a moment later.
func (r *Registry) writer(ctx context.Context, id int) (*Message, error) {
	if known, ok := r.writers.Load(id); ok {
		return known.(*Message), nil
	}
	if known, ok := r.refused.Load(id); ok {
		if refused := known.(*refusal); time.Since(refused.at) < rememberRefusal {
			return nil, refused.failure
		}
		r.forgetRefusals()
	}
	m, err := r.fetch(ctx, id)
	var failure *entities.Failure
	switch {
	case errors.As(err, &failure):
		r.refused.Store(id, &refusal{at: time.Now(), failure: failure})
		return nil, err
	case err != nil:
		return nil, err
	}
	known, _ := r.writers.LoadOrStore(id, m)
	return known.(*Message), nil
}

// forgetRefusals lets go of all that are old, so that made-up ids do not fill the memory.
func (r *Registry) forgetRefusals() {
	r.refused.Range(func(id, known any) bool {
		if time.Since(known.(*refusal).at) >= rememberRefusal {
			r.refused.Delete(id)
		}
		return true
	})
}

func (r *Registry) fetch(ctx context.Context, id int) (*Message, error) {
	schema, err := r.client.SchemaByID(ctx, id)
	switch {
	case isMissing(err):
		return nil, unknownID(id, "the registry has no such schema")
	case err != nil:
		return nil, &Unavailable{Err: fmt.Errorf("schema id %d: %w", id, err)}
	case schema.Type != sr.TypeAvro:
		return nil, unknownID(id, "not an Avro schema")
	}
	texts, err := r.references(ctx, schema)
	if err != nil {
		return nil, fmt.Errorf("schema id %d: %w", id, err)
	}
	m, err := compileWith(schema.Schema, texts)
	if err != nil {
		return nil, unknownID(id, err.Error())
	}
	return m, nil
}

func unknownID(id int, why string) error {
	return &entities.Failure{Code: entities.UnknownSchema, Message: fmt.Sprintf("schema id %d: %s", id, why)}
}

type version struct {
	subject string
	number  int
}

// references are the schemas that schema names types of, and those that these name, each once.
func (r *Registry) references(ctx context.Context, schema sr.Schema) ([]string, error) {
	var texts []string
	seen := map[version]bool{}
	for queue := schema.References; len(queue) > 0; queue = queue[1:] {
		next := version{queue[0].Subject, queue[0].Version}
		if seen[next] {
			continue
		}
		seen[next] = true
		if len(seen) > maxReferences {
			return nil, &entities.Failure{Code: entities.UnknownSchema, Message: fmt.Sprintf("more than %d references", maxReferences)}
		}
		found, err := r.client.SchemaByVersion(ctx, next.subject, next.number)
		switch {
		case isMissing(err):
			message := fmt.Sprintf("the registry has no version %d of the subject %s that it refers to", next.number, next.subject)
			return nil, &entities.Failure{Code: entities.UnknownSchema, Message: message}
		case err != nil:
			return nil, &Unavailable{Err: fmt.Errorf("reference to %s: %w", next.subject, err)}
		}
		texts = append(texts, found.Schema.Schema)
		queue = append(queue, found.References...)
	}
	return texts, nil
}

// compileWith makes a Message of a schema that may name types of others.
func compileWith(schemaJSON string, others []string) (*Message, error) {
	if len(others) == 0 {
		return compile(schemaJSON)
	}
	l := newLoader()
	l.text("schema", []byte(schemaJSON))
	if len(l.order) == 0 {
		return nil, errors.New("not a record: a message is a record")
	}
	root := l.order[0]
	for i, text := range others {
		l.text(fmt.Sprintf("reference %d", i+1), []byte(text))
	}
	if len(l.problems) > 0 {
		return nil, fmt.Errorf("%s: %s", l.problems[0].File, l.problems[0].Message)
	}
	return l.compile(root)
}

func isMissing(err error) bool {
	var answer *sr.ResponseError
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound
}

// isRefusal tells whether the registry considered the request and said no; credentials and overload may change.
func isRefusal(err error) bool {
	var answer *sr.ResponseError
	return errors.As(err, &answer) && (answer.StatusCode == http.StatusConflict || answer.StatusCode == http.StatusUnprocessableEntity)
}
