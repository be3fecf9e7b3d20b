package cli

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/partita-io/partita/cmd/processor/standing"
)

// writeStandings writes a table, a line for each shard of each projection, with the reasons behind it: they are long.
func (a *app) writeStandings(list []standing.Standing) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "PROJECTION\tSHARD\tSTATE\tPOSITION\tLAG\tDELAY\tRATE\tLEVEL IN") // Flush tells.
	for i := range list {
		s := &list[i]
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%.0f/s\t%s\n",
			s.Projection, s.Shard, s.State, positionsText(s), lagText(s.Lag), durationText(s.Delay), s.Rate, durationText(s.Level))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i := range list {
		if s := &list[i]; s.Why != "" {
			if _, err := fmt.Fprintf(a.out, "%s/%d %s: %s\n", s.Projection, s.Shard, s.State, s.Why); err != nil {
				return err
			}
		}
	}
	return nil
}

const notKnown = "-"

// positionsText are the positions in the inputs, in the order of their names.
func positionsText(s *standing.Standing) string {
	if len(s.Inputs) == 0 {
		return notKnown
	}
	texts := make([]string, len(s.Inputs))
	for i, in := range s.Inputs {
		texts[i] = strconv.FormatInt(int64(in.Position), 10)
	}
	return strings.Join(texts, ",")
}

func lagText(lag int64) string {
	if lag < 0 {
		return notKnown
	}
	return strconv.FormatInt(lag, 10)
}

func durationText(d time.Duration) string {
	switch {
	case d < 0:
		return notKnown
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}
