package crdt_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/crdt"
)

// wide is how many shards the benchmarks have.
const wide = 64

// counted are the contributions of all shards to a value, each after an operation.
func counted(b *testing.B, kind string, operations ...crdt.Operation) []crdt.Contribution {
	b.Helper()
	list := make([]crdt.Contribution, 0, wide)
	for _, s := range shardsOf(b, kind, wide) {
		s.does(operations...)
		list = append(list, s.own)
	}
	return list
}

func folded(b *testing.B, list []crdt.Contribution) crdt.View {
	b.Helper()
	view, err := crdt.Fold(list[0].Type(), list...)
	require.NoError(b, err)
	return view
}

// An effect of a command: what it changes and what is written, with a view of 64 shards.
func BenchmarkIncrementAndEncode(b *testing.B) {
	list := counted(b, "counter", crdt.Increment(1))
	own, view := list[7], folded(b, list)
	buffer := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		next, err := own.Apply(crdt.Increment(1), view)
		if err != nil {
			b.Fatal(err)
		}
		own, buffer = next, next.Append(buffer[:0])
	}
}

// What a reader does that begins: it reads 6,400 records and has the value of 100 counters.
func BenchmarkFold64ShardsOf100Counters(b *testing.B) {
	list := counted(b, "counter", crdt.Increment(1))
	encoded := make([][]byte, wide)
	for i, c := range list {
		encoded[i] = c.Append(nil)
	}
	b.Run("fold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for range 100 {
				if folded(b, list).Count().Int64() != wide {
					b.Fatal("wrong")
				}
			}
		}
	})
	b.Run("parse and fold", func(b *testing.B) {
		b.ReportAllocs()
		read := make([]crdt.Contribution, wide)
		for b.Loop() {
			for range 100 {
				for i := range encoded {
					c, err := crdt.Parse(encoded[i])
					if err != nil {
						b.Fatal(err)
					}
					read[i] = c
				}
				if folded(b, read).Count().Int64() != wide {
					b.Fatal("wrong")
				}
			}
		}
	})
	b.Run("as a map", func(b *testing.B) {
		operations := make([]crdt.Operation, 100)
		for i := range operations {
			operations[i] = crdt.Increment(1).At(fmt.Sprint("counter-", i))
		}
		list := counted(b, "map of counter", operations...)
		var buffer []byte
		b.ReportAllocs()
		for b.Loop() {
			buffer = folded(b, list).AppendJSON(buffer[:0])
		}
	})
}

// What a reader does with each record that comes.
func BenchmarkHearOneOf64Shards(b *testing.B) {
	list := counted(b, "counter", crdt.Increment(1))
	view := folded(b, list)
	next, err := list[7].Apply(crdt.Increment(1), view)
	require.NoError(b, err)
	encoded := next.Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		c, err := crdt.Parse(encoded)
		if err != nil {
			b.Fatal(err)
		}
		if _, err = view.With(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSetOf10000Elements(b *testing.B) {
	one := shardsOf(b, "set", 1)[0]
	for i := range 10_000 {
		one.does(crdt.Add(crdt.Int(int64(i))))
	}
	encoded := one.own.Append(nil)
	b.Run("add", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := one.own.Apply(crdt.Add(apple), one.view); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			encoded = one.own.Append(encoded[:0])
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := crdt.Parse(encoded); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("contains", func(b *testing.B) {
		for b.Loop() {
			if !one.view.Contains(crdt.Int(7777)) {
				b.Fatal("wrong")
			}
		}
	})
}
