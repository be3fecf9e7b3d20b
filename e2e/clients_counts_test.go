package e2e_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/crdt"
)

// fakeKafka is a confluent_kafka whose topic is the file that RECORDS names: key and value of each record, the value in hexadecimal digits.
const fakeKafka = `
import json, os

OFFSET_BEGINNING = -2

class KafkaError:
    _PARTITION_EOF = -191
    def code(self):
        return self._PARTITION_EOF

class TopicPartition:
    def __init__(self, *_):
        pass

class Record:
    def __init__(self, key=None, value=None):
        self.k, self.v = key, value
    def error(self):
        return KafkaError() if self.k is None else None
    def key(self):
        return self.k.encode()
    def value(self):
        return bytes.fromhex(self.v)
    def partition(self):
        return 0

class Topics:
    class topics(dict):
        partitions = [0]
    topics = {"shop.replicated": topics}

class Consumer:
    def __init__(self, _):
        self.records = [Record(*r) for r in json.load(open(os.environ["RECORDS"]))] + [Record()]
    def list_topics(self, _):
        return Topics
    def assign(self, _):
        pass
    def poll(self, _):
        return self.records.pop(0)
    def close(self):
        pass
`

// TestThePythonProgramCountsAsPartitaDoes gives it contributions of shards that had heard of each other late, or not at all.
func TestThePythonProgramCountsAsPartitaDoes(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("needs python3")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "confluent_kafka.py"), []byte(fakeKafka), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "counts.py"), []byte(read(t, "e2e/clients/python/counts.py")), 0o600))
	var records [][2]string
	want := map[string]string{}
	for seed := range uint64(30) {
		name := fmt.Sprintf("value-%d", seed)
		contributions, view := counted(t, seed)
		for _, c := range contributions {
			records = append(records, [2]string{fmt.Sprintf("%s/cart/%d", name, c.Shard()), hex.EncodeToString(c.Append(nil))})
		}
		want[name] = string(view.AppendValue(nil))
	}
	data, err := json.Marshal(records)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "records.json"), data, 0o600))
	for name, value := range want {
		program := exec.CommandContext(t.Context(), python, filepath.Join(dir, "counts.py"), name)
		program.Env = []string{"RECORDS=" + filepath.Join(dir, "records.json")}
		said, err := program.CombinedOutput()
		require.NoError(t, err, "%s", said)
		require.JSONEq(t, value, string(said), name)
	}
}

// counted is what three shards have made of a counter, or of a map of them, by changes drawn from a seed, and what it comes to.
func counted(t *testing.T, seed uint64) ([]crdt.Contribution, crdt.View) {
	t.Helper()
	typ, err := crdt.ParseType([]string{"counter", "map of counter", "map of map of counter"}[seed%3])
	require.NoError(t, err)
	draw := rand.New(rand.NewPCG(seed, 1))
	path := func(depth int) []string {
		keys := make([]string, depth)
		for i := range keys {
			keys[i] = []string{"pear", "apple", `"quoted"`}[draw.IntN(3)]
		}
		return keys
	}
	depth := int(seed % 3)
	own, sees := make([]crdt.Contribution, 3), make([]crdt.View, 3)
	for i := range own {
		own[i] = crdt.New(typ, int32(i+1)<<14|11)
		sees[i], err = crdt.Fold(typ)
		require.NoError(t, err)
	}
	for range 40 {
		i, o := draw.IntN(3), crdt.Increment(draw.Int64N(200)-100).At(path(depth)...)
		switch kind := draw.IntN(10); {
		case kind < 4:
			sees[i], err = sees[i].With(own[draw.IntN(3)])
			require.NoError(t, err)
			continue
		case kind == 4 && depth > 0:
			o = crdt.Delete(path(1)[0]).At(path(draw.IntN(depth))...)
		}
		seen, err := sees[i].With(own[i])
		require.NoError(t, err)
		own[i], err = own[i].Apply(o, seen)
		require.NoError(t, err)
	}
	view, err := crdt.Fold(typ, own...)
	require.NoError(t, err)
	return own, view
}
