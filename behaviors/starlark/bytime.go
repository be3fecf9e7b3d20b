package starlark

import (
	"fmt"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/behaviors"
)

// byTime is by_time("day", ctx.now): the name of the day, or hour, in UTC, as part of a key.
func byTime(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var period string
	var ms int64
	if err := star.UnpackArgs(b.Name(), args, kwargs, "period", &period, "ms", &ms); err != nil {
		return nil, err
	}
	name, err := behaviors.Period(period).Of(ms)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return star.String(name), nil
}
