package service

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// A Projection is a table: it has versions, and which of them run is told by the control topic.
type Projection struct {
	Name string
	// Keyed: events go to it through a topic of its own.
	Keyed bool
	// Hash tells what it computes from anything else that it might compute; empty if that is not known.
	Hash string
	// Component is a version of it.
	Component func(version int) partitions.Component
}

// LoadBoard reads what operators want of projections, as it is now. Records that cannot be read are told by the board.
func LoadBoard(ctx context.Context, cfg client.Config, t topics.Context) (*control.Board, error) {
	board := new(control.Board)
	err := admin.Read(ctx, cfg, t.Control().Name, func(r *kgo.Record) {
		_, _ = board.Take(string(r.Key), r.Value) // Whoever asks about the projection is told.
	})
	return board, err
}

// Topics are those that a version of the projection needs.
func (p *Projection) Topics(t topics.Context, version int) []topics.Spec {
	component := control.Component(p.Name, version)
	specs := []topics.Spec{t.Rows(component)}
	if p.Keyed {
		specs = append(specs, t.Repartition(component))
	}
	return specs
}

// components are the versions that are wanted. What is being built has a lane of its own.
func (p *Projection) components(wanted control.Projection) []partitions.Component {
	var all []partitions.Component
	for _, v := range wanted.All() {
		c := p.Component(v.Number)
		if v.Role == control.Building {
			c.Side = partitions.BuildSide
		}
		all = append(all, c)
	}
	return all
}

// ComponentsOf are the components that always run, and the versions that are wanted.
func (c *Context) ComponentsOf(board *control.Board) []partitions.Component {
	all := slices.Clone(c.Components)
	for i := range c.Projections {
		if wanted, known := versionsOf(board, c.Projections[i].Name); known {
			all = append(all, c.Projections[i].components(wanted)...)
		}
	}
	return all
}

// versionsOf is what is wanted of a projection; known is false if that cannot be read, and never could.
func versionsOf(board *control.Board, name string) (wanted control.Projection, known bool) {
	wanted, err := board.Projection(name)
	return wanted, err == nil || wanted.Number > 0
}

// SpecsOf are the topics that the context needs, with those of the versions that are wanted: not those of version 1, once it was dropped.
func (c *Context) SpecsOf(board *control.Board) []topics.Spec {
	firsts := make(map[string]*Projection)
	for i := range c.Projections {
		p := &c.Projections[i]
		for _, spec := range p.Topics(c.Topics, 1) {
			firsts[spec.Name] = nil
		}
		firsts[c.Topics.Rows(p.Name).Name] = p
	}
	var specs []topics.Spec
	for _, spec := range c.Specs {
		p, first := firsts[spec.Name]
		if !first {
			specs = append(specs, spec)
		}
		if p == nil {
			continue
		}
		if wanted, known := versionsOf(board, p.Name); known {
			for _, v := range wanted.All() {
				specs = append(specs, p.Topics(c.Topics, v.Number)...)
			}
		}
	}
	return specs
}

// componentOf is the one that answers for a name: the live version, for a projection.
func (s *service) componentOf(name string) (string, error) {
	if !slices.ContainsFunc(s.Context.Projections, func(p Projection) bool { return p.Name == name }) {
		return name, nil
	}
	component, known := s.live.of(name)
	if !known {
		return "", fmt.Errorf("which version of %s is live is not known: the control topic is being read, or says what this program cannot read", name)
	}
	return component, nil
}
