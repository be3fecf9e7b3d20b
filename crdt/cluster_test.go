package crdt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/crdt"
)

// A shard is a contribution with the view that its owner has.
type shard struct {
	tb   testing.TB
	own  crdt.Contribution
	view crdt.View
}

// shardsOf are some shards that have done nothing yet.
func shardsOf(tb testing.TB, kind string, n int) []*shard {
	tb.Helper()
	list := make([]*shard, n)
	for i := range list {
		view, err := crdt.Fold(parsed(tb, kind))
		require.NoError(tb, err)
		list[i] = &shard{tb: tb, own: crdt.New(parsed(tb, kind), int32(i)), view: view}
	}
	return list
}

// does applies operations and sees the result itself; nobody else does.
func (s *shard) does(operations ...crdt.Operation) {
	s.tb.Helper()
	for _, o := range operations {
		next, err := s.own.Apply(o, s.view)
		require.NoError(s.tb, err)
		s.own = next
		s.hears(s)
	}
}

// hears comes to know the contributions of others as they are now.
func (s *shard) hears(others ...*shard) {
	s.tb.Helper()
	for _, other := range others {
		view, err := s.view.With(other.own)
		require.NoError(s.tb, err)
		s.view = view
	}
}

func (s *shard) tidies() {
	s.tb.Helper()
	next, err := s.own.Tidy(s.view)
	require.NoError(s.tb, err)
	s.own = next
	s.hears(s)
}

// reads holds the value against what is wanted.
func (s *shard) reads(want string) {
	s.tb.Helper()
	require.Equal(s.tb, `{"value":`+want+`}`, said(s.view))
}

// exchange lets everybody hear everybody.
func exchange(shards ...*shard) {
	for _, s := range shards {
		s.tb.Helper()
		s.hears(shards...)
	}
}
