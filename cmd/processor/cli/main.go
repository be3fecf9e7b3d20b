package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitDone = iota
	// exitNo: the answer is no (a test or check failed, a command was rejected).
	exitNo
	exitUsage
	// exitCouldNot: a broker is away, a folder cannot be loaded, and the like.
	exitCouldNot
)

// Errors that end a command when everything has been said already.
var (
	errNo       = errors.New("the answer is no")
	errCouldNot = errors.New("could not")
)

// A usageError is the caller's.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func wrongUsage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// An app is one run of the command line.
type app struct {
	in       io.Reader
	out, err io.Writer
	// started is set once flags and arguments are found good: what fails before is wrong usage.
	started bool
	logging logging
}

// Main runs the command line of this process and returns its exit code. The first SIGINT or SIGTERM ends the command in good order, the second
// one at once.
func Main() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitCouldNot)
	}()
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	return a.run(ctx, os.Args[1:])
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	cmd, err := root.ExecuteContextC(ctx)
	return a.exitCode(cmd, unknownCommand(root, args, err))
}

func (a *app) exitCode(cmd *cobra.Command, err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errNo):
		return exitNo
	case errors.Is(err, errCouldNot):
		return exitCouldNot
	case !a.started, errors.As(err, &usage):
		a.say("%s: %v\nsee: %s --help", cmd.CommandPath(), err, cmd.CommandPath())
		return exitUsage
	default:
		a.say("%s: %v", cmd.CommandPath(), err)
		return exitCouldNot
	}
}
