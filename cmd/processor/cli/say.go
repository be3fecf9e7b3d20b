package cli

import (
	"fmt"
	"io"
)

// say writes a line for people to standard error. If that cannot be written there is nobody left to tell.
func (a *app) say(format string, args ...any) { tell(a.err, format+"\n", args...) }

// tell writes what nobody depends on.
func tell(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
