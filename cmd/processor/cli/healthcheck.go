package cli

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// defaultHTTP is where metrics and health are served; 9464 is the port that exporters of OpenTelemetry use for Prometheus.
const defaultHTTP = "localhost:9464"

const (
	healthcheckTimeout = 2 * time.Second
	// reportLimit bounds what is shown of a report.
	reportLimit = 16 << 10
)

func (a *app) healthcheckCommand() *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Asks a running processor whether it is ready; for container health checks",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.healthcheck(cmd, address) },
	}
	cmd.Flags().StringVar(&address, "http", defaultHTTP, "where the processor serves metrics and health")
	return cmd
}

func (a *app) healthcheck(cmd *cobra.Command, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return wrongUsage("--http %s: want host:port", address)
	}
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "localhost" // It is the same flag that tells a processor where to listen.
	}
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return wrongUsage("--http %s: %v", address, err)
	}
	client := http.Client{Timeout: healthcheckTimeout}
	resp, err := client.Do(req)
	if err != nil {
		a.say("not ready: %v", err)
		return errNo
	}
	defer func() { _ = resp.Body.Close() }() // It was read.
	report, err := io.ReadAll(io.LimitReader(resp.Body, reportLimit))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		a.say("not ready: %s", strings.TrimSpace(string(report)))
		return errNo
	}
	_, err = fmt.Fprintln(a.out, "ready")
	return err
}
