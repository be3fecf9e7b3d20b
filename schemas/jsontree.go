package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// object is a JSON object as read: values are nil, bool, string, json.Number, []any and object.
type object map[string]any

// parseJSON reads one JSON object; duplicate keys, text behind it and deep nesting are refused.
func parseJSON(data []byte) (object, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the text is not valid UTF-8")
	}
	if at := loneSurrogate(data); at >= 0 {
		return nil, fmt.Errorf("half a surrogate pair at byte %d", at)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	value, err := parseValue(decoder, 0)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("not valid JSON near byte %d: %w", decoder.InputOffset(), err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("text after the JSON object at byte %d", decoder.InputOffset())
	}
	root, ok := value.(object)
	if !ok {
		return nil, errors.New("want a JSON object")
	}
	return root, nil
}

func parseValue(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth > MaxDepth {
		return nil, errDepth
	}
	if delim == '[' {
		items := []any{}
		for decoder.More() {
			item, err := parseValue(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		_, err = decoder.Token()
		return items, err
	}
	return parseObject(decoder, depth)
}

func parseObject(decoder *json.Decoder, depth int) (any, error) {
	members := object{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok {
			return nil, errors.New("a key must be a string")
		}
		if _, twice := members[key]; twice {
			return nil, fmt.Errorf("key %.100q is there twice", key)
		}
		if members[key], err = parseValue(decoder, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return members, err
}

// loneSurrogate is the place of an escape that is half a character, which encoding/json would replace in silence; -1 if there is none.
func loneSurrogate(data []byte) int {
	for i := bytes.IndexByte(data, '\\'); i >= 0 && i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		first := escaped(data[i:])
		switch {
		case first < 0:
			i++ // an escape of one letter
		case !utf16.IsSurrogate(first):
			i += escapeLen - 1
		case utf16.DecodeRune(first, escaped(data[min(i+escapeLen, len(data)):])) == utf8.RuneError:
			return i
		default:
			i += 2*escapeLen - 1
		}
	}
	return -1
}

// escapeLen is that of \uXXXX.
const escapeLen = 6

// escaped is the code unit of the \uXXXX that data begin with, -1 if they do not.
func escaped(data []byte) rune {
	if len(data) < escapeLen || data[0] != '\\' || data[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(data[2:escapeLen]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}
