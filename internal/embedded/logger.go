package embedded

import (
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kfake"
)

// logger passes on what kfake says about damage; its requests are nobody's business.
type logger struct{ to *slog.Logger }

// Logf is called by kfake from its one goroutine.
func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	if l.to == nil || level > kfake.LogLevelWarn {
		return
	}
	l.to.Warn("embedded broker", slog.String("detail", fmt.Sprintf(format, args...)))
}
