package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"
	"time"

	"decant/engine/export"
	"decant/engine/export/request"
	"decant/engine/job"
)

// docs/api.md explains every type of problem that there is, with its status.
func TestProblemsAreDocumented(t *testing.T) {
	source, err := os.ReadFile("problem.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| ([0-9]{3}) \\|")
	explained := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		explained[m[1]] = m[2]
	}
	kinds := regexp.MustCompile(`kind\{"([a-z-]+)", http\.`).FindAllStringSubmatch(string(source), -1)
	if len(kinds) < 15 {
		t.Fatalf("only %d kinds were found", len(kinds))
	}
	for _, m := range kinds {
		if explained[m[1]] == "" {
			t.Errorf("docs/api.md doesn't explain %s", m[1])
		}
	}
	for _, k := range []kind{badRequest, tooMuch, conflict, gone, changed, tooLarge, faulty, busy, internal, notReady} {
		if explained[k.name] != fmt.Sprint(k.status) {
			t.Errorf("docs/api.md has %s for %s, which is %d", explained[k.name], k.name, k.status)
		}
	}
}

func TestProblemOf(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		name   string
	}{
		{request.Faults{{Path: "a", Message: "b"}}, 422, "faults"},
		{&export.RequestError{Faults: request.Faults{{Message: "b"}}}, 422, "faults"},
		{&export.NotFoundError{Missing: []string{"no such series"}}, 422, "unknown-series"},
		{&export.LimitError{Limit: "rows", Message: "too many"}, 403, "over-limit"},
		{&job.ForbiddenError{Path: "items[0].params.channelId", Message: "out of reach"}, 403, "forbidden"},
		{&job.ConflictError{Message: "in use"}, 409, "conflict"},
		{&job.NotDueError{Message: "not yet"}, 409, "not-due"},
		{&job.TooLargeError{Message: "too much"}, 400, "too-much"},
		{&job.TooManyError{Owner: "o", Have: 3, Adding: 1, Max: 3}, 403, "over-limit"},
		{&job.BusyError{Limit: "queued", Max: 3, Retry: 1500 * time.Millisecond}, 429, "busy"},
		{&job.DraftsError{Drafts: []job.DraftFault{{Err: &export.LimitError{Message: "too many"}}}}, 403, "over-limit"},
		{&http.MaxBytesError{Limit: 10}, 413, "too-large"},
		{job.ErrVersion, 412, "changed"},
		{job.ErrNotFound, 404, "not-found"},
		{job.ErrEnded, 409, "conflict"},
		{context.DeadlineExceeded, 503, "not-ready"},
		{errors.New("SECRET"), 500, "internal"},
		{fmt.Errorf("SECRET: %w", os.ErrNotExist), 500, "internal"},
	} {
		for _, err := range []error{c.err, fmt.Errorf("doing this: %w", c.err)} {
			w := httptest.NewRecorder()
			secure(w.Header())
			problemOf(err).write(w)
			if w.Code != c.status || !regexp.MustCompile(`"urn:decant:problem:`+c.name+`"`).Match(w.Body.Bytes()) {
				t.Errorf("%v: %d: %s", err, w.Code, w.Body)
			}
			checkProblem(t, err.Error(), w, "")
			if retry := w.Header().Get("Retry-After"); c.status == 429 && retry != "2" || c.status != 429 && retry != "" {
				t.Errorf("%v: Retry-After is %q", err, retry)
			}
			if regexp.MustCompile("SECRET").Match(w.Body.Bytes()) {
				t.Errorf("%v: the answer tells of the service's insides: %s", err, w.Body)
			}
		}
	}
}

// A queue that is full says when to try again.
func TestBusy(t *testing.T) {
	s := newService(t)
	body := "["
	for i := range 150 {
		if i > 0 {
			body += ","
		}
		body += oneTime()
	}
	s.get(http.StatusCreated, "alice", "POST", "/exports/bulk", body+"]")
	for _, call := range []func() *httptest.ResponseRecorder{
		func() *httptest.ResponseRecorder { return s.call("alice", "POST", "/exports", oneTime()) },
		func() *httptest.ResponseRecorder {
			return s.call("alice", "POST", "/exports/bulk", "["+oneTime()+"]")
		},
	} {
		if w := call(); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("%d, Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
		}
	}
	s.get(http.StatusCreated, "bob", "POST", "/exports", oneTime())
	// More at once than there ever is room for can't be waited for.
	if w := s.call("bob", "POST", "/exports/bulk", body+","+oneTime()+"]"); w.Code != http.StatusForbidden {
		t.Errorf("more than the limit at once: %d: %s", w.Code, w.Body)
	}
}
