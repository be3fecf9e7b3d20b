package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Version is that of the records that this program writes, and the latest that it reads.
const Version = 1

// A NewerError says that a record is of a version that this program does not know: it is not guessed what it wants.
type NewerError struct{ Version int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("it is of version %d, and this program reads version %d: use the program that wrote it, or a later one", e.Version, Version)
}

// decode reads the value of a record. The error is a [NewerError] if it is of a later version.
func decode(value []byte, layout any) error {
	var v struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(value, &v); err != nil {
		return fmt.Errorf("control record: %w", err)
	}
	switch {
	case v.Version == nil || *v.Version < 1:
		return errors.New("control record: it has no version")
	case *v.Version > Version:
		return &NewerError{Version: *v.Version}
	}
	d := json.NewDecoder(bytes.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(layout); err != nil {
		return fmt.Errorf("control record: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("control record: something follows the object")
	}
	return nil
}

func checkNumber(n int64) error {
	if n < 1 {
		return fmt.Errorf("control record: number %d: they count from 1", n)
	}
	return nil
}
