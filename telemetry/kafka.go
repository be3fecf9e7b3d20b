package telemetry

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kprom"
)

// KafkaHook counts what all Kafka clients of the process do, under names that begin with kafka_client_. The one hook goes to every client.
func (m *Metrics) KafkaHook() kgo.Hook { return m.kafka }

// kafkaHook lends kprom, which is made for one client, to many: counters are registered with the first and shared, and what waits in buffers
// is added up over all that live.
type kafkaHook struct {
	*kprom.Metrics
	once sync.Once

	// mu guards clients.
	mu      sync.Mutex
	clients map[*kgo.Client]struct{}
}

func newKafkaHook(r *prometheus.Registry) *kafkaHook {
	h := &kafkaHook{clients: map[*kgo.Client]struct{}{}}
	// Only totals by node and topic: with histograms by node there would be more series of the client than of everything else.
	h.Metrics = kprom.NewMetrics("kafka_client", kprom.Registry(sharedRegistry{r}))
	r.MustRegister(
		h.buffered("buffered_produce_records", "Records that wait to be sent.", (*kgo.Client).BufferedProduceRecords),
		h.buffered("buffered_produce_bytes", "Bytes that wait to be sent.", (*kgo.Client).BufferedProduceBytes),
		h.buffered("buffered_fetch_records", "Records that were read and wait to be taken.", (*kgo.Client).BufferedFetchRecords),
		h.buffered("buffered_fetch_bytes", "Bytes that were read and wait to be taken.", (*kgo.Client).BufferedFetchBytes),
	)
	return h
}

func (h *kafkaHook) buffered(name, help string, of func(*kgo.Client) int64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "kafka_client", Name: name, Help: help}, func() float64 {
		h.mu.Lock()
		defer h.mu.Unlock()
		var sum int64
		for cl := range h.clients {
			sum += of(cl)
		}
		return float64(sum)
	})
}

// OnNewClient implements kgo.HookNewClient.
func (h *kafkaHook) OnNewClient(cl *kgo.Client) {
	h.once.Do(func() { h.Metrics.OnNewClient(cl) })
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clients[cl] = struct{}{}
}

// OnClientClosed implements kgo.HookClientClosed. The counters stay: they are of all clients.
func (h *kafkaHook) OnClientClosed(cl *kgo.Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, cl)
}

// sharedRegistry leaves out the gauges that kprom takes from the first client.
type sharedRegistry struct{ *prometheus.Registry }

// MustRegister is what kprom registers with.
func (r sharedRegistry) MustRegister(collectors ...prometheus.Collector) {
	for _, c := range collectors {
		if _, ofOneClient := c.(prometheus.GaugeFunc); !ofOneClient {
			r.Registry.MustRegister(c)
		}
	}
}
