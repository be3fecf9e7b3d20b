package simulation

import (
	"encoding/binary"
	"fmt"
	"maps"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// A witness reads what the instances ask of the brokers and what they are answered, as far as invariant 1 is about it: fences and commits.
type witness struct {
	// mu guards the rest.
	mu      sync.Mutex
	fences  map[writer]*fence
	wrongs  []error
	commits int
}

// A fence is what the group vouched for in one transaction, as its writer was told.
type fence struct {
	// life is the process that asked.
	life   string
	shards map[int32]bool
}

func newWitness() *witness { return &witness{fences: map[writer]*fence{}} }

// An observed request is one that the answer to matters.
type observed struct {
	life    string
	request kmsg.Request
}

// request takes a request that is about to be sent, as one frame; it returns nil if its answer does not matter.
func (w *witness) request(life string, frame []byte) (correlation int32, o *observed) {
	req, correlation := parseRequest(frame, kmsg.TxnOffsetCommit, kmsg.EndTxn)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch req := req.(type) {
	case *kmsg.TxnOffsetCommitRequest:
		if req.MemberID == "" || req.Generation < 0 {
			w.wrongs = append(w.wrongs, fmt.Errorf("invariant 1: %s sends a fence of member %q, generation %d", life, req.MemberID, req.Generation))
		}
		return correlation, &observed{life: life, request: req}
	case *kmsg.EndTxnRequest:
		if req.Commit {
			w.commits++
			if w.fences[writer{req.ProducerID, req.ProducerEpoch}] == nil {
				w.wrongs = append(w.wrongs, fmt.Errorf("invariant 1: %s commits %d/%d without a fence", life, req.ProducerID, req.ProducerEpoch))
			}
		}
	}
	return 0, nil
}

// response takes the answer to an observed request, as its client reads it.
func (w *witness) response(o *observed, body []byte) {
	req := o.request.(*kmsg.TxnOffsetCommitRequest)
	resp, err := parseResponse(req, body)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	id := writer{req.ProducerID, req.ProducerEpoch}
	f := &fence{life: o.life, shards: map[int32]bool{}}
	for _, t := range resp.(*kmsg.TxnOffsetCommitResponse).Topics {
		for _, p := range t.Partitions {
			if p.ErrorCode != 0 {
				return
			}
			f.shards[p.Partition] = true
		}
	}
	if before := w.fences[id]; before != nil {
		maps.Copy(f.shards, before.shards)
	}
	w.fences[id] = f
}

// parseRequest reads a request if it is of one of the keys; nil if not. Its layout is in KIP-482.
func parseRequest(frame []byte, keys ...kmsg.Key) (req kmsg.Request, correlation int32) {
	const fixed = 4 + 2 + 2 + 4 + 2
	if len(frame) < fixed {
		return nil, 0
	}
	key := int16(binary.BigEndian.Uint16(frame[4:]))
	wanted := false
	for _, k := range keys {
		wanted = wanted || k.Int16() == key
	}
	if !wanted {
		return nil, 0
	}
	req = kmsg.RequestForKey(key)
	req.SetVersion(int16(binary.BigEndian.Uint16(frame[6:])))
	rest := frame[fixed+max(0, int(int16(binary.BigEndian.Uint16(frame[12:])))):]
	if req.IsFlexible() {
		rest = rest[1:] // No tags.
	}
	if req.ReadFrom(rest) != nil {
		return nil, 0
	}
	return req, int32(binary.BigEndian.Uint32(frame[8:]))
}

func parseResponse(req kmsg.Request, body []byte) (kmsg.Response, error) {
	resp := req.ResponseKind()
	resp.SetVersion(req.GetVersion())
	if req.IsFlexible() {
		body = body[1:] // No tags.
	}
	return resp, resp.ReadFrom(body)
}

// A framing cuts the bytes of a connection into answers.
type framing struct {
	head []byte
	// left is how much is to come of the answer that is being read, body what came of it if somebody waits for it.
	left int
	body []byte
	// waiting are requests by correlation id.
	waiting map[int32]*observed
	current *observed
}

const answerHead = 4 + 4 // Its length, its correlation id.

// take calls done for each awaited answer that is complete.
func (f *framing) take(b []byte, done func(*observed, []byte)) {
	for len(b) > 0 {
		if f.left == 0 {
			n := min(answerHead-len(f.head), len(b))
			f.head, b = append(f.head, b[:n]...), b[n:]
			if len(f.head) < answerHead {
				return
			}
			f.left = int(binary.BigEndian.Uint32(f.head)) - 4
			correlation := int32(binary.BigEndian.Uint32(f.head[4:]))
			f.head, f.body = f.head[:0], f.body[:0]
			f.current = f.waiting[correlation]
			delete(f.waiting, correlation)
			continue
		}
		n := min(f.left, len(b))
		if f.current != nil {
			f.body = append(f.body, b[:n]...)
		}
		f.left -= n
		b = b[n:]
		if f.left == 0 && f.current != nil {
			done(f.current, f.body)
			f.current = nil
		}
	}
}
