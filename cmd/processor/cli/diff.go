package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/comparing"
	"github.com/partita-io/partita/cmd/processor/operating"
	"github.com/partita-io/partita/cmd/processor/standing"
	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/schemas"
)

// A versionDiff is what two versions of a table have, as JSON. The first is the live one.
type versionDiff struct {
	Projection string         `json:"projection"`
	Versions   []versionCount `json:"versions"`
	Same       int64          `json:"same"`
	Different  int64          `json:"different"`
	Samples    []sampleLine   `json:"samples"`
}

type versionCount struct {
	Version int          `json:"version"`
	Role    control.Role `json:"role"`
	Topic   string       `json:"topic"`
	Rows    int64        `json:"rows"`
	Only    int64        `json:"only"`
	// Lag is how many offsets it is behind, null if that is not known.
	Lag *int64 `json:"lag"`
}

type sampleLine struct {
	Key    string             `json:"key"`
	Values [2]json.RawMessage `json:"values"`
	Fields []string           `json:"fields,omitempty"`
}

// diffProjection compares the live version with the one beside it.
func (a *app) diffProjection(ctx context.Context, f *folder, cfg client.Config, name string, samples int, asJSON bool) error {
	now, err := operating.Wanted(ctx, cfg, f.TopicContext(), name)
	if err != nil {
		return err
	}
	beside, ok := now.Beside()
	if !ok {
		a.say("%s has version %d alone: there is nothing to compare it with before it is rebuilt", name, now.LiveVersion())
		return errCouldNot
	}
	if err := f.learnSchemasSoon(ctx, cfg); err != nil {
		return err
	}
	d := versionDiff{Projection: name, Versions: []versionCount{{Version: now.LiveVersion(), Role: control.Live}, {Version: beside.Number, Role: beside.Role}}}
	if err := a.measureVersions(ctx, f, cfg, &d); err != nil {
		return err
	}
	row := []*schemas.Message{f.Projection(name).Row}
	found, err := comparing.Compare(ctx, comparing.Options{
		Client: cfg, Topics: [2]string{d.Versions[0].Topic, d.Versions[1].Topic}, Partitions: f.Partitions, Samples: samples,
		Decode: func(r *kgo.Record) json.RawMessage { return f.decoded(ctx, r, row) },
	})
	if err != nil {
		return err
	}
	for i := range d.Versions {
		d.Versions[i].Rows, d.Versions[i].Only = found.Rows[i], found.Only[i]
	}
	d.Same, d.Different = found.Same, found.Different
	if asJSON {
		err = a.writeJSON(d.withSamples(found))
	} else {
		err = a.showVersionDiff(&d, found)
	}
	if err == nil && !found.Equal() {
		return errNo
	}
	return err
}

// measureVersions names the topics, and tells which version is behind: rows that differ are then nothing to wonder at.
func (a *app) measureVersions(ctx context.Context, f *folder, cfg client.Config, d *versionDiff) error {
	components := make([]string, len(d.Versions))
	for i, v := range d.Versions {
		components[i] = control.Component(d.Projection, v.Version)
		d.Versions[i].Topic = f.TopicContext().Rows(components[i]).Name
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	list, err := standing.Measure(ctx, standing.Options{Client: cfg, Topics: f.TopicContext(), Projections: components, Over: lookPause, Missed: a.missed})
	if err != nil {
		return err
	}
	for i := range d.Versions {
		lag := int64(0)
		for j := range list {
			if s := &list[j]; s.Projection == components[i] && (s.Lag < 0 || lag < 0) {
				lag = -1
			} else if s.Projection == components[i] {
				lag += s.Lag
			}
		}
		switch {
		case lag < 0:
			a.say("how far version %d is behind is not known: rows may differ for that alone", d.Versions[i].Version)
			continue
		case lag > 0:
			a.say("version %d is %d offsets behind: rows may differ for that alone", d.Versions[i].Version, lag)
		}
		d.Versions[i].Lag = &lag
	}
	return nil
}

func (d *versionDiff) withSamples(found *comparing.Result) versionDiff {
	lines := *d
	lines.Samples = []sampleLine{}
	for _, s := range found.Samples {
		line := sampleLine{Key: s.Key, Values: s.Values}
		for i, v := range s.Values {
			if v == nil {
				line.Values[i] = json.RawMessage("null")
			}
		}
		for _, field := range s.Fields {
			line.Fields = append(line.Fields, field.Name)
		}
		lines.Samples = append(lines.Samples, line)
	}
	return lines
}

func (a *app) showVersionDiff(d *versionDiff, found *comparing.Result) error {
	var b strings.Builder
	for _, v := range d.Versions {
		fmt.Fprintf(&b, "%s  version %d (%s)  %d rows, %d only here  topic %s\n", d.Projection, v.Version, v.Role, v.Rows, v.Only, v.Topic)
	}
	fmt.Fprintf(&b, "%s  same %d  different %d\n", d.Projection, d.Same, d.Different)
	for _, s := range found.Samples {
		if len(s.Fields) == 0 {
			fmt.Fprintf(&b, "  %s  %s → %s\n", s.Key, valueText(s.Values[0]), valueText(s.Values[1]))
			continue
		}
		for _, field := range s.Fields {
			fmt.Fprintf(&b, "  %s  %s: %s → %s\n", s.Key, field.Name, valueText(field.Values[0]), valueText(field.Values[1]))
		}
	}
	_, err := fmt.Fprint(a.out, b.String())
	return err
}

func valueText(v json.RawMessage) string {
	if v == nil {
		return "nothing"
	}
	return string(v)
}
