package client

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is an answer that says no: the problem that the service sent (RFC 9457).
type Error struct {
	Status     int
	Kind       string // the end of the problem's type: faults, unknown-series, over-limit, …; "" where the service didn't send one
	Title      string
	Detail     string
	Faults     []Fault
	RetryAfter time.Duration // 0 where the service doesn't say
	doing      string        // GET /exports/a
}

// Fault is one thing wrong with a request.
type Fault struct {
	Path    string `json:"path"` // items[0].params.decimation.ds; of several requests exports[3].items[0]…
	Value   string `json:"value,omitempty"`
	Message string `json:"message"`
}

func (f Fault) String() string {
	s := f.Message
	if f.Value != "" && !strings.HasPrefix(f.Message, f.Value+":") {
		s = f.Value + ": " + s
	}
	if f.Path != "" {
		s = f.Path + ": " + s
	}
	return s
}

// Error says all of it: a line for what went wrong, and one for each fault.
func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.Detail != "":
		b.WriteString(e.Detail)
	case e.Title != "":
		b.WriteString(e.Title)
	default:
		fmt.Fprintf(&b, "%s: the service answers %d %s", e.doing, e.Status, http.StatusText(e.Status))
	}
	for _, f := range e.Faults {
		if !strings.Contains(e.Detail, f.Path+": ") || !strings.Contains(e.Detail, f.Message) { // the detail tells mostly all of them
			b.WriteString("\n  " + f.String())
		}
	}
	switch e.Status {
	case http.StatusUnauthorized:
		b.WriteString("\nDECANT_TOKEN or --token-file gives the token; decant token create makes one")
	case http.StatusTooManyRequests:
		if e.RetryAfter > 0 {
			fmt.Fprintf(&b, "\ntry again in %s", e.RetryAfter)
		}
	}
	return b.String()
}

// typePrefix begins the type of every problem of the service.
const typePrefix = "urn:decant:problem:"

// Kinds of problems that are told from others of their status.
const (
	UnknownSeries = "unknown-series" // 422
	OverLimit     = "over-limit"     // 403
)

// problem reads an answer that says no. One that isn't the service's own (a proxy's page) is told by its status.
func problem(answer *http.Response, doing string) error {
	e := &Error{Status: answer.StatusCode, doing: doing}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds >= 0 {
		e.RetryAfter = time.Duration(min(seconds, 86_400)) * time.Second
	}
	if answer.StatusCode >= 300 && answer.StatusCode < 400 {
		e.Detail = fmt.Sprintf("%s: the server answers %d and points to %q; DECANT_SERVER or --server is to name the service itself", doing, answer.StatusCode, answer.Header.Get("Location"))
		return e
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxProblem))
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || kind != "application/problem+json" && kind != "application/json" {
		return e
	}
	var p struct {
		Type   string  `json:"type"`
		Title  string  `json:"title"`
		Detail string  `json:"detail"`
		Faults []Fault `json:"faults"`
	}
	if json.Unmarshal(data, &p) == nil {
		e.Kind = strings.TrimPrefix(p.Type, typePrefix)
		e.Title, e.Detail, e.Faults = p.Title, p.Detail, p.Faults
	}
	return e
}

// NetworkError is a call that got no answer, or none that the service would give.
type NetworkError struct {
	Doing  string
	Server string
	Err    error
}

func (e *NetworkError) Error() string {
	if e.Server != "" {
		return fmt.Sprintf("%s at %s: %v", e.Doing, e.Server, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Doing, e.Err)
}

func (e *NetworkError) Unwrap() error { return e.Err }
