package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"decant/engine/store/segment"
	"decant/engine/store/wal"
)

// Kinds of errors, for exit codes: test with errors.Is. Damage is a *CorruptError: errors.As.
var (
	// ErrInUse: another process writes the store. The error names it.
	ErrInUse = errors.New("the store is in use by another writer")
	// ErrNotStore: the folder holds no store.
	ErrNotStore = errors.New("not a store")
	// ErrLimit: a limit refuses, such as the number of series. The store goes on.
	ErrLimit = errors.New("a limit is reached")
	// ErrDiskFull: the disk has no room. A writer that could not store has stopped; one that could not compact goes on.
	ErrDiskFull = errors.New("the disk is full")
	// ErrClosed: the store, or the connection to one, was closed.
	ErrClosed = errors.New("the store is closed")
)

// CorruptError is a file whose bytes are not what was written.
type CorruptError struct {
	File   string
	Offset int64 // where the damaged part starts
	Text   string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s is damaged at offset %d: %s; `decant verify` lists all damage, a backup replaces the file", e.File, e.Offset, e.Text)
}

// kindError is a text for people with a kind for programs.
type kindError struct {
	kind error
	text string
}

func (e *kindError) Error() string        { return e.text }
func (e *kindError) Is(target error) bool { return target == e.kind }

// StoppedError is why a writer takes nothing more: a write or a sync failed. Nothing that was not acknowledged before is promised. Opening the store again
// recovers it.
type StoppedError struct {
	Cause error // names the file
}

func (e *StoppedError) Error() string {
	next := "mend the cause and start again: everything acknowledged is kept"
	if errors.Is(e, ErrDiskFull) {
		next = "free some space and start again: everything acknowledged is kept"
	}
	return fmt.Sprintf("the store has stopped: %v; %s", e.Cause, next)
}

func (e *StoppedError) Unwrap() error { return e.Cause }

func (e *StoppedError) Is(target error) bool {
	return target == ErrDiskFull && isDiskFull(e.Cause)
}

// damaged translates what the parts say about damage to a *CorruptError that names the file. Other errors stay as they are.
func damaged(path string, err error) error {
	var fault *wal.Fault
	var corrupt *segment.CorruptError
	var unreadable *segment.FaultError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &fault):
		return &CorruptError{File: path, Offset: fault.Offset, Text: fault.Text}
	case errors.As(err, &corrupt):
		return &CorruptError{File: corrupt.File, Offset: corrupt.Offset, Text: corrupt.Text}
	case errors.As(err, &unreadable):
		return &CorruptError{File: unreadable.File, Offset: max(0, unreadable.Offset), Text: "the disk can't deliver it, or it was cut short while in use"}
	case path != "" && errors.Is(err, os.ErrNotExist): // without a path it may be another's file: a guarded export's destination
		return &CorruptError{File: path, Offset: 0, Text: "it is missing"}
	}
	return err
}

func notStore(dir, why string) error {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return &kindError{ErrNotStore, fmt.Sprintf("%s is not a decant store: %s; name a store with --data, or start one with `decant ingest` or `decant import`", dir, why)}
}
