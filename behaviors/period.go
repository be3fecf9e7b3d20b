package behaviors

import (
	"fmt"
	"time"
)

// A Period is a span of time, in UTC, that rows are kept for: those of a day, or of an hour.
type Period string

// The periods.
const (
	Day  Period = "day"
	Hour Period = "hour"
)

// Periods are all there are.
func Periods() []Period { return []Period{Day, Hour} }

var layouts = map[Period]string{Day: "2006-01-02", Hour: "2006-01-02T15"}

// The first and the last moment of years with four digits, in ms since 1970.
const (
	firstMS = -62167219200000
	lastMS  = 253402300799999
)

// Of names the period that a moment, in ms since 1970, lies in: "2026-11-25", "2026-11-25T14". Names sort as the periods do.
func (p Period) Of(ms int64) (string, error) {
	layout, ok := layouts[p]
	switch {
	case !ok:
		return "", fmt.Errorf("there is no period %q: there are %s and %s", string(p), Day, Hour)
	case ms < firstMS || ms > lastMS:
		return "", fmt.Errorf("%d is no time in ms since 1970: its year is none of 0 to 9999", ms)
	}
	return time.UnixMilli(ms).UTC().Format(layout), nil
}
