package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Labels stay few: components are named in a folder and shards are as many as its partitions; entities are never a label.
const (
	contextLabel   = "context"
	componentLabel = "component"
	shardLabel     = "shard"
	sideLabel      = "side"
)

// Metrics are the numbers of one context, in a registry of their own.
type Metrics struct {
	// Registry may be given more collectors.
	Registry   *prometheus.Registry
	now        func() time.Time
	kafka      *kafkaHook
	stores     *storeCollector
	tables     *tableCollector
	replicated *replicatedCollector

	commands, events, rows, deadLetters, parked, forwarded, repliesDropped, messages, subscribed, transactions *prometheus.CounterVec
	commandSeconds, projectionDelay, windowRecords, commitSeconds, replicatedDelay                             *prometheus.HistogramVec
	lag, restoreRemaining, shards, members, standing                                                           *prometheus.GaugeVec

	states *shardStates
}

// Buckets of durations: a command takes some 10 ms, a transaction that has to wait for its predecessor's markers 20 to 100 ms, trouble seconds.
var secondsBuckets = []float64{.001, .0025, .005, .01, .015, .02, .03, .05, .075, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// NewMetrics registers everything that is known from the start, Go's and the process's collectors included. now is the clock that delays are
// measured with.
func NewMetrics(context string, now func() time.Time) *Metrics {
	m := &Metrics{Registry: prometheus.NewRegistry(), now: now, states: newShardStates()}
	constant := prometheus.Labels{contextLabel: context}
	registerer := prometheus.WrapRegistererWith(constant, m.Registry)
	m.registerCounters(registerer)
	m.registerHistograms(registerer)
	m.registerGauges(registerer)
	m.stores = newStoreCollector()
	m.tables = newTableCollector()
	m.replicated = newReplicatedCollector()
	registerer.MustRegister(m.stores, m.tables, m.replicated)
	m.kafka = newKafkaHook(m.Registry)
	m.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) registerCounters(r prometheus.Registerer) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "partita", Name: name, Help: help}, labels)
		r.MustRegister(c)
		return c
	}
	m.commands = counter("commands_total", "Commands in committed transactions, by what came of them.", componentLabel, "outcome")
	m.events = counter("events_total", "Events in committed transactions.", componentLabel)
	m.rows = counter("rows_total", "Rows written or deleted in committed transactions.", componentLabel)
	m.deadLetters = counter("dead_letters_total", "Records that could not be processed.", componentLabel, "reason")
	m.parked = counter("parked_commands_total", "Commands that were parked: for what they failed with, or untried behind another.", componentLabel, "reason")
	m.forwarded = counter("forwarded_commands_total", "Commands found on a foreign partition and sent to their own.", componentLabel)
	m.repliesDropped = counter("dropped_replies_total", "Answers without a place to go.", componentLabel)
	m.messages = counter("messages_total", "Commands sent to other entities, messages published, messages of streams, and answers that became commands.", componentLabel, "kind")
	m.subscribed = counter("subscribed_messages_total", "Messages of subscriptions: handled, or passed as no function wants them.", componentLabel, "outcome")
	m.transactions = counter("transactions_total", "Transactions by their outcome.", sideLabel, "outcome")
}

func (m *Metrics) registerHistograms(r prometheus.Registerer) {
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "partita", Name: name, Help: help, Buckets: buckets}, labels)
		r.MustRegister(h)
		return h
	}
	m.commandSeconds = histogram("command_seconds", "From a command's record time to its commit.", secondsBuckets, componentLabel)
	m.projectionDelay = histogram("projection_delay_seconds", "From an event's record time to the commit of its row or message.", secondsBuckets, componentLabel)
	m.replicatedDelay = histogram("replicated_delay_seconds", "From the record time of a contribution to a replicated value to its arrival here.", secondsBuckets, valueLabel)
	m.windowRecords = histogram("window_records", "Input records of a transaction.", prometheus.ExponentialBuckets(1, 4, 8), sideLabel)
	m.commitSeconds = histogram("commit_seconds", "From the start of a commit to its outcome.", secondsBuckets, sideLabel)
}

func (m *Metrics) registerGauges(r prometheus.Registerer) {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "partita", Name: name, Help: help}, labels)
		r.MustRegister(g)
		return g
	}
	m.lag = gauge("lag_records", "How many offsets a task's inputs are behind their ends.", componentLabel, shardLabel)
	m.restoreRemaining = gauge("restore_records_remaining", "Offsets of a changelog that are still to be read.", componentLabel, shardLabel)
	m.members = gauge("group_members", "Members of the group by the version of the context that they run, as this process saw it last.", "version")
	m.standing = gauge("standing_shards", "Shards whose owner lacks a component of this process, where the component stands still.", componentLabel)
	m.shards = gauge("shards", "Shards that this process has, by state.", "state")
	for _, state := range []shardState{acquiring, running} {
		m.shards.WithLabelValues(string(state)).Set(0)
	}
}
