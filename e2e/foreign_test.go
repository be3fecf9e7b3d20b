package e2e_test

import (
	"context"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// foreign does with a topic of nobody's what any Kafka client does:
//
//	foreign create TOPIC PARTITIONS
//	foreign delete TOPIC
//	foreign write TOPIC FILE           each line is a record without a key and without headers, as kcat writes it
//	foreign rows TOPIC FILE            each line is a record with a key, and a value after a space; without one it deletes the key
func (h *harness) foreign(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 && (len(args) != 2 || args[0] != "delete") {
		ts.Fatalf("usage: foreign create TOPIC PARTITIONS, foreign delete TOPIC, foreign write TOPIC FILE, foreign rows TOPIC FILE")
	}
	ts.Check(asked(strings.Split(brokerOf(ts), ","), func(cl *kgo.Client) error {
		switch args[0] {
		case "create":
			return createTopic(h.ctx, cl, args[1], args[2])
		case "delete":
			_, err := kadm.NewClient(cl).DeleteTopic(h.ctx, args[1])
			return err
		case "rows":
			return writeRows(h.ctx, cl, args[1], ts.ReadFile(args[2]))
		case "write":
			return writeLines(h.ctx, cl, args[1], ts.ReadFile(args[2]))
		}
		ts.Fatalf("foreign %s: there is no such thing", args[0])
		return nil
	}))
}

// brokerOf is where the script's processes are.
func brokerOf(ts *testscript.TestScript) string {
	if broker := ts.Getenv("BROKER"); broker != "" {
		return broker
	}
	return ts.Getenv(brokersEnv)
}

func createTopic(ctx context.Context, cl *kgo.Client, topic, partitions string) error {
	n, err := strconv.ParseInt(partitions, 10, 32)
	if err != nil {
		return err
	}
	_, err = kadm.NewClient(cl).CreateTopic(ctx, int32(n), -1, nil, topic)
	return err
}

func writeLines(ctx context.Context, cl *kgo.Client, topic, text string) error {
	var written []*kgo.Record
	for line := range strings.Lines(text) {
		written = append(written, &kgo.Record{Topic: topic, Value: []byte(strings.TrimSuffix(line, "\n"))})
	}
	return cl.ProduceSync(ctx, written...).FirstErr()
}

func writeRows(ctx context.Context, cl *kgo.Client, topic, text string) error {
	var written []*kgo.Record
	for line := range strings.Lines(text) {
		key, value, put := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		r := &kgo.Record{Topic: topic, Key: []byte(key)}
		if put {
			r.Value = []byte(value)
		}
		written = append(written, r)
	}
	return cl.ProduceSync(ctx, written...).FirstErr()
}
