package embedded

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"
)

// logger passes on what kfake says about damage; its requests are nobody's business, nor how long they took.
type logger struct{ to *slog.Logger }

// slowCommit is how kfake begins to tell, as a warning, of a commit that took more than some milliseconds.
const slowCommit = "txn: EndTxn slow"

// Logf is called by kfake from its one goroutine.
func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	if l.to == nil || level > kfake.LogLevelWarn || strings.HasPrefix(format, slowCommit) {
		return
	}
	l.to.Warn("embedded broker", slog.String("detail", fmt.Sprintf(format, args...)))
}
