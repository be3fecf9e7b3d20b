package schemas

import (
	"fmt"
	"math/big"
	"time"
)

const localLayout = "2006-01-02T15:04:05.999999999"

// parseTime reads a date, a time of day or a timestamp as text, in the unit of t; text finer than the unit is refused.
func parseTime(t *Type, text string) (int64, error) {
	layout, want := time.RFC3339Nano, "RFC 3339, like 2026-01-31T12:00:00Z"
	//exhaustive:ignore
	switch t.Logical {
	case Date:
		layout, want = time.DateOnly, "YYYY-MM-DD"
	case TimeMillis, TimeMicros:
		layout, want = "15:04:05.999999999", "hh:mm:ss, with a fraction or without"
	case LocalTimestampMillis, LocalTimestampMicros, LocalTimestampNanos:
		layout, want = localLayout, "like 2026-01-31T12:00:00, without a zone"
	}
	moment, err := time.Parse(layout, text)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no %s: want %s, or a number", text, describe(t), want)
	}
	if t.Logical == TimeMillis || t.Logical == TimeMicros {
		midnight := time.Date(moment.Year(), moment.Month(), moment.Day(), 0, 0, 0, 0, time.UTC)
		moment = time.Unix(0, 0).Add(moment.Sub(midnight))
	}
	return inUnit(t, moment, text)
}

func inUnit(t *Type, moment time.Time, text string) (int64, error) {
	unit := int64(1)
	//exhaustive:ignore
	switch t.Logical {
	case Date:
		return moment.Unix() / 86400, nil // midnight: exact also before 1970
	case TimeMillis, TimestampMillis, LocalTimestampMillis:
		unit = int64(time.Millisecond)
	case TimeMicros, TimestampMicros, LocalTimestampMicros:
		unit = int64(time.Microsecond)
	}
	nanos := new(big.Int).Mul(big.NewInt(moment.Unix()), big.NewInt(int64(time.Second)))
	nanos.Add(nanos, big.NewInt(int64(moment.Nanosecond())))
	n, rest := new(big.Int).QuoRem(nanos, big.NewInt(unit), new(big.Int))
	if rest.Sign() != 0 || !n.IsInt64() {
		return 0, fmt.Errorf("%.40q cannot be held exactly by %s", text, describe(t))
	}
	return n.Int64(), nil
}
