package job

import "fmt"

// DraftsError says what is wrong with drafts; none of them was created.
type DraftsError struct {
	Drafts []DraftFault // by Index
}

// DraftFault is one draft that can't be taken, and why: request.Faults, *export.RequestError, *export.NotFoundError, *export.LimitError, *ForbiddenError
// or *ConflictError.
type DraftFault struct {
	Index int
	Err   error
}

func (e *DraftsError) Error() string {
	if len(e.Drafts) == 1 {
		return e.Drafts[0].Err.Error()
	}
	return fmt.Sprintf("%d of the requests can't be taken", len(e.Drafts))
}

// ForbiddenError is something that the caller's token may not do, or that can never succeed.
type ForbiddenError struct {
	Path    string // in the request; empty for the request as a whole
	Message string
}

func (e *ForbiddenError) Error() string {
	if e.Path != "" {
		return e.Path + ": " + e.Message
	}
	return e.Message
}

// NotDueError is a run that somebody asked for now, or at a moment, before the export's first.
type NotDueError struct {
	First   *int64 // ns: when the first run is due, or was; nil where none ever is
	Message string
}

func (e *NotDueError) Error() string { return e.Message }

// TooLargeError is a full export that is over its limit. It is the caller's to ask for less.
type TooLargeError struct {
	Bytes, Limit int64 // estimated, allowed
	Message      string
}

func (e *TooLargeError) Error() string { return e.Message }
