package simulation

import (
	"math/rand/v2"
	"time"
)

// A schedule draws what happens.
type schedule struct {
	*world
	*rand.Rand
	commands int
	// recent are ids that were sent, by account, to be sent again.
	recent   map[string][]string
	operator operator
	heals    []heal
}

// A heal ends a fault at its time.
type heal struct {
	at time.Time
	do func()
}

const (
	accounts      = 12
	accountGroups = 5
	steps         = 40
)

func newSchedule(w *world, seed uint64) *schedule {
	return &schedule{world: w, Rand: rand.New(rand.NewPCG(seed, 0)), recent: map[string][]string{}, operator: operator{asked: map[string]string{}}}
}

// run carries out the drawn steps, then ends all faults and starts all instances.
func (s *schedule) run() {
	for _, in := range s.instances {
		in.start()
	}
	for range steps {
		s.rest(time.Duration(s.IntN(400)) * time.Millisecond)
		s.step()
	}
	for len(s.heals) > 0 {
		s.heals[0].do()
		s.heals = s.heals[1:]
	}
	for _, in := range s.instances {
		s.supervise(in)
		if !in.alive() {
			in.start()
		}
	}
	s.note("healed")
}

// rest lets time pass, ends faults that are due, and does what a supervisor and an operator would.
func (s *schedule) rest(d time.Duration) {
	time.Sleep(d)
	now := time.Now()
	var later, due []heal
	for _, h := range s.heals {
		if h.at.After(now) {
			later = append(later, h)
		} else {
			due = append(due, h)
		}
	}
	s.heals = later
	for _, h := range due {
		h.do()
	}
	s.expire()
	for _, in := range s.instances {
		s.supervise(in)
	}
}

func (s *schedule) healAfter(d time.Duration, do func()) {
	s.heals = append(s.heals, heal{at: time.Now().Add(d), do: do})
}

// supervise starts a process that ended by itself again, and mends a store as its error says.
func (w *world) supervise(in *instance) {
	if in.alive() {
		in.mend()
	}
	life := in.life
	if ended, err := in.ended(); ended {
		w.tally.add("processes", "ended by themselves", 1)
		w.note("%s ended by itself: %v", life.name, err)
		w.must(in.inspect(life.name), "the stores it left")
		in.start()
	}
}

// A kind of step has a weight among all others.
type kind struct {
	weight int
	do     func(*schedule, *instance)
}

var kinds = []kind{
	{350, func(s *schedule, _ *instance) { s.send(1 + s.IntN(25)) }},
	{10, func(s *schedule, _ *instance) { s.send(100 + s.IntN(100)) }},
	{120, func(s *schedule, _ *instance) { s.operate() }},
	{60, func(s *schedule, _ *instance) { s.happenOutside() }},
	{50, (*schedule).kill},
	{25, (*schedule).losePower},
	{40, (*schedule).leave},
	{10, func(s *schedule, _ *instance) { s.killAll() }},
	{15, func(s *schedule, _ *instance) { s.leaveSeveral() }},
	{45, (*schedule).freeze},
	{30, (*schedule).cut},
	{30, (*schedule).cutFromSome},
	{20, (*schedule).holdProducers},
	{15, (*schedule).slowLink},
	{70, (*schedule).loseReply},
	{40, (*schedule).delayReply},
	{70, func(s *schedule, _ *instance) { s.refuse() }},
	{20, func(s *schedule, _ *instance) { s.takeBrokersAway() }},
	{30, func(s *schedule, _ *instance) { s.moveLeaders() }},
	{20, func(s *schedule, _ *instance) { s.moveCoordinators() }},
	{40, (*schedule).breakDisk},
	{30, func(s *schedule, _ *instance) { s.quiet() }},
}

func (s *schedule) step() {
	in := s.instances[s.IntN(instances)]
	total := 0
	for _, k := range kinds {
		total += k.weight
	}
	n := s.IntN(total)
	if n >= kinds[0].weight && s.IntN(3) > 0 {
		// Windows are under way when the fault comes.
		s.send(1 + s.IntN(20))
		time.Sleep(time.Duration(s.IntN(15_000)) * time.Microsecond)
	}
	for _, k := range kinds {
		if n < k.weight {
			k.do(s, in)
			break
		}
		n -= k.weight
	}
	s.lookAround()
}

// lookAround asks each instance for something.
func (s *schedule) lookAround() {
	for _, in := range s.instances {
		component := []string{"account", "groups", "balances"}[s.IntN(3)]
		keys := keysOf(component, s.Int32N(shards))
		if in.alive() && len(keys) > 0 {
			s.look(in.life, component, keys[s.IntN(len(keys))])
		}
	}
}

func (s *schedule) quiet() {
	d := time.Duration(s.IntN(12_000)) * time.Millisecond
	s.note("quiet for %v", d)
	s.rest(d)
}
