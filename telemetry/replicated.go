package telemetry

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/partita-io/partita/replicated"
)

const valueLabel = "value"

// replicatedCollector asks how replicated values are when it is scraped.
type replicatedCollector struct {
	contributions, bytes *prometheus.Desc

	// mu guards values, which are set before anything runs.
	mu     sync.Mutex
	values *replicated.Values
}

func newReplicatedCollector() *replicatedCollector {
	return &replicatedCollector{
		contributions: prometheus.NewDesc("partita_replicated_contributions", "Contributions to replicated values that this process has heard of.", []string{valueLabel}, nil),
		bytes:         prometheus.NewDesc("partita_replicated_bytes", "What they take as records.", []string{valueLabel}, nil),
	}
}

// ObserveReplicated has the values looked at at each scrape, and each contribution that comes; nil for a context that has none.
func (m *Metrics) ObserveReplicated(values *replicated.Values) {
	if values == nil {
		return
	}
	m.replicated.mu.Lock()
	m.replicated.values = values
	m.replicated.mu.Unlock()
	values.WhenHeard(func(value string, delay time.Duration) {
		m.replicatedDelay.WithLabelValues(value).Observe(delay.Seconds())
	})
}

// Describe implements prometheus.Collector.
func (c *replicatedCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.contributions
	out <- c.bytes
}

// Collect implements prometheus.Collector.
func (c *replicatedCollector) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil {
		return
	}
	for _, f := range c.values.Figures() {
		out <- prometheus.MustNewConstMetric(c.contributions, prometheus.GaugeValue, float64(f.Contributions), f.Name)
		out <- prometheus.MustNewConstMetric(c.bytes, prometheus.GaugeValue, float64(f.Bytes), f.Name)
	}
}
