package telemetry

import (
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/partita-io/partita/pubsub"
)

const tableLabel = "table"

// tableCollector asks how tables are when it is scraped.
type tableCollector struct {
	rows, bytes, records *prometheus.Desc

	// mu guards tables, which are set before anything runs.
	mu     sync.Mutex
	tables []*pubsub.Table
}

func newTableCollector() *tableCollector {
	return &tableCollector{
		rows:    prometheus.NewDesc("partita_table_rows", "Rows of the tables that this process has whole.", []string{tableLabel}, nil),
		bytes:   prometheus.NewDesc("partita_table_bytes", "Memory of their rows, of which max_bytes is the bound.", []string{tableLabel}, nil),
		records: prometheus.NewDesc("partita_table_records_total", "Records read for tables, by what they were.", []string{tableLabel, "outcome"}, nil),
	}
}

// ObserveTables has the tables looked at at each scrape.
func (m *Metrics) ObserveTables(tables []*pubsub.Table) {
	m.tables.mu.Lock()
	defer m.tables.mu.Unlock()
	m.tables.tables = tables
}

// Describe implements prometheus.Collector.
func (c *tableCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.rows
	out <- c.bytes
	out <- c.records
}

// Collect implements prometheus.Collector.
func (c *tableCollector) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.tables {
		f := t.Figures()
		out <- prometheus.MustNewConstMetric(c.rows, prometheus.GaugeValue, float64(f.Rows), f.Name)
		out <- prometheus.MustNewConstMetric(c.bytes, prometheus.GaugeValue, float64(f.Bytes), f.Name)
		for outcome, n := range map[string]int64{"put": f.Put, "deleted": f.Deleted, "passed": f.Passed, "unreadable": f.Unreadable} {
			out <- prometheus.MustNewConstMetric(c.records, prometheus.CounterValue, float64(n), f.Name, outcome)
		}
	}
}

// LogUnreadable tells in lines of records that tables cannot read, one every few seconds for each table.
func LogUnreadable(logger *slog.Logger, now func() time.Time) func(pubsub.UnreadableRow) {
	lines := &repeats{of: map[repeated]*repeat{}}
	return func(u pubsub.UnreadableRow) {
		if n, due := lines.add(repeated{message: "table", component: u.Table}, 1, now()); due {
			logger.Warn("records of a table cannot be read: their keys are left as they were",
				slog.String("table", u.Table), slog.Int("records", n), slog.String("last", u.Place.String()), errorAttr(u.Err))
		}
	}
}
