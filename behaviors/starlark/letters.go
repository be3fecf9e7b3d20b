package starlark

import (
	"encoding/json"
	"fmt"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// addTo encodes the letter and adds it to what is sent.
func (l *letter) addTo(out *entities.Messages, codec Codec, b *budget) error {
	value, err := recordToPlain(l.fields, l.message.Type, b, 0)
	if err != nil {
		return err
	}
	payload, err := l.encode(codec, value)
	if err != nil {
		return fmt.Errorf("%s: %w", l.message.Name, err)
	}
	if l.publication != "" {
		out.Publications = append(out.Publications, entities.Publication{Name: l.publication, Key: l.key, Type: l.message.Name, Payload: payload})
		return nil
	}
	out.Sends = append(out.Sends, entities.Send{
		Context: l.context, Entity: l.entity, ID: l.key, Type: l.message.Name, Payload: payload, OnReply: l.onReply,
	})
	return nil
}

// encode writes commands for other contexts as JSON, which each reads by its own version of the record.
func (l *letter) encode(codec Codec, value []any) (entities.Payload, error) {
	if l.context == "" {
		return codec.Encode(l.message, value)
	}
	data, err := codec.JSON(l.message, value)
	return entities.Payload{Data: data, ContentType: schemas.JSONContentType}, err
}

// fieldsJSON are some fields of a record as a JSON object; nil for none.
func fieldsJSON(m *Message, kwargs []star.Tuple, b *budget) ([]byte, error) {
	if len(kwargs) == 0 {
		return nil, nil
	}
	fields := map[string]json.RawMessage{}
	for _, k := range kwargs {
		name, _ := star.AsString(k[0])
		i := m.Type.FieldIndex(name)
		if i < 0 {
			return nil, fmt.Errorf("%s has no field %s%s", m.Name, clipped(name, maxShownBytes), didYouMean(name, fieldNames(m.Type)))
		}
		text, err := fieldJSON(k[1], m.Type.Fields[i].Type, b)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", m.Name, name, err)
		}
		fields[name] = text
	}
	return json.Marshal(fields)
}

func fieldJSON(v star.Value, t *schemas.Type, b *budget) ([]byte, error) {
	value, err := coerce(v, t, b, 0)
	if err != nil {
		return nil, err
	}
	plain, err := toPlain(value, t, b, 0)
	if err != nil {
		return nil, err
	}
	return schemas.AppendJSON(nil, t, plain)
}
