package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/partita-io/partita/cmd/processor/operating"
	"github.com/partita-io/partita/cmd/processor/standing"
	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/service"
)

// Versions of a table: it is rebuilt beside the live one, switched over to, and what is not wanted any more is dropped.

// table is a projection that has rows; a stream is none.
func (f *folder) table(ctx context.Context, name string) (*service.Projection, error) {
	c := f.service(ctx)
	for i := range c.Projections {
		if c.Projections[i].Name == name {
			return &c.Projections[i], nil
		}
	}
	return nil, wrongUsage("%s is a stream: it has no rows that could be built anew. What it wrote is with its readers; under a new name it writes all of it again", name)
}

// A versioning is what an operator does with the versions of one table.
type versioning struct {
	*app
	folder *folder
	config client.Config
	desk   *operating.Desk
	table  *service.Projection
	now    control.Projection
}

// refuse says why nothing is done.
func (v *versioning) refuse(err error) (bool, error) {
	said := ""
	if v.now.Number > 0 {
		said = "; the last word was written " + v.now.Said()
	}
	v.say("%s %v%s", v.table.Name, err, said)
	return false, nil
}

func (v *versioning) do(ctx context.Context, action string) (bool, error) {
	switch action {
	case records.Rebuild:
		return v.rebuild(ctx)
	case records.Switch:
		return v.switchOver(ctx)
	}
	return v.drop(ctx)
}

// rebuild makes the topics first: if it ends in between, the next rebuild takes the same number, and them.
func (v *versioning) rebuild(ctx context.Context) (bool, error) {
	next := v.now
	var err error
	if next.Versions, err = v.now.Rebuilding(); err != nil {
		return v.refuse(err)
	}
	number := next.LastVersion()
	specs := v.table.Topics(v.folder.TopicContext(), number)
	if err := v.makeTopics(ctx, specs); err != nil {
		return false, err
	}
	if err := v.desk.Want(ctx, records.Rebuild, v.table.Name, v.now, next); err != nil {
		return false, err
	}
	if next.Paused {
		v.say("%s is paused, and so is its new version: `processor projections %s resume %s` has both go on", v.table.Name, v.folder.dir, v.table.Name)
	}
	_, err = fmt.Fprintf(v.out, "%s  rebuilding  version %d  topic %s\n", v.table.Name, number, specs[0].Name)
	return true, err
}

func (v *versioning) makeTopics(ctx context.Context, specs []topics.Spec) error {
	return v.asking(func(asks *admin.Admin) error {
		missing, err := service.Differences(ctx, asks, v.folder.service(ctx), specs)
		if err != nil {
			return err
		}
		for _, d := range missing {
			if !d.Create && d.Blocks() {
				return fmt.Errorf("%v", d)
			}
		}
		if err := asks.Apply(ctx, missing, nil); err != nil {
			return err
		}
		bounds, err := asks.Bounds(ctx, namesOf(specs)...)
		for at, b := range bounds {
			if b.End > 0 {
				return fmt.Errorf("topic %s holds records already, although no version was ever built there: delete it, if nobody wants them", at.Topic)
			}
		}
		return err
	})
}

func (v *versioning) asking(ask func(*admin.Admin) error) error {
	cl, err := client.NewAdmin(v.config)
	if err != nil {
		return err
	}
	defer cl.Close()
	return ask(admin.New(cl))
}

func namesOf(specs []topics.Spec) []string {
	var names []string
	for _, spec := range specs {
		names = append(names, spec.Name)
	}
	return names
}

// levelLag is how many offsets a shard may be behind to be switched to: it is behind by a few while events come, and each transaction has a marker.
const levelLag = 100

func (v *versioning) switchOver(ctx context.Context) (bool, error) {
	next := v.now
	var err error
	if next.Versions, err = v.now.Switched(); err != nil {
		return v.refuse(err)
	}
	missing, err := v.missing(ctx, control.Component(v.table.Name, next.LiveVersion()))
	if err != nil {
		return false, err
	}
	if len(missing) > 0 {
		v.say("%s is not switched: version %d is not level:\n  %s", v.table.Name, next.LiveVersion(), strings.Join(missing, "\n  "))
		return false, nil
	}
	if err := v.desk.Want(ctx, records.Switch, v.table.Name, v.now, next); err != nil {
		return false, err
	}
	_, err = fmt.Fprintf(v.out, "%s  switched  version %d is live  topic %s\n", v.table.Name, next.LiveVersion(), v.rowsOf(next.LiveVersion()))
	return true, err
}

func (v *versioning) rowsOf(number int) string {
	return v.folder.TopicContext().Rows(control.Component(v.table.Name, number)).Name
}

// missing is what keeps a version from being level, shard by shard.
func (v *versioning) missing(ctx context.Context, component string) ([]string, error) {
	list, err := standing.Measure(ctx, standing.Options{
		Client: v.config, Topics: v.folder.TopicContext(), Projections: []string{component}, Over: lookPause, Missed: v.missed,
	})
	var missing []string
	for i := range list {
		switch s := &list[i]; {
		case s.State != running:
			missing = append(missing, fmt.Sprintf("shard %d is %s: %s", s.Shard, s.State, s.Why))
		case s.Lag < 0:
			missing = append(missing, fmt.Sprintf("shard %d: how far it is behind is not known", s.Shard))
		case s.Lag > levelLag:
			missing = append(missing, fmt.Sprintf("shard %d is %d offsets behind", s.Shard, s.Lag))
		}
	}
	return missing, err
}

const (
	running   = "running"
	lookPause = 200 * time.Millisecond
	// dropPatience is longer than the group takes to notice that a process was killed.
	dropPatience = time.Minute
)

// drop writes down that a version is not wanted, and deletes its topics once no process runs it. What is left of one that was dropped before, when that was
// interrupted, goes, too.
func (v *versioning) drop(ctx context.Context) (bool, error) {
	versions, number, refusal := v.now.Dropped()
	next := v.now
	next.Versions = versions
	if refusal == nil {
		if err := v.desk.Want(ctx, records.Drop, v.table.Name, v.now, next); err != nil {
			return false, err
		}
		if _, err := fmt.Fprintf(v.out, "%s  dropped  version %d\n", v.table.Name, number); err != nil {
			return false, err
		}
	}
	left, err := v.leftOver(ctx, next.Versions)
	switch {
	case err != nil:
		return false, err
	case len(left) == 0 && refusal != nil:
		return v.refuse(refusal)
	}
	if still := v.awaitGone(ctx, next.Versions); len(still) > 0 {
		v.say("the topics of %s are kept, as somebody may use them:\n  %s\nonce that is settled, run `processor projections %s drop %s` again, or delete %s",
			v.table.Name, strings.Join(still, "\n  "), v.folder.dir, v.table.Name, strings.Join(left, ", "))
		return false, nil
	}
	if err := v.asking(func(asks *admin.Admin) error { return asks.Delete(ctx, left...) }); err != nil {
		return false, err
	}
	for _, topic := range left {
		if _, err := fmt.Fprintf(v.out, "%s  deleted  topic %s\n", v.table.Name, topic); err != nil {
			return false, err
		}
	}
	return true, nil
}

// leftOver are the topics that there are of versions that are gone.
func (v *versioning) leftOver(ctx context.Context, versions control.Versions) (left []string, err error) {
	var names []string
	for _, number := range versions.Gone() {
		names = append(names, namesOf(v.table.Topics(v.folder.TopicContext(), number))...)
	}
	if len(names) == 0 {
		return nil, nil
	}
	err = v.asking(func(asks *admin.Admin) error {
		found, err := asks.Describe(ctx, names...)
		for _, name := range names {
			if _, there := found[name]; there {
				left = append(left, name)
			}
		}
		return err
	})
	return left, err
}

// awaitGone waits until every process has told that it runs none of the versions that are gone. What it returns is why that is not so.
func (v *versioning) awaitGone(ctx context.Context, versions control.Versions) []string {
	var gone []string
	for _, number := range versions.Gone() {
		gone = append(gone, control.Component(v.table.Name, number))
	}
	ctx, cancel := context.WithTimeout(ctx, dropPatience)
	defer cancel()
	var still []string
	for {
		now := v.stillRun(ctx, gone)
		if len(now) == 0 {
			return nil
		}
		if ctx.Err() == nil || still == nil {
			still = now
		}
		select {
		case <-ctx.Done():
			return still
		case <-time.After(lookPause):
		}
	}
}

func (v *versioning) stillRun(ctx context.Context, components []string) []string {
	var still []string
	tasks, err := standing.Tasks(ctx, standing.Options{
		Client: v.config, Topics: v.folder.TopicContext(), Missed: func(err error) { still = append(still, err.Error()) },
	})
	if err != nil {
		return []string{err.Error()}
	}
	for _, t := range tasks {
		if slices.Contains(components, t.Component) {
			still = append(still, fmt.Sprintf("a process runs %s on shard %d", t.Component, t.Shard))
		}
	}
	return still
}
