package partitions

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/transactions"
)

// A lane carries the tasks of one side: it reads their inputs, decides in windows and commits these one after another. One goroutine owns it
// (run); commits and recoveries run beside it and answer in results. Others talk to it by requests.
//
// While one window is committed the next is already decided on top of it and, once the first is flushed, sent on the other producer. If the
// first fails both are dropped and decided again from their records, which are still in memory.
type lane struct {
	engine *engine
	side   Side
	name   string // "w0", "r0": part of transactional ids

	consumer *kgo.Client
	pair     *transactions.Pair

	// Owned by run.
	tasks   map[*shard][]*task
	readers map[records.TopicPartition][]*input
	closing map[*shard]*release
	backlog []batch
	// doubted are topics of which it is being asked whether they were made again.
	doubted map[string]bool
	// unwritten are tasks with inputs whose positions must be written though no record of them is; noting: more will be looked for.
	unwritten []*task
	noting    bool
	// rebuilds are tasks that have something to write of a state that was computed anew.
	rebuilds []*task
	// heldUntil: the backlog is not decided before.
	heldUntil time.Time
	// restUntil: no records are taken in before, see yields.
	restUntil  time.Time
	open       *window
	committing *window
	recovering bool
	// underway: a commit or a recovery has a result to give.
	underway   bool
	lastCommit time.Time
	// caution bounds the records of a window while the one among them is searched whose output the broker refuses, and after windows that failed one
	// after another; 0 for none.
	caution int
	number  uint64
	takings takings
	setback setback
	pace    pace

	results chan result
	// ended is closed when run has returned: nothing touches tasks any more, and no request is served.
	ended chan struct{}

	// mu guards what others leave for run, and the poll that they wake it from.
	mu       sync.Mutex
	requests []request
	woken    bool
	wakePoll context.CancelFunc
}

// A request is something another goroutine wants of the lane; it runs on the lane's goroutine.
type request func()

// A release is a shard on its way out of the lane.
type release struct {
	drop bool
	done chan struct{}
}

func newLane(rt *engine, side Side, name string, consumer *kgo.Client, pair *transactions.Pair) *lane {
	return &lane{
		engine: rt, side: side, name: name, consumer: consumer, pair: pair,
		tasks:   make(map[*shard][]*task),
		readers: make(map[records.TopicPartition][]*input),
		closing: make(map[*shard]*release),
		doubted: make(map[string]bool),
		results: make(chan result, 1),
		ended:   make(chan struct{}),
	}
}

// ask leaves a request and wakes the lane.
func (l *lane) ask(r request) {
	l.mu.Lock()
	l.requests = append(l.requests, r)
	l.mu.Unlock()
	l.wake()
}

// wake ends the wait of run, or the next one if it is not waiting.
func (l *lane) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.woken = true
	if l.wakePoll != nil {
		l.wakePoll()
	}
}

// run works until ctx ends or the lane cannot go on. It never returns while a commit or a recovery is under way.
func (l *lane) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer close(l.ended)
	defer func() {
		stop()
		if l.underway {
			<-l.results
		}
	}()
	for ctx.Err() == nil {
		l.serveRequests()
		if err := l.takeResult(ctx); err != nil {
			return err
		}
		// Before anything is committed: what a broken shard left in the open window is not whole.
		l.dropOpen(ctx)
		l.finishReleases()
		l.notePositions(time.Now())
		l.send(ctx)
		if l.mayCommit(time.Now()) {
			l.startCommit(ctx)
		}
		l.takeIn(ctx)
	}
	return nil
}

// takeIn gets records and decides them: those of a failed window first, else what has arrived. A full window, and a lane that recovers, take
// none: input is paused by not being polled.
func (l *lane) takeIn(ctx context.Context) {
	if l.mayRebuild() {
		l.writeRebuilds(ctx, time.Now())
	}
	switch {
	case l.recovering, l.full():
		l.wait(ctx)
	case len(l.backlog) > 0 && time.Now().Before(l.nextBacklog()):
		l.waitUntil(ctx, l.nextBacklog())
	case len(l.backlog) > 0:
		l.decide(ctx, l.takeBacklog(l.atOnce(l.room())))
	case time.Now().Before(l.nextPoll()):
		l.waitUntil(ctx, l.nextPoll())
	default:
		l.decide(ctx, l.split(ctx, l.poll(ctx)))
	}
}

// nextPoll is when to ask for records, see pace and yields.
func (l *lane) nextPoll() time.Time {
	return later(l.restUntil, l.pace.next(l.lastCommit.Add(l.commitFloor())))
}

// nextBacklog is when to decide those that wait.
func (l *lane) nextBacklog() time.Time { return later(l.restUntil, l.heldUntil) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// waitUntil waits, for a moment at the longest.
func (l *lane) waitUntil(ctx context.Context, moment time.Time) {
	ctx, cancel := context.WithDeadline(ctx, moment)
	defer cancel()
	l.wait(ctx)
}

func (l *lane) full() bool {
	return l.room() <= 0 || (l.open != nil && l.open.bytes >= l.engine.config.WindowBytes)
}

// room is how many records the open window still takes.
func (l *lane) room() int {
	room := l.engine.config.WindowRecords
	if l.caution > 0 {
		room = min(room, l.caution)
	}
	if l.open != nil {
		room -= l.open.records
	}
	return room
}

func (l *lane) serveRequests() {
	l.mu.Lock()
	requests := l.requests
	l.requests, l.woken = nil, false
	l.mu.Unlock()
	for _, r := range requests {
		r()
	}
}

// waitContext ends when the lane is woken, when the open window may be committed, or with ctx.
func (l *lane) waitContext(ctx context.Context) (context.Context, context.CancelFunc) {
	var cancel context.CancelFunc
	if l.open != nil && l.committing == nil && !l.recovering {
		ctx, cancel = context.WithDeadline(ctx, l.lastCommit.Add(l.commitFloor()))
	} else {
		ctx, cancel = context.WithCancel(ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wakePoll = cancel
	if l.woken || l.mayRebuild() {
		cancel()
	}
	return ctx, cancel
}

func (l *lane) wait(ctx context.Context) {
	ctx, cancel := l.waitContext(ctx)
	defer cancel()
	<-ctx.Done()
}

// poll waits for records, at most as many as the window still takes.
func (l *lane) poll(ctx context.Context) kgo.Fetches {
	room := l.atOnce(l.room())
	// What is there already is taken without the cost of a wait that can be ended.
	fetches := l.consumer.PollRecords(nil, room) //nolint:staticcheck // nil is kgo's way to ask without waiting
	if fetches.Empty() && len(fetches.Errors()) == 0 {
		waiting, cancel := l.waitContext(ctx)
		fetches = l.consumer.PollRecords(waiting, room)
		cancel()
	}
	l.pace.polled(time.Now(), fetches.NumRecords())
	return fetches
}

// add takes a shard's tasks in, with their inputs at the positions they are committed to.
func (l *lane) add(s *shard, tasks []*task) {
	l.tasks[s] = tasks
	var inputs []*input
	for _, t := range tasks {
		t.take(l.engine.config.Controls.of(t.component))
		switch {
		case t.rebuild != nil:
			l.startRebuild(t)
		case !t.paused:
			inputs = append(inputs, t.inputs...)
		}
		if t.positionsUnwritten() {
			l.unwritten = append(l.unwritten, t)
		}
	}
	l.read(inputs)
}

// read begins to read inputs at their positions; those that are read go on.
func (l *lane) read(inputs []*input) {
	inputs = slices.DeleteFunc(slices.Clone(inputs), func(in *input) bool { return slices.Contains(l.readers[in.TopicPartition], in) })
	for _, in := range inputs {
		l.readers[in.TopicPartition] = append(l.readers[in.TopicPartition], in)
	}
	start := make(map[string]map[int32]kgo.Offset)
	for _, in := range inputs {
		at := lowest(l.readers[in.TopicPartition])
		if start[in.Topic] == nil {
			start[in.Topic] = make(map[int32]kgo.Offset)
		}
		// With the epoch the client asks whether the log was cut back, now and whenever the leader changes, also of a silent input.
		start[in.Topic][in.Partition] = kgo.NewOffset().At(int64(at.decided)).WithEpoch(at.leaderEpoch)
	}
	l.consumer.AddConsumePartitions(start)
}

// lowest is the reader from whose position a partition must be read so that all of them miss nothing; those ahead skip what they have.
func lowest(readers []*input) *input {
	return slices.MinFunc(readers, func(a, b *input) int { return cmp.Compare(a.decided, b.decided) })
}

// release starts the way out of a shard: no record of it is taken in any more. Without drop its share of windows is committed first, with drop
// it is thrown away; done is closed when nothing of the shard is left in the lane.
func (l *lane) release(s *shard, drop bool, done chan struct{}) {
	if r, ok := l.closing[s]; ok {
		// A hand-over that became a loss: who asked first is answered too.
		r.drop = r.drop || drop
		go func() {
			select {
			case <-r.done:
			case <-l.ended:
			}
			close(done)
		}()
		l.cutShort(s)
		return
	}
	r := &release{drop: drop, done: done}
	l.closing[s] = r
	l.stopReading(s)
	l.backlog = slices.DeleteFunc(l.backlog, func(b batch) bool { return b.input.task.shard == s })
	l.rebuilds = slices.DeleteFunc(l.rebuilds, func(t *task) bool { return t.shard == s })
	l.cutShort(s)
}

// cutShort ends the commit of a window that holds a lost shard; dropOpen sees to the open one.
func (l *lane) cutShort(s *shard) {
	if l.committing.holds(s) && s.owner.isLost() {
		// Nobody waits for a window that may not be applied.
		l.committing.cancel()
	}
}

func (l *lane) stopReading(s *shard) {
	for _, t := range l.tasks[s] {
		for _, in := range t.inputs {
			l.stopInput(in)
		}
	}
}

func (l *lane) stopInput(in *input) {
	rest := slices.DeleteFunc(l.readers[in.TopicPartition], func(r *input) bool { return r == in })
	if len(rest) > 0 {
		l.readers[in.TopicPartition] = rest
		return
	}
	delete(l.readers, in.TopicPartition)
	l.consumer.RemoveConsumePartitions(map[string][]int32{in.Topic: {in.Partition}})
}

// finishReleases answers those whose shard is in no window any more.
func (l *lane) finishReleases() {
	for s, r := range l.closing {
		if l.open.holds(s) || l.committing.holds(s) {
			continue
		}
		delete(l.closing, s)
		delete(l.tasks, s)
		close(r.done)
	}
}
