package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	askTimeout = 2 * time.Second
	askEvery   = 200 * time.Millisecond
)

// get asks a process.
func get(ctx context.Context, url string) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }() // It was read.
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// until polls for a condition; when ctx ends first, it names what never was.
func until(ctx context.Context, what string, so func() bool) error {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s never was: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

// lag is how many records all tasks of a process are behind; false if it does not say.
func (p *process) lag(ctx context.Context) (records float64, ok bool) {
	status, body, err := get(ctx, "http://"+p.address+"/metrics")
	if err != nil || status != http.StatusOK {
		return 0, false
	}
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, "partita_lag_records{") {
			continue
		}
		fields := strings.Fields(line)
		value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			return 0, false
		}
		records += value
	}
	return records, true
}

// awaitLevel waits until nothing that was written is still to be read by anybody, seen twice in turn.
func (f *fleet) awaitLevel(ctx context.Context) error {
	level := 0
	return until(ctx, "level: all inputs read to their ends", func() bool {
		for _, p := range f.processes {
			if behind, ok := p.lag(ctx); !ok || behind > 0 {
				level = 0
				return false
			}
		}
		level++
		return level >= 5 // The gauge follows commits and fetches, so that one look may be too early.
	})
}
