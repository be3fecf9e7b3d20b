package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const stuck = "BANK_TEST_STUCK"

// TestMain is also a process that never finishes what is under way, for tests of signals.
func TestMain(m *testing.M) {
	if os.Getenv(stuck) == "" {
		os.Exit(m.Run())
	}
	ctx := untilSignal()
	fmt.Println("runs")
	<-ctx.Done()
	fmt.Println("stops")
	select {}
}

func TestASecondSignalEndsTheProcessAtOnce(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), stuck+"=yes")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for _, line := range []string{"runs", "stops"} {
		require.True(t, lines.Scan())
		require.Equal(t, line, lines.Text())
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	}
	// The second may have come before signals were let go of; one more has not.
	ended := make(chan struct{})
	go func() {
		for lines.Scan() { // Until the process closes its output.
		}
		close(ended)
	}()
	// Not as fast as can be: the race detector's own handlers do not bear a signal while they are replaced.
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case <-ended:
			over = true
		case <-tick.C:
			_ = cmd.Process.Signal(syscall.SIGTERM)
		}
	}
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, syscall.SIGTERM, exit.Sys().(syscall.WaitStatus).Signal())
}
