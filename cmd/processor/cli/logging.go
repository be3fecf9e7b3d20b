package cli

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"
)

const logLevelFlag = "log-level"

// logging is how a command that runs for long says what happens.
type logging struct{ level logLevel }

// addLogFlags is for one command, with its own default.
func addLogFlags(flags *pflag.FlagSet, level slog.Level) {
	own := new(logLevel)
	own.Set(level)
	flags.TextVar(own, logLevelFlag, own, "least `LEVEL` of log lines: debug, info, warn, error")
}

// A logLevel complains for people.
type logLevel struct{ slog.LevelVar }

// UnmarshalText takes a name of a level.
func (l *logLevel) UnmarshalText(text []byte) error {
	if err := l.LevelVar.UnmarshalText(text); err != nil {
		return errors.New("expected debug, info, warn or error")
	}
	return nil
}

// obey takes the level that the command at hand was given.
func (l *logging) obey(flags *pflag.FlagSet) {
	if flags.Lookup(logLevelFlag) != nil {
		_ = flags.GetText(logLevelFlag, &l.level) // It is there, of this type.
	}
}

// logger writes text for people on a terminal and JSON elsewhere.
func (l *logging) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: &l.level, ReplaceAttr: readableDuration}
	if !isTerminal(w) {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	options.ReplaceAttr = func(groups []string, attr slog.Attr) slog.Attr {
		if len(groups) == 0 && attr.Key == slog.TimeKey { // Who looks at a terminal knows the day.
			return slog.String(slog.TimeKey, attr.Value.Time().Format(time.TimeOnly))
		}
		return readableDuration(groups, attr)
	}
	return slog.New(slog.NewTextHandler(overBar{w}, options))
}

// readableDuration writes "1.5s": JSON would have nanoseconds without a unit.
func readableDuration(_ []string, attr slog.Attr) slog.Attr {
	if attr.Value.Kind() == slog.KindDuration {
		return slog.String(attr.Key, attr.Value.Duration().Round(time.Millisecond).String())
	}
	return attr
}

// overBar writes lines of log over a bar, which is drawn again below them.
type overBar struct{ io.Writer }

func (o overBar) Write(line []byte) (int, error) {
	if _, err := io.WriteString(o.Writer, clearLine(o.Writer)); err != nil {
		return 0, err
	}
	return o.Writer.Write(line)
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
