// Package schemas holds the record types of a context's schemas/ folder and turns payloads into plain values and back: Avro single-object
// encoding, Confluent wire format and JSON, recognised on input by their first bytes and the content type.
//
// # Plain values
//
// Every other package sees a message as a plain Go value, shaped by its [Type]:
//
//	null            nil
//	boolean         bool
//	int, long       int64; with a logical type (date, time-*, timestamp-*): int64 in the schema's unit (days, ms, µs, ns)
//	float, double   float64
//	string, enum    string; uuid: string
//	bytes, fixed    []byte; decimal: *big.Rat; duration: []byte
//	array, map      []any, map[string]any
//	record          []any: the fields in schema order
//	union           nil or the plain value of the branch; of several records that could be meant, schemas.Branch{Name, Value}
//
// Payloads written under an older schema are read as the folder's schema says (Avro schema resolution).
package schemas
