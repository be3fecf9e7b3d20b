package contexts

import (
	"fmt"
	"time"

	"github.com/partita-io/partita/partitions"
)

// A Start is where a subscription begins. The zero value is the beginning of the topic.
type Start struct {
	// Latest begins with what comes from now on.
	Latest bool
	// At begins with the first record of this time or later; zero for none.
	At time.Time
}

// place is the start as the engine has it.
func (s Start) place() partitions.Start {
	switch {
	case s.Latest:
		return partitions.Start{From: partitions.FromLatest}
	case !s.At.IsZero():
		return partitions.Start{From: partitions.FromTime, TimeMS: s.At.UnixMilli()}
	}
	return partitions.Start{From: partitions.FromEarliest}
}

func parseStart(s string) (Start, error) {
	switch s {
	case "earliest":
		return Start{}, nil
	case "latest":
		return Start{Latest: true}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return Start{}, fmt.Errorf("expected earliest, latest or a time such as 2026-01-31T12:00:00Z, got %q", s)
	}
	return Start{At: at}, nil
}
