package cli

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"
)

// kafkaLogger passes on what Kafka clients say, one level down: what concerns an operator, the engine says itself.
type kafkaLogger struct{ to *slog.Logger }

// Level implements kgo.Logger.
func (l kafkaLogger) Level() kgo.LogLevel {
	if l.to.Enabled(context.TODO(), slog.LevelDebug) {
		return kgo.LogLevelInfo
	}
	return kgo.LogLevelNone
}

// Log implements kgo.Logger.
func (l kafkaLogger) Log(_ kgo.LogLevel, message string, keyvals ...any) {
	var attrs []slog.Attr
	for i := 0; i+1 < len(keyvals); i += 2 {
		attrs = append(attrs, slog.Any(fmt.Sprint(keyvals[i]), keyvals[i+1]))
	}
	l.to.LogAttrs(context.TODO(), slog.LevelDebug, "kafka client", slog.String("detail", message), slog.Attr{Key: "values", Value: slog.GroupValue(attrs...)})
}
