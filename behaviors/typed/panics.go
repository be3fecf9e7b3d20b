package typed

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/partita-io/partita/entities"
)

// recovered makes a failure of a panic. It is called by the deferred function that recovered it.
func recovered(cause any) *entities.Failure {
	return &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("%s: panic: %v", panickedAt(), cause)}
}

// panickedAt is the place in a user's code that panicked: the frame above the runtime's own.
func panickedAt() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers[:])])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			// The folder is kept: "account/account.go:42". The rest of the path is that of the machine it was built on.
			dir, file := filepath.Split(frame.File)
			return fmt.Sprintf("%s:%d", filepath.Join(filepath.Base(dir), file), frame.Line)
		case !more:
			return "somewhere"
		}
	}
}
