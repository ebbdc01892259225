package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/request"
	"decant/engine/job"
)

// problem is an answer that is no success (RFC 9457).
type problem struct {
	Type     string         `json:"type"`
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail,omitempty"`
	Instance string         `json:"instance,omitempty"` // of a fault of the service: the id under which the log has it
	Faults   request.Faults `json:"faults,omitempty"`

	retry time.Duration // Retry-After; 0 is none
}

// kind is a sort of problem: the end of its type's URI, its status and title. docs/api.md explains each.
type kind struct {
	name   string
	status int
	title  string
}

var (
	badRequest       = kind{"bad-request", http.StatusBadRequest, "The call can't be read"}
	unauthorized     = kind{"unauthorized", http.StatusUnauthorized, "The call has no valid token"}
	forbidden        = kind{"forbidden", http.StatusForbidden, "The call is not allowed"}
	overLimit        = kind{"over-limit", http.StatusForbidden, "A limit refuses the request"}
	badLink          = kind{"bad-link", http.StatusForbidden, "The link is not valid"}
	notFound         = kind{"not-found", http.StatusNotFound, "There is no such thing"}
	methodNotAllowed = kind{"method-not-allowed", http.StatusMethodNotAllowed, "The method is not allowed here"}
	notDue           = kind{"not-due", http.StatusConflict, "No run was due"}
	tooMuch          = kind{"too-much", http.StatusBadRequest, "The export would be too large"}
	conflict         = kind{"conflict", http.StatusConflict, "The call meets a state that it can't change"}
	linkExpired      = kind{"link-expired", http.StatusGone, "The link has expired"}
	gone             = kind{"gone", http.StatusGone, "The artifacts have expired"}
	changed          = kind{"changed", http.StatusPreconditionFailed, "The export has changed"}
	otherFile        = kind{"other-file", http.StatusPreconditionFailed, "The file is not the one that was meant"}
	tooLarge         = kind{"too-large", http.StatusRequestEntityTooLarge, "The body is too large"}
	unsupported      = kind{"unsupported-media-type", http.StatusUnsupportedMediaType, "The body's type is not taken"}
	noSuchRange      = kind{"no-such-range", http.StatusRequestedRangeNotSatisfiable, "The file has no such bytes"}
	faulty           = kind{"faults", http.StatusUnprocessableEntity, "The request has faults"}
	unknownSeries    = kind{"unknown-series", http.StatusUnprocessableEntity, "The request names what was never seen"}
	busy             = kind{"busy", http.StatusTooManyRequests, "Too many jobs wait"}
	internal         = kind{"internal", http.StatusInternalServerError, "The service is at fault"}
	notReady         = kind{"not-ready", http.StatusServiceUnavailable, "The service can't work at the moment"}
)

// typePrefix begins the URI of every problem's type. It leads nowhere: docs/api.md has the list.
const typePrefix = "urn:decant:problem:"

// refusal is an error that says which problem it is.
type refusal struct {
	kind   kind
	detail string
	faults request.Faults // where detail is "", they say it all
}

func (e *refusal) Error() string {
	if e.detail == "" {
		return e.faults.Error()
	}
	return e.detail
}

// refuse makes an error that becomes a problem of a kind.
func refuse(k kind, format string, args ...any) error {
	return &refusal{kind: k, detail: fmt.Sprintf(format, args...)}
}

// refuseFaults makes one with a path for each thing wrong.
func refuseFaults(k kind, faults ...request.Fault) error {
	return &refusal{kind: k, faults: faults}
}

// problemOf maps errors to problems. It is the only place that does.
func problemOf(err error) problem {
	var (
		said      *refusal
		drafts    *job.DraftsError
		faults    request.Faults
		missing   *export.NotFoundError
		limit     *export.LimitError
		denied    *job.ForbiddenError
		taken     *job.ConflictError
		full      *job.BusyError
		many      *job.TooManyError
		early     *job.NotDueError
		huge      *job.TooLargeError
		unbounded *http.MaxBytesError
	)
	switch {
	case errors.As(err, &said):
		return newProblem(said.kind, said.detail, said.faults)
	case errors.As(err, &drafts) && len(drafts.Drafts) > 0:
		return problemOf(drafts.Drafts[0].Err)
	case errors.As(err, &faults):
		return newProblem(faulty, "", faults)
	case errors.As(err, &missing):
		return newProblem(unknownSeries, missing.Error(), nil)
	case errors.As(err, &limit):
		return newProblem(overLimit, limit.Message, nil)
	case errors.As(err, &denied):
		p := newProblem(forbidden, denied.Message, nil)
		if denied.Path != "" {
			p.Faults = scrub(request.Faults{{Path: denied.Path, Message: denied.Message}})
		}
		return p
	case errors.As(err, &taken):
		return newProblem(conflict, taken.Message, nil)
	case errors.As(err, &full):
		p := newProblem(busy, full.Error(), nil)
		p.retry = max(full.Retry, time.Second)
		return p
	case errors.As(err, &many):
		return newProblem(overLimit, many.Error(), nil)
	case errors.As(err, &early):
		return newProblem(notDue, early.Message, nil)
	case errors.As(err, &huge):
		return newProblem(tooMuch, huge.Message, nil)
	case errors.As(err, &unbounded):
		return newProblem(tooLarge, fmt.Sprintf("the body has more than the %d bytes that are allowed; send fewer exports at a time, or shorter lists of series", unbounded.Limit), nil)
	case errors.Is(err, job.ErrVersion):
		return newProblem(changed, "the export has changed since it was read; read it again, and send the change with its new ETag", nil)
	case errors.Is(err, job.ErrNotFound):
		return newProblem(notFound, "there is no such export or job of yours", nil)
	case errors.Is(err, job.ErrEnded):
		return newProblem(conflict, "the job has ended", nil)
	case errors.Is(err, access.ErrNoCredentials), errors.Is(err, access.ErrInvalid):
		return newProblem(unauthorized, err.Error(), nil)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return newProblem(notReady, "the call took too long, or the service stops; try again later", nil)
	}
	return newProblem(internal, "the fault is the service's, not yours; its log has more under the id that stands in instance", nil)
}

// fewFaults are so many that the detail repeats them, for clients that show nothing else.
const fewFaults = 10

// newProblem makes a problem out of which secrets are taken. Without a detail, the faults are told.
func newProblem(k kind, detail string, faults request.Faults) problem {
	p := problem{Type: typePrefix + k.name, Title: k.title, Status: k.status, Detail: maskAddresses(detail), Faults: scrub(faults)}
	switch {
	case detail != "" || len(faults) == 0:
	case len(faults) <= fewFaults:
		p.Detail = p.Faults.Error()
	default:
		p.Detail = fmt.Sprintf("there are %d faults; the first of them: %s", len(faults), p.Faults[0])
	}
	return p
}

// write sends a problem.
func (p problem) write(w http.ResponseWriter) {
	body, err := json.Marshal(p)
	if err != nil { // of strings and numbers: can't be
		body = []byte(`{"type":"about:blank","status":500}`)
	}
	h := w.Header()
	if p.retry > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((p.retry+time.Second-1)/time.Second), 10))
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	for _, name := range []string{"Content-Length", "Content-Disposition", "Content-Encoding", "ETag", "Last-Modified"} {
		h.Del(name)
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // nobody is left to tell
}

// shown quotes what a caller sent for a problem, shortened and without characters that are not to be seen.
func shown(s string) string {
	return strconv.Quote(shorten(strings.ToValidUTF8(s, "\uFFFD"), 80))
}

// shorten cuts a text after so many characters.
func shorten(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}
