package asking

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Once asks one question whose record somebody else writes, with headers that say where its answer goes. write returns when the brokers have it.
func Once(ctx context.Context, o Options, write func(ctx context.Context, headers []kgo.RecordHeader) error) (Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, &TimeoutError{Timeout: o.Timeout})
	defer cancel()
	r, err := openReplies(ctx, o)
	if err != nil {
		return Result{}, err
	}
	defer r.client.Close()
	correlation, sent := newNonce(), time.Now()
	if err := write(ctx, r.headers(correlation)); err != nil {
		return Result{}, err
	}
	var result Result
	ctx, answered := context.WithCancel(ctx)
	defer answered()
	r.read(ctx, func(to string, value []byte) {
		if to == correlation {
			result.Answer, result.Err = parseAnswer(value)
			result.Took = time.Since(sent)
			answered()
		}
	}, func(err error) {
		result.Err = err
		answered()
	})
	if result.Err == nil && result.Answer.Status == "" {
		timeout, ok := errors.AsType[*TimeoutError](context.Cause(ctx))
		if !ok {
			return Result{}, ctx.Err()
		}
		timeout.Written = true
		return Result{}, timeout
	}
	return result, result.Err
}
