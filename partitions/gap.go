package partitions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/partita-io/partita/kafka/records"
)

// A Gap is how an input's records are not what they were.
type Gap uint8

const (
	// Missing says that the log begins behind the position.
	Missing Gap = iota
	// Remade says that the topic was deleted and made again.
	Remade
	// CutBack says that the log was cut back below the position; it may have been written on.
	CutBack
)

func (g Gap) String() string {
	return [...]string{
		"is not in the log: records were deleted before they were read",
		"is of an earlier topic of this name: it was deleted and made again",
		"is behind records that were read and are gone: the log was cut back, as when a replica that lacked them became leader, and what was written " +
			"since may lie before the position",
	}[g]
}

// A GapError says that an input's task cannot go on at its position: records are gone that were not read, or that were read and may be others now.
type GapError struct {
	Context, Component string
	Input              records.TopicPartition
	Position           records.Position
	Gap                Gap
	// Cut is where the log was cut, for CutBack.
	Cut records.Position
}

func (e *GapError) Error() string {
	return fmt.Sprintf("%s: position %d of %s %s; to go on with what is there, stop the processors and run: processor topics DIR --start %s=%s",
		e.Component, e.Position, e.Input, e.Gap, e.Component, e.start())
}

// start is where to go on. Only a topic that was made again begins anew on all of its partitions: on others records would be taken twice.
func (e *GapError) start() string {
	switch e.Gap {
	case Remade:
		return e.Input.Topic + ":earliest"
	case CutBack:
		return fmt.Sprintf("%s:%d", e.Input, e.Cut)
	case Missing:
	}
	return e.Input.String() + ":earliest"
}

func (in *input) gap(why Gap) *GapError {
	return &GapError{
		Context: in.task.shard.engine.config.Context, Component: in.task.component.Name, Input: in.TopicPartition, Position: in.decided, Gap: why,
	}
}

func (in *input) cutBack(at records.Position) *GapError {
	e := in.gap(CutBack)
	e.Cut = at
	return e
}

// whyOutOfRange asks the brokers why a position is not in the log.
func (rt *engine) whyOutOfRange(in *input) *GapError {
	ctx, cancel := context.WithTimeout(rt.ctx, outOfRangePatience)
	defer cancel()
	var gap *GapError
	if err := rt.stillThere(ctx, in); errors.As(err, &gap) {
		return gap
	}
	if bounds, err := rt.asks.Bounds(ctx, in.Topic); err == nil && in.decided > bounds[in.TopicPartition].End {
		return in.cutBack(bounds[in.TopicPartition].End)
	}
	return in.gap(Missing)
}

// outOfRangePatience is how long the brokers may take to say why.
const outOfRangePatience = 5 * time.Second
