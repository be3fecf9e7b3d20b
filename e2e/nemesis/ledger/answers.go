package ledger

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
)

// enter puts the client's next command into the book. The channel is closed when its answer is there.
func (w *Workload) enter(c *client, s *slot) (*operation, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	number := len(w.book.operations)
	o := &operation{command: draw(c.rand, s, number), Number: number, Client: c.number}
	w.book.operations = append(w.book.operations, o)
	answered := make(chan struct{})
	w.waiting[number] = answered
	o.Called = time.Since(w.started)
	return o, answered
}

func (w *Workload) asking(o *operation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o.Asked++
}

// answered is given every record of the reply topic. The first answer to a command counts, those after it must be the same.
func (w *Workload) answered(r *kgo.Record) {
	number, ours := strings.CutPrefix(headerOf(r, records.CorrelationID), w.book.source+"/")
	if !ours {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= len(w.book.operations) {
		w.findings = append(w.findings, finding(AnswerDisagrees, "an answer to command %q, which was not asked: %.200q", number, r.Value))
		return
	}
	o := w.book.operations[n]
	a, repeated, err := parseAnswer(r.Value)
	switch {
	case err != nil:
		w.findings = append(w.findings, finding(AnswerDisagrees, "%v: %.200q: %s", err, r.Value, o))
		return
	case string(r.Key) != o.ID:
		w.findings = append(w.findings, finding(AnswerDisagrees, "the answer is of entity %q: %s", r.Key, o))
	case o.Answer == nil:
		o.Answer, o.Returned = &a, time.Since(w.started)
		close(w.waiting[n])
		delete(w.waiting, n)
	case a != *o.Answer:
		w.findings = append(w.findings, finding(AnswerDisagrees, "asked again (repeated: %t) it is %s: %s", repeated, &a, o))
	case !repeated:
		w.findings = append(w.findings, finding(Doubled, "two answers to a command say that they are the first: %s", o))
	}
	if repeated {
		w.repeated++
	}
}

func headerOf(r *kgo.Record, key string) string {
	i := slices.IndexFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == key })
	if i < 0 {
		return ""
	}
	return string(r.Headers[i].Value)
}

func parseAnswer(value []byte) (a answer, repeated bool, err error) {
	parsed, err := entities.ParseAnswer(value)
	if err != nil {
		return answer{}, false, err
	}
	var reply bytes.Buffer
	if len(parsed.Reply) > 0 {
		if err := json.Compact(&reply, parsed.Reply); err != nil {
			return answer{}, false, err
		}
	}
	return answer{Status: parsed.Status, Code: parsed.Code, Sequence: parsed.Sequence, Events: parsed.Events, Reply: reply.String()}, parsed.Repeated, nil
}
