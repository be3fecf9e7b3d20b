// Package telemetrytest tells tests what metrics there are.
package telemetrytest

import (
	"regexp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/partita-io/partita/telemetry"
)

var fullName = regexp.MustCompile(`fqName: "([a-z0-9_]+)"`)

// Names are all that a processor can show, sorted, without what a histogram adds to its name.
func Names() []string {
	descs := make(chan *prometheus.Desc)
	go func() {
		telemetry.NewMetrics("shop", time.Now).Registry.Describe(descs)
		close(descs)
	}()
	var names []string
	for d := range descs {
		if m := fullName.FindStringSubmatch(d.String()); m != nil {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
