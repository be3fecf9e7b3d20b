// Package compose_test holds what can be known of the compose file without Docker: that its parts fit each other and the binary's metrics. With
// COMPOSE_PROMETHEUS set to the address of the running Prometheus it also asks that for every query of the dashboard; test.sh does so.
package compose_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/telemetry/telemetrytest"
)

type composeFile struct {
	Services map[string]struct {
		Image       string
		Command     []string
		Environment map[string]string
		Volumes     []string
		HealthCheck struct{ Test []string }               `yaml:"healthcheck"`
		DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	}
	Volumes map[string]any
}

func readCompose(t *testing.T) composeFile {
	t.Helper()
	data, err := os.ReadFile("compose.yaml")
	require.NoError(t, err)
	var file composeFile
	require.NoError(t, yaml.Unmarshal(data, &file))
	return file
}

type dashboard struct {
	Panels []struct {
		Title      string
		Datasource struct{ UID string }
		Targets    []struct{ Expr string }
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	data, err := os.ReadFile("grafana/dashboards/partita.json")
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(data, &d))
	require.NotEmpty(t, d.Panels)
	return d
}

var metricName = regexp.MustCompile(`\b(partita|process)_[a-z_]+\b`)

func TestEveryMetricOfTheDashboardExists(t *testing.T) {
	known := telemetrytest.Names()
	shown := map[string]bool{}
	for _, panel := range readDashboard(t).Panels {
		require.Equal(t, "prometheus", panel.Datasource.UID, panel.Title)
		for _, target := range panel.Targets {
			names := metricName.FindAllString(target.Expr, -1)
			require.NotEmpty(t, names, target.Expr)
			for _, name := range names {
				name = strings.TrimSuffix(name, "_bucket")
				require.Contains(t, known, name, "panel %s", panel.Title)
				shown[name] = true
			}
		}
	}
	for _, name := range known {
		if strings.HasPrefix(name, "partita_") {
			require.True(t, shown[name], "no panel shows %s", name)
		}
	}
}

func TestServicesStartInOrderAndHealthy(t *testing.T) {
	file := readCompose(t)
	for name, service := range file.Services {
		if name != "topics" {
			require.NotEmpty(t, service.HealthCheck.Test, "%s has no health check", name)
		}
		require.NotContains(t, service.Image, "latest", name)
		require.Contains(t, service.Image, ":", "%s: pin the image", name)
		for other, on := range service.DependsOn {
			require.Contains(t, file.Services, other)
			want := "service_healthy"
			if other == "topics" {
				want = "service_completed_successfully"
			}
			require.Equal(t, want, on.Condition)
		}
	}
	for _, name := range []string{"processor-1", "processor-2"} {
		processor := file.Services[name]
		require.Contains(t, processor.DependsOn, "topics")
		require.Equal(t, []string{"CMD", "/processor", "healthcheck"}, processor.HealthCheck.Test)
		require.Equal(t, "kafka:19092", processor.Environment["PARTITA_BROKERS"])
		require.Equal(t, "run", processor.Command[0])
	}
	require.NotEqual(t, file.Services["processor-1"].Volumes, file.Services["processor-2"].Volumes, "two processes cannot share a state directory")
	kafka := file.Services["kafka"].Environment
	require.Equal(t, "false", kafka["KAFKA_AUTO_CREATE_TOPICS_ENABLE"])
	require.Equal(t, "1", kafka["KAFKA_ADD_PARTITIONS_TO_TXN_RETRY_BACKOFF_MS"])
}

func TestPrometheusScrapesEveryProcessor(t *testing.T) {
	scraped, err := os.ReadFile("prometheus.yaml")
	require.NoError(t, err)
	for name := range readCompose(t).Services {
		if strings.HasPrefix(name, "processor-") {
			require.Contains(t, string(scraped), `"`+name+`:9464"`)
		}
	}
}

// Nothing may have gone wrong or be restored in a healthy trial, so these answer with no series.
var mayBeEmpty = regexp.MustCompile(`dead_letters|forwarded|dropped|restore_records|standing_shards`)

func TestDashboardQueriesAreAnswered(t *testing.T) {
	address := os.Getenv("COMPOSE_PROMETHEUS")
	if address == "" {
		t.Skip("needs the running compose file: ./test.sh")
	}
	for _, panel := range readDashboard(t).Panels {
		for _, target := range panel.Targets {
			query := strings.NewReplacer("$__rate_interval", "1m", "$context", ".*").Replace(target.Expr)
			series := ask(t, address, query)
			if !mayBeEmpty.MatchString(query) {
				require.NotZero(t, series, "%s: no series for %s", panel.Title, query)
			}
		}
	}
}

// ask returns how many series Prometheus answers with.
func ask(t *testing.T, address, query string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/v1/query?query="+url.QueryEscape(query), nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", query, body)
	var answer struct {
		Data struct{ Result []json.RawMessage }
	}
	require.NoError(t, json.Unmarshal(body, &answer))
	return len(answer.Data.Result)
}
