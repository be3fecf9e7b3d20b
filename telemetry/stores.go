package telemetry

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// storeCollector asks for sizes when it is scraped: they change with every window, and nobody needs them in between.
type storeCollector struct {
	stores, overlays *prometheus.Desc

	// mu guards the functions, which are set once the stores are open.
	mu                         sync.Mutex
	storeBytes, overlayedBytes func() map[string]int64
}

func newStoreCollector() *storeCollector {
	labels := []string{componentLabel}
	return &storeCollector{
		stores:   prometheus.NewDesc("partita_store_bytes", "Size of the stores on disk.", labels, nil),
		overlays: prometheus.NewDesc("partita_overlay_bytes", "Uncommitted changes in memory.", labels, nil),
	}
}

// ObserveStores has the sizes of stores and overlays asked for at each scrape, by component. Either may be nil.
func (m *Metrics) ObserveStores(storeBytes, overlayBytes func() map[string]int64) {
	m.stores.mu.Lock()
	defer m.stores.mu.Unlock()
	m.stores.storeBytes, m.stores.overlayedBytes = storeBytes, overlayBytes
}

// Describe implements prometheus.Collector.
func (c *storeCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.stores
	out <- c.overlays
}

// Collect implements prometheus.Collector.
func (c *storeCollector) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	stores, overlays := c.storeBytes, c.overlayedBytes
	c.mu.Unlock()
	collectSizes(out, c.stores, stores)
	collectSizes(out, c.overlays, overlays)
}

func collectSizes(out chan<- prometheus.Metric, desc *prometheus.Desc, sizes func() map[string]int64) {
	if sizes == nil {
		return
	}
	for component, bytes := range sizes() {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(bytes), component)
	}
}
