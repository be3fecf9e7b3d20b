package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/partita-io/partita/cmd/processor/standing"
	"github.com/partita-io/partita/control"
)

// writeStandings writes a table, a line for each shard of each projection, with the reasons behind it: they are long.
func (a *app) writeStandings(f *folder, list []standing.Standing, versions map[string]listed) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "PROJECTION\tSHARD\tSTATE\tPOSITION\tLAG\tDELAY\tRATE\tLEVEL IN\tVERSION\tTOPIC") // Flush tells.
	for i := range list {
		s := &list[i]
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%.0f/s\t%s\t%s\t%s\n",
			s.Projection, s.Shard, s.State, positionsText(s), lagText(s.Lag), durationText(s.Delay), s.Rate, durationText(s.Level),
			versions[s.Projection].version, versions[s.Projection].topic)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	for i := range list {
		if s := &list[i]; s.Why != "" {
			fmt.Fprintf(&b, "%s/%d %s: %s\n", s.Projection, s.Shard, s.State, s.Why)
		}
	}
	for _, component := range slices.Sorted(maps.Keys(versions)) {
		if l := versions[component]; l.mixed && l.version.Role != control.Old {
			fmt.Fprintf(&b, "%s has rows of more than one behaviour: `processor projections %s rebuild %s` makes all as it computes them now\n",
				component, f.dir, l.projection)
		}
	}
	_, err := fmt.Fprint(a.out, b.String())
	return err
}

// A listed is a version of a projection, as it is shown.
type listed struct {
	projection, component, topic string
	version                      control.Version
	mixed                        bool
}

// listed are the versions of a projection. If its record cannot be read they are those that it had, or the first.
func (f *folder) listed(board *control.Board, name string) []listed {
	if s := f.Projection(name).Stream; s != nil {
		return []listed{{projection: name, component: name, topic: s.To, version: control.Version{Number: 1, Role: control.Live}}}
	}
	wanted, _ := board.Projection(name)
	var all []listed
	for _, v := range wanted.All() {
		component := control.Component(name, v.Number)
		all = append(all, listed{
			projection: name, component: component, topic: f.TopicContext().Rows(component).Name, version: v, mixed: board.Behavior(component).Mixed(),
		})
	}
	return all
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
