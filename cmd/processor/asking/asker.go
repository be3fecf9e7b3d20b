package asking

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
)

// Options say whom to ask.
type Options struct {
	Context topics.Context
	Client  client.Config
	// NoWait has commands end when the brokers have them.
	NoWait bool
	// Timeout is how long one command may take.
	Timeout time.Duration
}

// underWay bounds how many commands have no end yet. It is more than two windows of the engine take, so that it is never short of work.
const underWay = 1 << 15

// An Asker sends commands.
type Asker struct {
	options  Options
	producer *kgo.Client
	replies  *replies
	nonce    string
	slots    chan struct{}
	stop     context.CancelFunc
	closing  sync.Once
	loops    sync.WaitGroup

	// mu guards what follows.
	mu      sync.Mutex
	number  uint64
	pending map[uint64]*pending
	open    sync.WaitGroup
}

type pending struct {
	sent    time.Time
	written bool
	done    func(Result)
}

// Open makes clients, and with answers to come finds the end of the partition they will come to.
func Open(ctx context.Context, o Options) (*Asker, error) {
	a := &Asker{options: o, nonce: newNonce(), slots: make(chan struct{}, underWay), pending: map[uint64]*pending{}}
	var err error
	if a.producer, err = client.NewPlainProducer(o.Client); err != nil {
		return nil, err
	}
	if !o.NoWait {
		ctx, cancel := context.WithTimeout(ctx, o.Timeout)
		defer cancel()
		if a.replies, err = openReplies(ctx, o); err != nil {
			a.producer.Close()
			return nil, err
		}
	}
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	a.loops.Go(func() { a.expire(inner) })
	if a.replies != nil {
		a.loops.Go(func() { a.replies.read(inner, a.answered, a.failAll) })
	}
	return a, nil
}

func newNonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // Never fails, see crypto/rand.
	return hex.EncodeToString(b[:])
}

// Ask sends c, and has done called when it has ended, from another goroutine. It blocks while too many are under way, until ctx ends.
func (a *Asker) Ask(ctx context.Context, c Command, done func(Result)) error {
	select {
	case a.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	number := a.enter(done)
	r := c.record()
	r.Topic = a.options.Context.Commands(c.Entity).Name
	r.Partition = records.Partition(r.Key, a.options.Context.Partitions)
	if a.replies != nil {
		r.Headers = append(r.Headers, a.replies.headers(a.nonce+"-"+strconv.FormatUint(number, 10))...)
	}
	// A command that the brokers did not take in time must not reach them later.
	ctx, cancel := context.WithTimeout(ctx, a.options.Timeout)
	a.producer.Produce(ctx, r, func(_ *kgo.Record, err error) {
		cancel()
		a.produced(number, client.NameRight(err, "WRITE", "topic "+r.Topic))
	})
	return nil
}

func (a *Asker) enter(done func(Result)) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.number++
	a.pending[a.number] = &pending{sent: time.Now(), done: done}
	a.open.Add(1)
	return a.number
}

func (a *Asker) produced(number uint64, err error) {
	if errors.Is(err, context.DeadlineExceeded) {
		err = &TimeoutError{Timeout: a.options.Timeout}
	}
	if err != nil {
		a.end(number, Result{Err: fmt.Errorf("sending the command: %w", err)})
		return
	}
	if a.options.NoWait {
		a.end(number, Result{})
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.pending[number]; p != nil {
		p.written = true
	}
}

func (a *Asker) answered(correlation string, value []byte) {
	text, ours := strings.CutPrefix(correlation, a.nonce+"-")
	number, err := strconv.ParseUint(text, 10, 64)
	if !ours || err != nil {
		return // Others have their answers in this topic too.
	}
	answer, err := parseAnswer(value)
	a.end(number, Result{Answer: answer, Err: err})
}

// end ends a command, once: a second answer finds nobody waiting.
func (a *Asker) end(number uint64, r Result) {
	a.mu.Lock()
	p := a.pending[number]
	delete(a.pending, number)
	a.mu.Unlock()
	if p == nil {
		return
	}
	r.Took = time.Since(p.sent)
	p.done(r)
	<-a.slots
	a.open.Done()
}

func (a *Asker) failAll(err error) {
	for _, number := range a.waitingSince(time.Now()) {
		a.end(number, Result{Err: err})
	}
}

// waitingSince are the commands sent at or before then.
func (a *Asker) waitingSince(then time.Time) []uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	var numbers []uint64
	for number, p := range a.pending {
		if !p.sent.After(then) {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

const expireInterval = 100 * time.Millisecond

func (a *Asker) expire(ctx context.Context) {
	tick := time.NewTicker(expireInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			a.failAll(errClosed)
			return
		case now := <-tick.C:
			for _, number := range a.waitingSince(now.Add(-a.options.Timeout)) {
				a.end(number, Result{Err: &TimeoutError{Timeout: a.options.Timeout, Written: a.isWritten(number)}})
			}
		}
	}
}

func (a *Asker) isWritten(number uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.pending[number]
	return p != nil && p.written
}

var errClosed = errors.New("was not waited for")

// Wait returns when every command has ended, or ctx.
func (a *Asker) Wait(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		a.open.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends what is still under way with an error.
func (a *Asker) Close() {
	a.closing.Do(func() {
		a.stop()
		a.loops.Wait()
		a.producer.Close()
		if a.replies != nil {
			a.replies.client.Close()
		}
	})
}
