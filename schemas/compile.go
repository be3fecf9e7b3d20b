package schemas

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/avro"
)

// maxPrecision bounds decimals, whose arithmetic costs more than their bytes.
const maxPrecision = 1000

var kinds = map[string]Kind{
	"null": Null, "boolean": Boolean, "int": Int, "long": Long, "float": Float, "double": Double, "string": String, "bytes": Bytes,
	"fixed": Fixed, "enum": Enum, "array": Array, "map": Map, "record": Record, "error": Record, "union": Union,
}

var logicals = map[string]Logical{
	"decimal": Decimal, "uuid": UUID, "date": Date, "time-millis": TimeMillis, "time-micros": TimeMicros,
	"timestamp-millis": TimestampMillis, "timestamp-micros": TimestampMicros, "timestamp-nanos": TimestampNanos,
	"local-timestamp-millis": LocalTimestampMillis, "local-timestamp-micros": LocalTimestampMicros,
	"local-timestamp-nanos": LocalTimestampNanos, "duration": Duration,
}

// rawLogicals makes twmb/avro yield values in the schema's unit: the logical layer is one, in logical.go.
func rawLogicals() []avro.SchemaOpt {
	opts := make([]avro.SchemaOpt, 0, len(logicals))
	for name := range logicals {
		opts = append(opts, avro.CustomType{LogicalType: name})
	}
	return opts
}

// compile makes a Message of a complete schema.
func compile(schemaJSON string) (*Message, error) {
	resolver, err := avro.Parse(schemaJSON, rawLogicals()...)
	if err != nil {
		return nil, err
	}
	root := resolver.Root()
	c := compiler{named: map[string]*Type{}}
	t, err := c.build(root)
	if err != nil {
		return nil, err
	}
	if t.Kind != Record {
		return nil, errors.New("not a record: a message is a record")
	}
	if err := c.finish(); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(rawSchema(t, map[*Type]bool{}))
	if err != nil {
		return nil, fmt.Errorf("schema for goavro: %w", err)
	}
	codec, err := goavro.NewCodec(string(raw))
	if err != nil {
		return nil, fmt.Errorf("schema for goavro: %w", err)
	}
	return &Message{
		Name: lastPart(t.Name), FullName: t.Name, Type: t, SchemaJSON: schemaJSON, codec: codec, resolver: resolver,
		Fingerprint: binary.BigEndian.Uint64(resolver.Fingerprint(avro.NewRabin())),
	}, nil
}

type compiler struct {
	named map[string]*Type
	all   []*Type
}

func (c *compiler) build(node *avro.SchemaNode) (*Type, error) {
	kind, known := kinds[node.Type]
	if !known {
		if t := c.named[node.Type]; t != nil {
			return t, nil
		}
		return nil, fmt.Errorf("unknown type %q", node.Type)
	}
	t := &Type{Kind: kind, Size: node.Size, Symbols: node.Symbols, avroName: node.Type, goavroName: node.Type}
	if kind == Record || kind == Enum || kind == Fixed {
		c.register(t, node)
	}
	c.all = append(c.all, t)
	if err := setLogical(t, node); err != nil {
		return nil, err
	}
	//exhaustive:ignore
	switch kind {
	case Array:
		return t, c.elem(t, node.Items)
	case Map:
		return t, c.elem(t, node.Values)
	case Record:
		return t, c.fields(t, node.Fields)
	case Union:
		return t, c.branches(t, node.Branches)
	default:
		return t, nil
	}
}

func (c *compiler) register(t *Type, node *avro.SchemaNode) {
	t.Name = node.Name
	if node.Namespace != "" && lastPart(node.Name) == node.Name {
		t.Name = node.Namespace + "." + node.Name
	}
	for _, alias := range node.Aliases {
		if node.Namespace != "" && !strings.Contains(alias, ".") {
			alias = node.Namespace + "." + alias
		}
		t.aliases = append(t.aliases, alias)
	}
	t.avroName = t.Name
	// goavro gives a name without namespace that of the type around it; names of our own leave no doubt.
	t.goavroName = "_goavro._" + strconv.Itoa(len(c.named))
	c.named[t.Name] = t
}

func setLogical(t *Type, node *avro.SchemaNode) error {
	logical := logicals[node.LogicalType]
	if !fits(logical, t) {
		return nil
	}
	t.Logical = logical
	if logical == Decimal {
		if node.Precision < 1 || node.Precision > maxPrecision || node.Scale < 0 || node.Scale > node.Precision {
			return fmt.Errorf("decimal: precision %d, scale %d: precision must be 1 to %d and scale 0 to precision",
				node.Precision, node.Scale, maxPrecision)
		}
		t.Precision, t.Scale = node.Precision, node.Scale
		t.bound = new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Precision)), nil)
	}
	return nil
}

// fits tells whether the logical type is one of t's kind; as Avro demands, it is ignored where it is not.
func fits(logical Logical, t *Type) bool {
	//exhaustive:ignore
	switch logical {
	case NoLogical:
		return false
	case Decimal:
		return t.Kind == Bytes || t.Kind == Fixed
	case UUID:
		return t.Kind == String
	case Date, TimeMillis:
		return t.Kind == Int
	case Duration:
		return t.Kind == Fixed && t.Size == 12
	default:
		return t.Kind == Long
	}
}

func (c *compiler) elem(t *Type, node *avro.SchemaNode) (err error) {
	t.Elem, err = c.build(node)
	return err
}

func (c *compiler) fields(t *Type, fields []avro.SchemaField) error {
	t.fieldIndex = make(map[string]int, len(fields))
	t.Fields = make([]Field, len(fields))
	for i := range fields {
		fieldType, err := c.build(&fields[i].Type)
		if err != nil {
			return fmt.Errorf("field %s: %w", fields[i].Name, err)
		}
		t.Fields[i] = Field{Name: fields[i].Name, Type: fieldType, HasDefault: fields[i].HasDefault, Doc: fields[i].Doc, aliases: fields[i].Aliases}
		t.fieldIndex[fields[i].Name] = i
		if fields[i].HasDefault {
			t.Fields[i].written = &writtenDefault{value: fields[i].Default}
		}
	}
	return nil
}

func (c *compiler) branches(t *Type, nodes []avro.SchemaNode) error {
	for i := range nodes {
		branch, err := c.build(&nodes[i])
		if err != nil {
			return err
		}
		t.Branches = append(t.Branches, branch)
	}
	if len(t.Branches) == 2 {
		switch {
		case t.Branches[0].Kind == Null:
			t.Optional = t.Branches[1]
		case t.Branches[1].Kind == Null:
			t.Optional = t.Branches[0]
		}
	}
	return nil
}
