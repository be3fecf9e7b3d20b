package schemas

import "math/big"

// Kind is an Avro type's kind.
type Kind uint8

// The kinds of Avro.
const (
	Null Kind = iota
	Boolean
	Int
	Long
	Float
	Double
	String
	Bytes
	Fixed
	Enum
	Array
	Map
	Record
	Union
)

// Logical is an Avro logical type.
type Logical uint8

// The logical types of Avro. Values carry them in the schema's unit; see [Message].
const (
	NoLogical Logical = iota
	Decimal
	UUID
	Date
	TimeMillis
	TimeMicros
	TimestampMillis
	TimestampMicros
	TimestampNanos
	LocalTimestampMillis
	LocalTimestampMicros
	LocalTimestampNanos
	Duration
)

// A Type is a node of a schema. Types of named schemas are shared, so a tree may be walked by value only, never without end.
type Type struct {
	Kind    Kind
	Logical Logical
	// Name is the full name of a record, enum or fixed.
	Name string
	// Fields are a record's, in schema order.
	Fields []Field
	// Elem is the type of an array's items or a map's values.
	Elem *Type
	// Symbols are an enum's.
	Symbols []string
	// Size is a fixed's, in bytes.
	Size int
	// Precision and Scale are a decimal's.
	Precision, Scale int
	// Branches are a union's. Optional is the other branch of a union of null and one more; nil for any other type.
	Branches []*Type
	Optional *Type

	fieldIndex map[string]int
	// avroName names the type as a union's branch in Avro's JSON; goavroName does so in the schema given to goavro.
	avroName, goavroName string
	// aliases are other full names of a record, enum or fixed.
	aliases []string
	// direct: goavro's value is the plain value. empty: a value takes no bytes.
	direct, empty bool
	// wrapped: records among a union's branches come as Branch. tagged: JSON names the branch, as its form alone would not tell.
	wrapped, tagged bool
	// bound is 10^Precision of a decimal.
	bound *big.Int
}

// A Branch is a record as the value of a union in which other branches could be meant by the same value. Name is the record's full name.
type Branch struct {
	Name  string
	Value any
}

// A Field is a record's field.
type Field struct {
	Name string
	Type *Type
	// Default is the default as a plain value, when HasDefault.
	Default    any
	HasDefault bool
	Doc        string

	aliases []string
	// written is the default as the schema has it, until it is converted.
	written *writtenDefault
}

// FieldIndex is the place of the named field in Fields, -1 if the record has none.
func (t *Type) FieldIndex(name string) int {
	if i, ok := t.fieldIndex[name]; ok {
		return i
	}
	return -1
}
