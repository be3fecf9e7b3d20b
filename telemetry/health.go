package telemetry

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/partita-io/partita/partitions"
)

// Health tells whether the shards of this process run.
type Health struct {
	context string
	states  *shardStates

	// mu guards what follows.
	mu      sync.Mutex
	stopped map[taskName]string
	// idle: the group has given this process no shard.
	idle bool
	// needs are by their names.
	needs map[string]partitions.NeedState
}

// NewHealth knows of no shards yet.
func NewHealth(context string) *Health {
	return &Health{context: context, states: newShardStates(), stopped: map[taskName]string{}, needs: map[string]partitions.NeedState{}}
}

// Listener follows the shards.
func (h *Health) Listener() partitions.Listener {
	return partitions.Listener{
		ShardAcquiring: func(e partitions.ShardEvent) {
			h.forget(e.Shard)
			h.states.set(e.Shard, acquiring)
			h.setIdle(false)
		},
		GroupChanged: func(e partitions.GroupEvent) { h.setIdle(e.Held == 0) },
		ShardRunning: func(e partitions.ShardEvent) { h.states.set(e.Shard, running) },
		ShardClosed: func(e partitions.ShardEvent) {
			h.forget(e.Shard)
			h.states.remove(e.Shard)
		},
		TaskStopped: func(e partitions.TaskStopped) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.stopped[taskName{e.Component, e.Shard}] = e.Err.Error()
		},
		TaskGoesOn: func(e partitions.TaskGoesOn) {
			h.mu.Lock()
			defer h.mu.Unlock()
			delete(h.stopped, taskName{e.Component, e.Shard})
		},
		NeedChanged: func(e partitions.NeedEvent) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.needs[e.Need] = e.NeedState
		},
	}
}

func (h *Health) setIdle(idle bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.idle = idle
}

func (h *Health) isIdle() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.idle
}

// forget drops the complaints about a shard's tasks: they begin anew, or elsewhere.
func (h *Health) forget(shard int32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name := range h.stopped {
		if name.shard == shard {
			delete(h.stopped, name)
		}
	}
}

// Report is the body of /readyz.
type Report struct {
	Context string `json:"context"`
	// Ready: all shards of the process run and no task of theirs has stopped; or it has none because the others have them all. And everything is there
	// that shards need.
	Ready  bool `json:"ready"`
	Shards struct {
		Running   []int32 `json:"running"`
		Acquiring []int32 `json:"acquiring"`
	} `json:"shards"`
	Stopped []StoppedTask `json:"stopped,omitempty"`
	// Needs are those that are not met, or in trouble.
	Needs []Need `json:"needs,omitempty"`
}

// A Need is something that shards need before they run.
type Need struct {
	Need string `json:"need"`
	Met  bool   `json:"met"`
	// Trouble is what it waits for, with the mend; empty while it only takes its time.
	Trouble string `json:"trouble,omitempty"`
}

// StoppedTask is a task that cannot go on, with the mend in Error.
type StoppedTask struct {
	Component string `json:"component"`
	Shard     int32  `json:"shard"`
	Error     string `json:"error"`
}

// Report tells how things stand.
func (h *Health) Report() Report {
	r := Report{Context: h.context, Stopped: h.stoppedTasks(), Needs: h.openNeeds()}
	r.Shards.Running, r.Shards.Acquiring = h.states.in(running), h.states.in(acquiring)
	r.Ready = (len(r.Shards.Running) > 0 || h.isIdle()) && len(r.Shards.Acquiring) == 0 && len(r.Stopped) == 0 &&
		!slices.ContainsFunc(r.Needs, func(n Need) bool { return !n.Met })
	return r
}

func (h *Health) openNeeds() []Need {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []Need
	for name, s := range h.needs {
		if s.Met && s.Trouble == nil {
			continue
		}
		n := Need{Need: name, Met: s.Met}
		if s.Trouble != nil {
			n.Trouble = s.Trouble.Error()
		}
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b Need) int { return strings.Compare(a.Need, b.Need) })
	return list
}

func (h *Health) stoppedTasks() []StoppedTask {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []StoppedTask
	for name, err := range h.stopped {
		list = append(list, StoppedTask{Component: name.component, Shard: name.shard, Error: err})
	}
	slices.SortFunc(list, func(a, b StoppedTask) int {
		if a.Shard != b.Shard {
			return int(a.Shard - b.Shard)
		}
		return strings.Compare(a.Component, b.Component)
	})
	return list
}

// Handler serves /metrics; /healthz, 200 while the process lives; and /readyz, 200 or 503 with a [Report].
func Handler(m *Metrics, h *Health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{Registry: m.Registry}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]bool{"alive": true})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		report, status := h.Report(), http.StatusServiceUnavailable
		if report.Ready {
			status = http.StatusOK
		}
		writeJSON(w, status, report)
	})
	return mux
}

// writeJSON ignores errors of the connection: there is nobody left to tell.
func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
