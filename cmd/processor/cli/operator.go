package cli

import (
	"context"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/partita-io/partita/cmd/processor/operating"
	"github.com/partita-io/partita/internal/spelling"
	"github.com/partita-io/partita/kafka/client"
)

// operatorFlags say who does something and why: it is written down.
type operatorFlags struct{ by, why string }

func (o *operatorFlags) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.by, "by", "", "who does it (default user@host)")
	flags.StringVar(&o.why, "why", "", "the reason, for those who read it later")
}

// open takes the operators' desk of a context.
func (o *operatorFlags) open(ctx context.Context, f *folder, cfg client.Config) (*operating.Desk, error) {
	by := o.by
	if by == "" {
		by = whoami()
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return operating.Open(ctx, cfg, f.TopicContext(), operating.Operator{By: by, Why: o.why})
}

func whoami() string {
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}

// actionOf is what is to be done, the second argument: list if there is none.
func actionOf(args, known []string) (action string, rest []string, err error) {
	if len(args) < 2 {
		return known[0], nil, nil
	}
	for _, name := range known {
		if args[1] == name {
			return name, args[2:], nil
		}
	}
	return "", nil, wrongUsage("%s: there are %s%s", args[1], strings.Join(known, ", "), spelling.DidYouMean(args[1], known))
}

// moment is a time as people read it; nothing for none.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
