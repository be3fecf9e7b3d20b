package embedded

import "errors"

// How a file is locked. Locks end with their process, however it ends.
type lockMode bool

const (
	exclusive lockMode = true
	shared    lockMode = false
)

var errLocked = errors.New("locked by another process")
