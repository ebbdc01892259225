package archive

import (
	"errors"
	"fmt"
)

// Kinds of errors, for exit codes: test with errors.Is.
var (
	// ErrInUse: another run writes the archive. The error names it.
	ErrInUse = errors.New("the archive is in use by another run")
	// ErrNotArchive: there is no archive at the place.
	ErrNotArchive = errors.New("not an archive")
	// ErrAccess: the place, the bucket or the credentials are wrong.
	ErrAccess = errors.New("the place can't be used")
	// ErrUnreachable: the network or the server does not answer, or answers that it can't now.
	ErrUnreachable = errors.New("the place can't be reached")
)

// DamageError is a file of an archive whose bytes are not what was written.
type DamageError struct {
	Place string
	File  string
	Text  string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s in the archive %s is damaged: %s; put back a copy of it, or archive to another place while the store still holds its day", e.File, e.Place, e.Text)
}

// kindError is a text for people with a kind for programs, and its cause.
type kindError struct {
	kind  error
	text  string
	cause error
}

func (e *kindError) Error() string        { return e.text }
func (e *kindError) Is(target error) bool { return target == e.kind }
func (e *kindError) Unwrap() error        { return e.cause }
