package crdt

import "strconv"

// AppendJSON appends the value as JSON, alike for all who know the same:
//
//	counter, grow-counter     {"value":3}
//	flag                      {"value":true}
//	register                  {"value":"x"}; null if none was assigned
//	multi-register            {"value":["x","y"]}
//	set, grow-set             {"value":["apple","pear"]}
//	vote                      {"value":{"yes":2,"of":3}}
//	map of counter            {"value":{"alice":3}}; values as above, without "value"
func (v View) AppendJSON(dst []byte) []byte {
	return append(v.AppendValue(append(dst, `{"value":`...)), '}')
}

// AppendValue appends what stands under "value" there.
func (v View) AppendValue(dst []byte) []byte {
	switch v.typ.Kind() {
	case Counter, GrowCounter:
		return v.Count().Append(dst, 10)
	case Flag:
		return strconv.AppendBool(dst, v.Enabled())
	case Register:
		if value, ok := v.Value(); ok {
			return append(dst, value.json...)
		}
	case MultiRegister, Set, GrowSet:
		return appendList(dst, v.Values())
	case Vote:
		yes, of := v.Tally()
		dst = strconv.AppendInt(append(dst, `{"yes":`...), int64(yes), 10)
		return append(strconv.AppendInt(append(dst, `,"of":`...), int64(of), 10), '}')
	case Map:
		return v.appendMap(dst)
	case nothing:
	}
	return append(dst, Null.json...)
}

func appendList(dst []byte, values []Scalar) []byte {
	dst = append(dst, '[')
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, value.json...)
	}
	return append(dst, ']')
}

func (v View) appendMap(dst []byte) []byte {
	dst = append(dst, '{')
	start := len(dst)
	for key, parts := range v.branches() {
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(append(dst, key...), ':')
		dst = View{typ: v.typ.Of(), parts: parts}.AppendValue(dst)
	}
	return append(dst, '}')
}
