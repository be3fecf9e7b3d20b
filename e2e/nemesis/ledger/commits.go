package ledger

import (
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// A Commit is a progress record that has become visible: a window that was committed for a shard. A window has one for each of its inputs.
type Commit struct {
	Shard int32
	// At is when a reader of committed records saw it, by its own clock.
	At time.Time
	// Window is who wrote it: "nonce/lane#number", where the nonce is that of the process's start.
	Window    string
	Component string
}

// commits is a channel that loses its oldest when nobody takes them.
type commits struct {
	c       chan Commit
	dropped *atomic.Int64
}

func newCommits() commits { return commits{c: make(chan Commit, 1<<14), dropped: new(atomic.Int64)} }

// Commits are all commits from New on, as they become visible. When 16384 wait to be taken, the oldest are dropped and counted.
func (w *Workload) Commits() <-chan Commit { return w.commits.c }

// DroppedCommits is how many commits nobody took in time.
func (w *Workload) DroppedCommits() int64 { return w.commits.dropped.Load() }

// take is given every record of the progress topic. What is no progress record is passed over: a position that was taken away is no commit.
func (c commits) take(r *kgo.Record) {
	key, err := records.ParseProgressKey(string(r.Key))
	if err != nil {
		return
	}
	p, err := records.ParseProgress(r.Value)
	if err != nil {
		return
	}
	c.put(Commit{
		Shard: r.Partition, At: time.Now(), Component: key.Component,
		Window: p.Window.Instance + "#" + number(int64(p.Window.Number)),
	})
}

func (c commits) put(commit Commit) {
	for {
		select {
		case c.c <- commit:
			return
		default:
		}
		select {
		case <-c.c:
			c.dropped.Add(1)
		default:
		}
	}
}
