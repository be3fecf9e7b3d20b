package cli

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/partita-io/partita/cmd/processor/asking"
)

// complaintsShown is how many lines of input are complained about one by one; the rest is counted.
const complaintsShown = 10

// A stream is what came of the commands of one input.
type stream struct {
	app     *app
	options *sendOptions
	began   time.Time

	// mu guards what follows: results come from several goroutines.
	mu                                  sync.Mutex
	out                                 *bufio.Writer
	sent, accepted, rejected, failed    int
	repeated, refused, lost, complaints int
	// codes counts rejections and failures.
	codes    map[string]int
	writeErr error
}

func (s *stream) sending() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent++
}

// refuse counts a line that is no command.
func (s *stream) refuse(line int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused++
	s.complain(line, err.Error())
}

func (s *stream) complain(line int, message string) {
	s.complaints++
	switch {
	case s.complaints <= complaintsShown:
		tell(s.app.err, "%sline %d: %s\n", clearLine(s.app.err), line, message)
	case s.complaints == complaintsShown+1:
		tell(s.app.err, "%s… further lines are counted only\n", clearLine(s.app.err))
	}
}

func (s *stream) ended(line int, c asking.Command, r asking.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Err != nil:
		s.lost++
		s.complain(line, r.Err.Error())
		return
	case s.options.noWait:
		s.accepted++
		return
	case r.Answer.Status == asking.Accepted:
		s.accepted++
	case r.Answer.Status == asking.Rejected:
		s.rejected++
		s.codes["rejected  "+r.Answer.Code]++
	default:
		s.failed++
		s.codes["failed  "+r.Answer.Code]++
		s.complain(line, r.Answer.Code+": "+r.Answer.Message)
	}
	if r.Answer.Repeated {
		s.repeated++
	}
	if s.options.json {
		s.writeErr = errors.Join(s.writeErr, writeAnswer(s.out, c, r.Answer))
	}
}

// finish prints the counts: to stdout, but where answers went there.
func (s *stream) finish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writeErr != nil {
		return s.writeErr
	}
	counts := s.out
	if s.options.json {
		counts = bufio.NewWriter(s.app.err)
	}
	s.writeCounts(counts)
	if err := errors.Join(counts.Flush(), s.out.Flush()); err != nil {
		return err
	}
	if s.lost > 0 {
		return fmt.Errorf("%d commands without an answer; sent again with \"command_id\", none is carried out twice", s.lost)
	}
	if s.rejected+s.failed+s.refused > 0 {
		return errNo
	}
	return nil
}

func (s *stream) writeCounts(w *bufio.Writer) {
	took := time.Since(s.began)
	if s.options.noWait {
		tell(w, "sent %d", s.accepted)
	} else {
		tell(w, "accepted %d  rejected %d  failed %d", s.accepted, s.rejected, s.failed)
	}
	for _, more := range []struct {
		name  string
		count int
	}{{"repeated", s.repeated}, {"no commands", s.refused}, {"without answer", s.lost}} {
		if more.count > 0 {
			tell(w, "  %s %d", more.name, more.count)
		}
	}
	tell(w, "  in %.1f s  (%.0f/s)\n", took.Seconds(), float64(s.sent)/max(took.Seconds(), 0.001))
	for _, code := range slices.Sorted(maps.Keys(s.codes)) {
		tell(w, "%s  %d\n", code, s.codes[code])
	}
}

// report says how far it is, until the result is called.
func (s *stream) report() (stop func()) {
	s.began = time.Now()
	return showProgress(s.app.err, func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		ended := s.accepted + s.rejected + s.failed + s.lost
		return fmt.Sprintf("sent %d  ended %d  %.0f/s", s.sent, ended, float64(ended)/time.Since(s.began).Seconds())
	})
}
