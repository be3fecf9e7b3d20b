package schemas_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/schemas"
)

func load(files map[string]string) (*schemas.Set, []schemas.Problem) {
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return schemas.LoadFS(tree)
}

func TestFilesNameTypesOfEachOtherInAnyOrder(t *testing.T) {
	set, problems := load(map[string]string{
		"a.avsc": `{"type":"record","name":"A","namespace":"x","fields":[{"name":"b","type":"y.B","default":{}},{"name":"again","type":["null","y.B"],"default":null}]}`,
		"sub/b.avsc": `[{"type":"record","name":"B","namespace":"y","fields":[{"name":"e","type":"E","default":"ON"},{"name":"n","type":"int","default":7}]},
		 {"type":"enum","name":"E","namespace":"y","symbols":["ON","OFF"]}]`,
		"c.avsc":    `{"type":"record","name":"C","fields":[{"name":"a","type":["null","x.A"],"default":null},{"name":"b","type":"y.B","default":{"n":1}},{"name":"c","type":{"type":"array","items":"C"},"default":[]}]}`,
		"notes.txt": `not a schema`,
	})
	require.Empty(t, problems)
	require.Len(t, set.Messages(), 3)
	for name, want := range map[string][]any{
		"A": {[]any{"ON", int64(7)}, nil}, "B": {"ON", int64(7)}, "x.A": {[]any{"ON", int64(7)}, nil}, "C": {nil, []any{"ON", int64(1)}, []any{}},
	} {
		m, err := set.Lookup(name)
		require.NoError(t, err)
		value, err := m.Default()
		require.NoError(t, err)
		require.Equal(t, want, value, name)
	}
}

func TestDefaultOfAReusedRecordLeansOnItsFields(t *testing.T) {
	set, problems := load(map[string]string{"s.avsc": `{"type":"record","name":"S","fields":[
	 {"name":"first","type":{"type":"record","name":"P","fields":[{"name":"x","type":"int","default":1},{"name":"q","type":
	  {"type":"record","name":"Q","fields":[{"name":"y","type":"long","default":2}]},"default":{}}]},"default":{"x":5}},
	 {"name":"second","type":"P","default":{"q":{"y":9}}},
	 {"name":"many","type":{"type":"array","items":"P"},"default":[{}]},
	 {"name":"either","type":["Q","P","null"],"default":{"y":3}}]}`})
	require.Empty(t, problems)
	m, err := set.Lookup("S")
	require.NoError(t, err)
	value, err := m.Default()
	require.NoError(t, err)
	require.Equal(t, []any{
		[]any{int64(5), []any{int64(2)}},
		[]any{int64(1), []any{int64(9)}},
		[]any{[]any{int64(1), []any{int64(2)}}},
		schemas.Branch{Name: "Q", Value: []any{int64(3)}},
	}, value)
}

func TestProblemsNamePlaceAndMend(t *testing.T) {
	for name, c := range map[string]struct {
		text         string
		line, column int
		says         string
	}{
		"not JSON":            {"{\n \"type\": record}", 2, 10, "not valid JSON"},
		"cut off":             {`{"type":"record"`, 1, 17, "not valid JSON"},
		"a missing type":      {"{\"type\":\"record\",\n \"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"Itm\"}]}", 2, 2, "field a: no type Itm (did you mean Item?)"},
		"a slip in a kind":    {`{"type":"record","name":"R","fields":[{"name":"a","type":"strng"}]}`, 1, 18, "no type strng (did you mean string?)"},
		"a wrong default":     {`{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}`, 1, 18, "default"},
		"two of a name":       {`[{"type":"enum","name":"R","symbols":["A"]},{"type":"enum","name":"R","symbols":["B"]}]`, 1, 17, "R is defined twice"},
		"two schemas":         {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[]}\n{}", 2, 2, "JSON array"},
		"no name":             {`{"type":"record","fields":[]}`, 1, 1, "needs a name"},
		"a scale too large":   {`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":2,"scale":3}}]}`, 1, 18, "scale"},
		"a record of endless": {`{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}`, 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := load(map[string]string{"r.avsc": c.text, "z.avsc": `{"type":"record","name":"Item","fields":[]}`})
			if c.says == "" {
				require.Empty(t, problems)
				return
			}
			require.Len(t, problems, 1)
			require.Equal(t, "r.avsc", problems[0].File)
			require.Contains(t, problems[0].Message, c.says)
			require.Equal(t, []int{c.line, c.column}, []int{problems[0].Line, problems[0].Column}, problems[0].Message)
		})
	}
}

func TestOneMistakeHidesNoOther(t *testing.T) {
	set, problems := load(map[string]string{
		"a.avsc": `{`, "b.avsc": `{"type":"record","name":"B","fields":[{"name":"x","type":"Nowhere"}]}`, "c.avsc": `{"type":"record","name":"C","fields":[]}`,
	})
	require.Len(t, problems, 2)
	require.Len(t, set.Messages(), 1)
}
