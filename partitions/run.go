package partitions

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/changelog"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/kafka/transactions"
)

// An engine is a context running in this process: the parts, made in order by Run and stopped in reverse.
type engine struct {
	config        Config
	listener      *Listener
	progressTopic string
	progressID    [16]byte
	// nonce names this run in window ids.
	nonce string

	// ctx ends when nothing may go on: after the orderly part of a shutdown.
	ctx context.Context
	// disconnect ends what clients have under way.
	disconnect context.CancelFunc
	admin      *kgo.Client
	asks       *admin.Admin
	restorer   *changelog.Restorer
	member     *kgo.Client
	// joined is closed once member is set; the group's callbacks may come before.
	joined  chan struct{}
	manager *manager
	mixture *mixtureWatcher
	group   membership
	lanes   map[Side][]*lane
	replies *replyTopics
	targets *targets
	waits   *waits
	traffic traffic
	needs   *needs
	sweep   sweeper
	shards  sync.WaitGroup
}

// Run runs a context until ctx ends; then it finishes the windows under way, leaves the group and returns nil. It waits for brokers that are
// away, at start and later. It returns an error when only an operator can help.
func Run(ctx context.Context, cfg Config) error {
	cfg.setDefaults()
	if err := cfg.validate(); err != nil {
		return err
	}
	cfg.Client.ID = client.MemberID(cfg.Stores.InstanceID(), cfg.Address)
	// What runs beside the lanes outlives ctx for the time of an orderly end.
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	connected, disconnect := context.WithCancel(context.WithoutCancel(ctx))
	cfg.Client.Until = connected
	rt := &engine{config: cfg, ctx: inner, disconnect: disconnect, nonce: newNonce(), joined: make(chan struct{}), lanes: make(map[Side][]*lane), sweep: newSweeper()}
	rt.listener = cfg.Listener.withDefaults()
	rt.progressTopic = topics.Context{Name: cfg.Context}.Progress().Name
	rt.waits = newWaits(rt.listener)
	rt.group = membership{waits: rt.waits, group: cfg.Context}
	rt.config.Client.Hooks = append(slices.Clone(cfg.Client.Hooks), connections{waits: rt.waits}, rt.group)
	rt.needs = newNeeds(cfg.Needs, rt.waits, rt.listener)
	rt.manager = newManager(rt)
	rt.mixture = newMixtureWatcher(rt)
	defer rt.close()
	if err := rt.prepare(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	return rt.serve(ctx, stop)
}

func newNonce() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // Never fails, see crypto/rand.
	return hex.EncodeToString(b[:])
}

// prepare makes clients and lanes. What the brokers refuse for now is tried again until ctx ends.
func (rt *engine) prepare(ctx context.Context) error {
	var err error
	if rt.admin, err = client.NewAdmin(rt.config.Client); err != nil {
		return err
	}
	rt.asks = admin.New(rt.admin)
	rt.replies = newReplyTopics(rt.config.Context, rt.admin)
	rt.targets = newTargets(rt.admin)
	rt.restorer = changelog.NewRestorer(rt.config.Client)
	var needsAdd bool
	ok := rt.patiently(ctx, "the brokers", func(ctx context.Context) error {
		if needsAdd, err = transactions.OffsetsNeedAdd(ctx, rt.admin); err != nil {
			return err
		}
		found, err := rt.asks.Describe(ctx, rt.progressTopic)
		if err != nil {
			return err
		}
		progress, ok := found[rt.progressTopic]
		if !ok {
			return fmt.Errorf("topic %s is missing: processor topics DIR --apply creates it", rt.progressTopic)
		}
		rt.progressID = progress.ID
		return rt.removeFormerSelf(ctx)
	})
	if !ok {
		return nil
	}
	for side, lanes := range map[Side]int{WriteSide: rt.config.Lanes, ReadSide: rt.config.Lanes, BuildSide: 1} {
		for i := range lanes {
			if err := rt.addLane(ctx, side, i, needsAdd); err != nil {
				return err
			}
		}
	}
	return nil
}

func (rt *engine) addLane(ctx context.Context, side Side, i int, needsAdd bool) error {
	name := fmt.Sprintf("%c%d", side.String()[0], i)
	consumer, err := client.NewConsumer(rt.config.Client)
	if err != nil {
		return err
	}
	var pair *transactions.Pair
	rt.patiently(ctx, "producers of lane "+name, func(ctx context.Context) error {
		pair, err = transactions.Open(ctx, rt.config.Client, rt.config.Context, rt.config.Stores.InstanceID(), name, needsAdd)
		return err
	})
	rt.lanes[side] = append(rt.lanes[side], newLane(rt, side, name, consumer, pair))
	return nil
}

// patiently calls f until it works; false when ctx ended first.
func (rt *engine) patiently(ctx context.Context, what string, f func(context.Context) error) bool {
	for pause := acquirePauseMin; ; pause = min(2*pause, acquirePauseMax) {
		err := f(ctx)
		if err == nil {
			rt.waits.over(what)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		rt.waits.say(what, err)
		if !sleep(ctx, pause) {
			return false
		}
	}
}

const (
	// An orderly end takes milliseconds. With brokers that do not answer it takes these three, one after another: for windows to be committed, for
	// the group to be told, for clients to take leave.
	shutdownFinish   = 2500 * time.Millisecond
	leaveWithin      = time.Second
	disconnectWithin = 500 * time.Millisecond
)

// serve joins the group and works until ctx ends or a lane fails.
func (rt *engine) serve(ctx context.Context, stop context.CancelFunc) error {
	lanes, failed := errgroup.WithContext(rt.ctx)
	rt.config.Controls.serve(slices.Concat(rt.lanes[WriteSide], rt.lanes[ReadSide], rt.lanes[BuildSide]))
	for _, side := range rt.lanes {
		for _, l := range side {
			lanes.Go(func() error { return l.run(rt.ctx) })
		}
	}
	for _, need := range rt.needs.all {
		lanes.Go(func() error { return rt.needs.run(rt.ctx, need, rt.config.Client) })
	}
	var err error
	rt.member, err = client.NewMember(rt.config.Client, rt.config.Context, rt.progressTopic, client.Membership{
		Offer:    rt.config.offer(),
		Assigned: rt.manager.assigned, Revoked: rt.manager.revoked, Lost: rt.manager.lost,
	})
	close(rt.joined)
	if err == nil {
		purge := newPurger(rt)
		lanes.Go(func() error { purge.run(rt.ctx); return nil })
		lanes.Go(func() error { rt.mixture.run(rt.ctx); return nil })
		lanes.Go(func() error { rt.removeGone(rt.ctx); return nil })
		select {
		case <-ctx.Done():
		case <-failed.Done():
		}
		rt.leave()
	}
	stop()
	rt.shards.Wait()
	return errors.Join(err, lanes.Wait())
}

// leave hands everything over: windows are finished while we are still a member, then the group is told.
func (rt *engine) leave() {
	rt.manager.leaveAll(shutdownFinish)
	ctx, cancel := context.WithTimeout(rt.ctx, leaveWithin)
	defer cancel()
	// If the group cannot be told it notices after the session timeout.
	_ = rt.member.LeaveGroupContext(ctx)
}

// close closes all clients, side by side.
func (rt *engine) close() {
	defer rt.disconnect()
	time.AfterFunc(disconnectWithin, rt.disconnect)
	var closing sync.WaitGroup
	defer closing.Wait()
	if rt.member != nil {
		closing.Go(rt.member.CloseAllowingRebalance)
	}
	for _, side := range rt.lanes {
		for _, l := range side {
			closing.Go(l.consumer.Close)
			if l.pair != nil {
				closing.Go(l.pair.Close)
			}
		}
	}
	if rt.restorer != nil {
		closing.Go(rt.restorer.Close)
	}
	if rt.admin != nil {
		closing.Go(rt.admin.Close)
	}
}

// lanesOf are the lanes that have tasks of the shard, one of each side.
func (rt *engine) lanesOf(number int32) []*lane {
	i := int(number) % rt.config.Lanes
	return []*lane{rt.lanes[WriteSide][i], rt.lanes[ReadSide][i], rt.lanes[BuildSide][0]}
}

// give hands a shard's tasks to its lanes.
func (rt *engine) give(s *shard, tasks []*task) {
	for _, l := range rt.lanesOf(s.number) {
		var own []*task
		for _, t := range tasks {
			if t.component.Side == l.side {
				own = append(own, t)
			}
		}
		l.ask(func() { l.add(s, own) })
	}
}
