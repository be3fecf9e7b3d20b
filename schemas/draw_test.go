package schemas_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/schemas"
)

type object = map[string]any

var scalars = []any{
	"null", "boolean", "int", "long", "float", "double", "string", "bytes",
	logical("int", "date"), logical("int", "time-millis"), logical("long", "time-micros"),
	logical("long", "timestamp-millis"), logical("long", "timestamp-micros"), logical("long", "timestamp-nanos"),
	logical("long", "local-timestamp-millis"), logical("long", "local-timestamp-micros"), logical("long", "local-timestamp-nanos"),
	logical("string", "uuid"),
	object{"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 3},
}

func logical(kind, name string) any { return object{"type": kind, "logicalType": name} }

// A schemaDrawer draws schemas; every named type gets a name of its own.
type schemaDrawer struct {
	t       *rapid.T
	records []string
	names   int
}

func (d *schemaDrawer) name() string {
	d.names++
	return fmt.Sprintf("T%d", d.names)
}

func (d *schemaDrawer) record(depth int) any {
	name := d.name()
	d.records = append(d.records, "laws."+name)
	fields := []any{}
	for i := range rapid.IntRange(0, 4).Draw(d.t, "fields") {
		fields = append(fields, object{"name": fmt.Sprintf("f%d", i), "type": d.any(depth + 1)})
	}
	return object{"type": "record", "name": name, "namespace": "laws", "fields": fields}
}

func (d *schemaDrawer) any(depth int) any {
	kinds := 4
	if depth < 4 {
		kinds = 9
	}
	switch rapid.IntRange(0, kinds).Draw(d.t, "kind") {
	case 3:
		return object{"type": "enum", "name": d.name(), "symbols": []string{"RED", "GREEN"}}
	case 4:
		sizes := []any{object{"size": 3}, object{"size": 12, "logicalType": "duration"}, object{"size": 4, "logicalType": "decimal", "precision": 9, "scale": 2}}
		fixed := rapid.SampledFrom(sizes).Draw(d.t, "fixed").(object)
		out := object{"type": "fixed", "name": d.name()}
		for key, value := range fixed {
			out[key] = value
		}
		return out
	case 5:
		return object{"type": "array", "items": d.any(depth + 1)}
	case 6:
		return object{"type": "map", "values": d.any(depth + 1)}
	case 7:
		return d.record(depth)
	case 8:
		return d.union(depth)
	case 9:
		return []any{"null", rapid.SampledFrom(d.records).Draw(d.t, "recursion")}
	default:
		return rapid.SampledFrom(scalars).Draw(d.t, "scalar")
	}
}

func (d *schemaDrawer) union(depth int) any {
	branches, seen := []any{}, map[string]bool{}
	for range rapid.IntRange(1, 4).Draw(d.t, "branches") {
		before := len(d.records)
		branch := d.any(depth + 1)
		kind := branchName(branch)
		if kind == "" || seen[kind] {
			d.records = d.records[:before] // what is left out defines nothing
			continue
		}
		seen[kind] = true
		branches = append(branches, branch)
	}
	if len(branches) == 0 {
		return "string"
	}
	return branches
}

// branchName is what must differ among a union's branches; empty for a union, which none may be.
func branchName(branch any) string {
	switch branch := branch.(type) {
	case string:
		return branch
	case object:
		if name, ok := branch["name"].(string); ok {
			return name
		}
		return branch["type"].(string)
	default:
		return ""
	}
}

func drawMessage(t *rapid.T) (*schemas.Set, *schemas.Message) {
	text, err := json.Marshal((&schemaDrawer{t: t}).record(0))
	require.NoError(t, err)
	set, err := schemas.Parse(string(text))
	require.NoError(t, err, "%s", text)
	m, err := set.Lookup("T1")
	require.NoError(t, err)
	return set, m
}

// drawValue draws a plain value; from some depth on optional parts are left out.
func drawValue(t *rapid.T, typ *schemas.Type, depth int) any {
	//exhaustive:ignore
	switch typ.Kind {
	case schemas.Array:
		items := []any{}
		for range count(t, depth) {
			items = append(items, drawValue(t, typ.Elem, depth+1))
		}
		return items
	case schemas.Map:
		entries := object{}
		for range count(t, depth) {
			entries[rapid.String().Draw(t, "key")] = drawValue(t, typ.Elem, depth+1)
		}
		return entries
	case schemas.Record:
		fields := make([]any, len(typ.Fields))
		for i := range typ.Fields {
			fields[i] = drawValue(t, typ.Fields[i].Type, depth+1)
		}
		return fields
	case schemas.Union:
		return drawBranch(t, typ, depth)
	default:
		return drawScalar(t, typ)
	}
}

func count(t *rapid.T, depth int) int {
	if depth > 8 {
		return 0
	}
	return rapid.IntRange(0, 3).Draw(t, "count")
}

func drawBranch(t *rapid.T, typ *schemas.Type, depth int) any {
	records, arrays := 0, 0
	for _, branch := range typ.Branches {
		//exhaustive:ignore
		switch branch.Kind {
		case schemas.Record:
			records++
		case schemas.Array:
			arrays++
		}
	}
	if typ.Optional != nil && depth > 8 {
		return nil
	}
	branch := rapid.SampledFrom(typ.Branches).Draw(t, "branch")
	value := drawValue(t, branch, depth+1)
	if branch.Kind == schemas.Record && (records > 1 || arrays > 0) {
		return schemas.Branch{Name: branch.Name, Value: value}
	}
	return value
}

func drawScalar(t *rapid.T, typ *schemas.Type) any {
	//exhaustive:ignore
	switch typ.Logical {
	case schemas.Decimal:
		digits := int64(1)
		for range min(typ.Precision, 9) {
			digits *= 10
		}
		n := rapid.Int64Range(1-digits, digits-1).Draw(t, "unscaled")
		return new(big.Rat).SetFrac(big.NewInt(n), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(typ.Scale)), nil))
	case schemas.UUID:
		return rapid.StringMatching(`[0-9a-fA-F]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).Draw(t, "uuid")
	case schemas.TimeMillis:
		return rapid.Int64Range(0, 86399999).Draw(t, "time")
	case schemas.TimeMicros:
		return rapid.Int64Range(0, 86399999999).Draw(t, "time")
	}
	//exhaustive:ignore
	switch typ.Kind {
	case schemas.Boolean:
		return rapid.Bool().Draw(t, "boolean")
	case schemas.Int:
		return int64(rapid.Int32().Draw(t, "int"))
	case schemas.Long:
		return rapid.Int64().Draw(t, "long")
	case schemas.Float:
		return float64(rapid.OneOf(rapid.Float32(), rapid.Just(float32(math.Inf(1)))).Draw(t, "float"))
	case schemas.Double:
		return rapid.OneOf(rapid.Float64(), rapid.Just(math.Inf(-1))).Draw(t, "double")
	case schemas.String:
		return rapid.String().Draw(t, "string")
	case schemas.Enum:
		return rapid.SampledFrom(typ.Symbols).Draw(t, "symbol")
	case schemas.Bytes:
		return rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "bytes")
	case schemas.Fixed:
		return rapid.SliceOfN(rapid.Byte(), typ.Size, typ.Size).Draw(t, "fixed")
	default:
		return nil
	}
}

// same tells whether two plain values are equal; decimals are compared as numbers.
func same(a, b any) bool {
	switch a := a.(type) {
	case *big.Rat:
		other, ok := b.(*big.Rat)
		return ok && a.Cmp(other) == 0
	case schemas.Branch:
		other, ok := b.(schemas.Branch)
		return ok && a.Name == other.Name && same(a.Value, other.Value)
	case []any:
		other, ok := b.([]any)
		for i := range a {
			ok = ok && i < len(other) && same(a[i], other[i])
		}
		return ok && len(a) == len(other)
	case object:
		other, ok := b.(object)
		for key := range a {
			ok = ok && same(a[key], other[key])
		}
		return ok && len(a) == len(other)
	case []byte:
		other, ok := b.([]byte)
		return ok && string(a) == string(other)
	}
	return reflect.DeepEqual(a, b)
}
