package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/partita-io/partita/cmd/processor/asking"
	"github.com/partita-io/partita/contexts"
)

// maxLine is the longest line of input; a command that long is refused by brokers anyway.
const maxLine = 4 << 20

const linesAhead = 256

// sendStream reads commands from standard input, many under way at once.
func (a *app) sendStream(ctx context.Context, f *folder, entity *contexts.Entity, o *sendOptions) error {
	if o.id != "" || o.expects {
		return wrongUsage("--id and --expect-sequence are for one command; on lines, \"command_id\" is the id")
	}
	asker, cfg, err := o.open(ctx, f)
	if err != nil {
		return err
	}
	defer asker.Close()
	s := &stream{app: a, options: o, out: bufio.NewWriterSize(a.out, 64<<10), codes: map[string]int{}}
	stop := s.report()
	err = s.askAll(ctx, asker, entity)
	if err == nil {
		err = asker.Wait(ctx)
	}
	stop()
	if err != nil {
		asker.Close() // No result comes after it.
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	return errors.Join(unreachable(err, cfg), s.finish())
}

// askAll sends what is read until the input or ctx ends.
func (s *stream) askAll(ctx context.Context, asker *asking.Asker, entity *contexts.Entity) error {
	lines := readLines(s.app.in)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case l, more := <-lines:
			if !more || l.err != nil {
				return l.err
			}
			if err := s.ask(ctx, asker, entity, l); err != nil {
				return err
			}
		}
	}
}

func (s *stream) ask(ctx context.Context, asker *asking.Asker, entity *contexts.Entity, l line) error {
	c, err := parseLine(l.text, entity)
	if err != nil {
		s.refuse(l.number, err)
		return nil
	}
	c.Entity = entity.Name
	s.sending()
	return asker.Ask(ctx, c, func(r asking.Result) { s.ended(l.number, c, r) })
}

// A line of input; err is the end of reading.
type line struct {
	number int
	text   []byte
	err    error
}

// readLines reads on a goroutine of its own, so that nobody has to wait for a person who types. It ends with the process at the latest.
func readLines(in io.Reader) <-chan line {
	lines := make(chan line, linesAhead)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(in)
		scanner.Buffer(make([]byte, 64<<10), maxLine)
		number := 0
		for scanner.Scan() {
			if number++; len(scanner.Bytes()) > 0 {
				lines <- line{number: number, text: bytes.Clone(scanner.Bytes())}
			}
		}
		if err := scanner.Err(); err != nil {
			lines <- line{err: fmt.Errorf("standard input, line %d: %w", number+1, err)}
		}
	}()
	return lines
}
