package typed

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// outlets are what the parts of a context may send to.
type outlets struct {
	// commands are those of each entity, publications the messages of each.
	commands, publications map[string]kinds[*written]
}

// An outbox writes down what one part sends.
type outbox struct {
	outlets
	// owner is the part ("entity account").
	owner string
	// others are the commands that it declares for other contexts, by receiver ("billing.invoice").
	others map[string]kinds[*written]
	// answers are the commands as which an answer may come back; nil for a part that waits for none.
	answers kinds[*answering]
}

func (b *binder) newOutbox(o outline) (*outbox, error) {
	out := &outbox{outlets: b.outlets, owner: o.kind + " " + o.name, others: map[string]kinds[*written]{}}
	for _, d := range o.sends {
		if !isForeign(d.to) {
			continue // It is checked, and known already.
		}
		if err := b.addKind(out.others, d.to, d.record); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// makeOutlets makes known what the parts take.
func (b *binder) makeOutlets(parts []outline) error {
	b.outlets = outlets{commands: map[string]kinds[*written]{}, publications: map[string]kinds[*written]{}}
	for _, o := range parts {
		into := b.outlets.commands
		if o.kind == kindPublication {
			into = b.outlets.publications
		}
		for _, r := range o.takes {
			if err := b.addKind(into, o.name, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *binder) addKind(all map[string]kinds[*written], name string, r record) error {
	m, err := newMessage(b, r)
	if err != nil {
		return err
	}
	if all[name] == nil {
		all[name] = kinds[*written]{}
	}
	all[name].add(r.goType, &written{message: m})
	return nil
}

// write makes the messages of what is sent.
func (o *outbox) write(sent []sending) (entities.Messages, error) {
	var out entities.Messages
	for i := range sent {
		if err := o.writeOne(&out, &sent[i]); err != nil {
			verb := "sends"
			if sent[i].published {
				verb = "publishes"
			}
			return entities.Messages{}, fmt.Errorf("%s %s %s to %s: %w", o.owner, verb, pointedTo(sent[i].content).Name(), sent[i].to, err)
		}
	}
	return out, nil
}

func (o *outbox) writeOne(out *entities.Messages, s *sending) error {
	if err := checkKey(s.key); err != nil {
		return err
	}
	if s.published {
		return o.publish(out, s)
	}
	return o.send(out, s)
}

const maxKeyBytes = 1024

func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("the id or key is empty")
	case len(key) > maxKeyBytes:
		return fmt.Errorf("the id or key has %d bytes, at most %d are one", len(key), maxKeyBytes)
	}
	return nil
}

func (o *outbox) publish(out *entities.Messages, s *sending) error {
	kind, err := found(o.publications, "publication", s)
	if err != nil {
		return err
	}
	payload, err := kind.payload(s.content)
	if err != nil {
		return err
	}
	out.Publications = append(out.Publications, entities.Publication{Name: s.to, Key: s.key, Type: kind.Name, Payload: payload})
	return nil
}

func (o *outbox) send(out *entities.Messages, s *sending) (err error) {
	send := entities.Send{Entity: s.to, ID: s.key}
	if context, entity, foreign := strings.Cut(s.to, "."); foreign {
		send.Context, send.Entity = context, entity
		err = o.encodeForeign(&send, s)
	} else {
		err = o.encodeOwn(&send, s)
	}
	if err == nil && s.told != nil {
		send.OnReply, err = o.onReply(s.told)
	}
	if err == nil {
		out.Sends = append(out.Sends, send)
	}
	return err
}

func (o *outbox) encodeOwn(send *entities.Send, s *sending) error {
	kind, err := found(o.commands, "entity", s)
	if err != nil {
		return err
	}
	send.Type = kind.Name
	send.Payload, err = kind.payload(s.content)
	return err
}

// encodeForeign writes JSON: each context reads it by its own version of the record.
func (o *outbox) encodeForeign(send *entities.Send, s *sending) error {
	kind := o.others[s.to][reflect.TypeOf(s.content)]
	if kind == nil {
		return fmt.Errorf("it is not declared: a SendsTo(%q, typed.Message[%s]()) makes its schema known", s.to, pointedTo(s.content).Name())
	}
	data, err := kind.json(s.content)
	send.Type, send.Payload = kind.Name, entities.Payload{Data: data, ContentType: schemas.JSONContentType}
	return err
}

// found is what is sent as the entity or publication takes it.
func found(all map[string]kinds[*written], what string, s *sending) (*written, error) {
	there, ok := all[s.to]
	if !ok {
		return nil, fmt.Errorf("there is no %s %s%s", what, s.to, meant(slices.Sorted(maps.Keys(all)), "Bind is given none"))
	}
	if kind := there[reflect.TypeOf(s.content)]; kind != nil {
		return kind, nil
	}
	return nil, fmt.Errorf("%s %s takes no such struct%s", what, s.to, meant(there.names(), "it takes nothing"))
}
