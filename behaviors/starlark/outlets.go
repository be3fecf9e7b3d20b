package starlark

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/entities"
)

// Outlets are what a script may send to.
type Outlets struct {
	// Commands are those of each entity of the context.
	Commands map[string][]*Message
	// Others are the records that commands for other contexts are made of. Those contexts say for themselves what they take.
	Others []*Message
	// Publications are the messages of each.
	Publications map[string][]*Message
}

// A letter is a command or a message on its way to be encoded.
type letter struct {
	message *Message
	fields  *Record
	// context and entity are of a command, publication is of a message. key is the receiver's id or the message's key.
	context, entity, publication, key string
	onReply                           *entities.OnReply
}

// An answering command is what on_reply names beside its fields.
type answering struct {
	message *Message
	// fields is a JSON object.
	fields []byte
}

func (a *answering) String() string        { return "command(" + quoted(a.message.Name) + ", …)" }
func (a *answering) Type() string          { return "command" }
func (a *answering) Freeze()               {}
func (a *answering) Truth() star.Bool      { return true }
func (a *answering) Hash() (uint32, error) { return 0, errors.New("unhashable: command") }

const maxIDBytes = 1024

// send is send(entity, id, command, on_reply = …, field = …).
func send(t *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	allowed, _ := t.Local(keyTurn).(*turn)
	if allowed == nil || allowed.outlets == nil {
		return nil, errors.New("send: only decide_ functions and subscriptions send commands")
	}
	texts, err := threeTexts(args, `send: want the entity, its id, the command and its fields by name: send("stock", sku, "Reserve", quantity = 2)`)
	if err != nil {
		return nil, err
	}
	l := &letter{key: texts[1]}
	if l.context, l.entity, l.message, err = allowed.outlets.target(texts[0], texts[2]); err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	if err := checkID(l.key); err != nil {
		return nil, fmt.Errorf("send to %s: %w", clipped(texts[0], maxShownBytes), err)
	}
	reply, kwargs := takeArgument(kwargs, "on_reply")
	if l.onReply, err = allowed.onReply(reply); err != nil {
		return nil, fmt.Errorf("send: on_reply: %w", err)
	}
	if l.fields, err = newRecord(l.message.Type, kwargs, budgetOf(t), 0); err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	l.fields.Freeze()
	return &effect{kind: sending, letter: l}, nil
}

// publish is publish(publication, key, message, field = …).
func publish(t *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	allowed, _ := t.Local(keyTurn).(*turn)
	if allowed == nil || allowed.outlets == nil {
		return nil, errors.New("publish: only decide_ functions and subscriptions publish")
	}
	texts, err := threeTexts(args, `publish: want the publication, a key, the message and its fields by name: publish("orders", order, "OrderPlaced", total = 5)`)
	if err != nil {
		return nil, err
	}
	l := &letter{publication: texts[0], key: texts[1]}
	if l.message, err = allowed.outlets.published(texts[0], texts[2]); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	if err := checkID(l.key); err != nil {
		return nil, fmt.Errorf("publish to %s: the key: %w", texts[0], err)
	}
	if l.fields, err = newRecord(l.message.Type, kwargs, budgetOf(t), 0); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	l.fields.Freeze()
	return &effect{kind: publishing, letter: l}, nil
}

// answerAs is command(name, field = …): the command of this entity that tells an answer, with what is to be in it beside the answer.
func answerAs(t *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	allowed, _ := t.Local(keyTurn).(*turn)
	if allowed == nil || allowed.own == nil {
		return nil, errors.New("command: only decide_ functions wait for answers, as in on_reply = command(…)")
	}
	if len(args) != 1 {
		return nil, errors.New(`command: want the command's name and fields by name: command("StockReserved", order = …)`)
	}
	name, _ := star.AsString(args[0])
	m, err := allowed.answerCommand(name)
	if err != nil {
		return nil, fmt.Errorf("command: %w", err)
	}
	a := &answering{message: m}
	if a.fields, err = fieldsJSON(m, kwargs, budgetOf(t)); err != nil {
		return nil, fmt.Errorf("command: %w", err)
	}
	return a, nil
}

func threeTexts(args star.Tuple, want string) ([3]string, error) {
	var texts [3]string
	if len(args) != len(texts) {
		return texts, errors.New(want)
	}
	for i, arg := range args {
		text, ok := star.AsString(arg)
		if !ok {
			return texts, fmt.Errorf("%s; argument %d is %s", want, i+1, arg.Type())
		}
		texts[i] = text
	}
	return texts, nil
}

func checkID(id string) error {
	switch {
	case id == "":
		return errors.New("the id is empty")
	case len(id) > maxIDBytes:
		return fmt.Errorf("the id has %d bytes, at most %d are one", len(id), maxIDBytes)
	}
	return nil
}

// takeArgument takes one of the named arguments out.
func takeArgument(kwargs []star.Tuple, name string) (star.Value, []star.Tuple) {
	for i, k := range kwargs {
		if key, _ := star.AsString(k[0]); key == name {
			return k[1], slices.Concat(kwargs[:i], kwargs[i+1:])
		}
	}
	return star.None, kwargs
}

// target is the command of an entity here ("stock"), or of another context ("billing.invoice").
func (o *Outlets) target(to, command string) (context, entity string, m *Message, err error) {
	context, entity, foreign := strings.Cut(to, ".")
	if foreign {
		if context == "" || entity == "" || strings.Contains(entity, ".") {
			return "", "", nil, fmt.Errorf(`%s is no entity: want "context.entity"`, quoted(to))
		}
		if m = byNameIn(o.Others, command); m == nil {
			return "", "", nil, fmt.Errorf("there is no record %s under schemas/%s: a command for another context needs its record here, too", quoted(command),
				didYouMean(command, namesOf(o.Others)))
		}
		return context, entity, m, nil
	}
	commands, ok := o.Commands[to]
	if !ok {
		return "", "", nil, fmt.Errorf("there is no entity %s%s", quoted(to), didYouMean(to, slices.Collect(maps.Keys(o.Commands))))
	}
	if m = byNameIn(commands, command); m == nil {
		return "", "", nil, fmt.Errorf("entity %s has no command %s%s", to, quoted(command), didYouMean(command, namesOf(commands)))
	}
	return "", to, m, nil
}

func (o *Outlets) published(publication, message string) (*Message, error) {
	messages, ok := o.Publications[publication]
	if !ok {
		return nil, fmt.Errorf("there is no publication %s%s", quoted(publication), didYouMean(publication, slices.Collect(maps.Keys(o.Publications))))
	}
	if m := byNameIn(messages, message); m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("publication %s has no message %s%s", publication, quoted(message), didYouMean(message, namesOf(messages)))
}

func namesOf(messages []*Message) []string {
	names := make([]string, len(messages))
	for i, m := range messages {
		names[i] = m.Name
	}
	return names
}

func (t *turn) answerCommand(name string) (*Message, error) {
	if m := byNameIn(t.own, name); m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("entity %s has no command %s%s", t.entity, quoted(name), didYouMean(name, namesOf(t.own)))
}

// onReply is what was given as on_reply: a command's name, command(…), or nothing.
func (t *turn) onReply(v star.Value) (*entities.OnReply, error) {
	if v == star.None {
		return nil, nil
	}
	if t.own == nil {
		return nil, errors.New("a subscription waits for no answer: only entities do")
	}
	var m *Message
	var fields []byte
	switch v := v.(type) {
	case *answering:
		m, fields = v.message, v.fields
	case star.String:
		var err error
		if m, err = t.answerCommand(string(v)); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf(`got %s: want a command's name, or command("StockReserved", order = …)`, v.Type())
	}
	return &entities.OnReply{Type: m.Name, Fields: fields, Take: answerFieldsOf(m)}, nil
}

// answerFieldsOf are the fields of an answer that the command has.
func answerFieldsOf(m *Message) []string {
	return slices.DeleteFunc(entities.AnswerFields(), func(name string) bool { return m.Type.FieldIndex(name) < 0 })
}
