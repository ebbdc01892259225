package export

import (
	"fmt"
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

// SampleError is a sample that the chosen format can't hold: text too long for a cell, say. Another format can.
type SampleError struct {
	Series Series
	Time   int64  // ns
	When   string // the time as the item's zone has it
	Err    error
}

func (e *SampleError) Error() string {
	return fmt.Sprintf("the sample of series %s at %s: %v", describe(e.Series), e.When, e.Err)
}

func (e *SampleError) Unwrap() error { return e.Err }

// ExistsError is a destination that holds files which a job must not replace.
type ExistsError struct{ Message string }

func (e *ExistsError) Error() string { return e.Message }
