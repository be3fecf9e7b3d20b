package contexts

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// jsonOf is a YAML value as the JSON that a sender would write: what YAML takes for a date stays the string it was.
func jsonOf(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		object := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			object[n.Content[i].Value] = jsonOf(n.Content[i+1])
		}
		return object
	case yaml.SequenceNode:
		array := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			array = append(array, jsonOf(item))
		}
		return array
	case yaml.ScalarNode:
		return jsonScalar(n)
	case yaml.AliasNode, yaml.DocumentNode:
		// Files with aliases are refused when they are read, and a document is not within one.
	}
	return nil
}

func jsonScalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	case "!!int":
		if i, ok := new(big.Int).SetString(strings.ReplaceAll(n.Value, "_", ""), 0); ok {
			return json.Number(i.String())
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			if data, err := json.Marshal(f); err == nil {
				return numberAsWritten(n.Value, string(data))
			}
		}
	}
	return n.Value
}

// numberAsWritten keeps all digits of a number that is JSON already, so that a decimal stays exact.
func numberAsWritten(written, converted string) json.Number {
	if json.Valid([]byte(written)) {
		return json.Number(written)
	}
	return json.Number(converted)
}

// marshal encodes a value made by jsonOf, which cannot fail: it holds nothing but JSON.
func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return data
}
