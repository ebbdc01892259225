package export

import (
	"strings"

	"decant/engine/export/request"
)

// RequestError says what is wrong with a request that could only be seen when it was planned. It is the caller's fault.
type RequestError struct{ Faults request.Faults }

func (e *RequestError) Error() string { return e.Faults.Error() }

// Unwrap gives the faults.
func (e *RequestError) Unwrap() error { return e.Faults }

// NotFoundError names the channels, subtopics and series that a request asks for and the source never saw.
type NotFoundError struct{ Missing []string } // each a sentence with what there is instead

func (e *NotFoundError) Error() string { return strings.Join(e.Missing, "\n") }

// LimitError is a job that a limit refuses.
type LimitError struct {
	Limit   string // rows, pdf_rows, columns or disk
	Message string // the number, the limit and what to do
}

func (e *LimitError) Error() string { return e.Message }

// ExistsError is a destination that holds files which a job must not replace.
type ExistsError struct{ Message string }

func (e *ExistsError) Error() string { return e.Message }
