package service

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/telemetry"
)

// tasksPath is where a running context answers how its tasks do: GET /tasks, as JSON.
const tasksPath = "/tasks"

// A Task is how one component does on one shard.
type Task struct {
	Component string `json:"component"`
	Shard     int32  `json:"shard"`
	// State is running, paused, rebuilding or stopped, and Why the reason.
	State string `json:"state"`
	Why   string `json:"why,omitempty"`
	// Rebuild is the number of the latest wish that its states be computed anew which it has met, or is meeting.
	Rebuild int64 `json:"rebuild,omitempty"`
	// Before is the place of the record that it stopped before.
	Before string      `json:"before,omitempty"`
	Inputs []TaskInput `json:"inputs"`
}

// A TaskInput is where a task stands in a partition: everything before the position is done and committed.
type TaskInput struct {
	Topic     string           `json:"topic"`
	Partition int32            `json:"partition"`
	Position  records.Position `json:"position"`
}

// tellPatience is how long lanes may take to answer; they do so between two windows.
const tellPatience = 5 * time.Second

func tasksHandler(controls *partitions.Controls, health *telemetry.Health) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), tellPatience)
		defer cancel()
		standings, err := controls.Standings(ctx)
		if err != nil {
			http.Error(w, "the lanes are busy: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		answerJSON(w, tasksOf(standings, health.Report().Stopped))
	}
}

// tasksOf adds what the lanes do not know: tasks that could not begin, and reasons that were found out later.
func tasksOf(standings []partitions.Standing, stopped []telemetry.StoppedTask) []Task {
	tasks := make([]Task, 0, len(standings))
	for _, s := range standings {
		t := Task{Component: s.Component, Shard: s.Shard, State: s.State, Why: s.Why, Rebuild: s.Asked, Inputs: inputsOf(s.Positions)}
		if s.Before != nil {
			t.Before = s.Before.String()
		}
		tasks = append(tasks, t)
	}
	for _, s := range stopped {
		i := slices.IndexFunc(tasks, func(t Task) bool { return t.Component == s.Component && t.Shard == s.Shard })
		switch {
		case i < 0:
			tasks = append(tasks, Task{Component: s.Component, Shard: s.Shard, State: partitions.TaskHalted, Why: s.Error, Inputs: []TaskInput{}})
		case tasks[i].State == partitions.TaskHalted && tasks[i].Why == "":
			tasks[i].Why = s.Error
		}
	}
	slices.SortFunc(tasks, func(a, b Task) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Shard, b.Shard))
	})
	return tasks
}

func inputsOf(positions map[records.TopicPartition]records.Position) []TaskInput {
	inputs := make([]TaskInput, 0, len(positions))
	for at, p := range positions {
		inputs = append(inputs, TaskInput{Topic: at.Topic, Partition: at.Partition, Position: p})
	}
	slices.SortFunc(inputs, func(a, b TaskInput) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return inputs
}

// maxTasks bounds what is read from another process.
const maxTasks = 64 << 20

// AskTasks asks the process at address, host:port, how its tasks do.
func AskTasks(ctx context.Context, address string) ([]Task, error) {
	tasks, err := askTasks(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", address, err)
	}
	return tasks, nil
}

func askTasks(ctx context.Context, address string) ([]Task, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+tasksPath, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // It was read.
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTasks))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %.200s", resp.Status, body)
	}
	var tasks []Task
	return tasks, json.Unmarshal(body, &tasks)
}
