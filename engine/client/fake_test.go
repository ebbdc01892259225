package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inProcess answers calls without a network, so that tests may run on synctest's clock.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

const testToken = "decant_secret"

// clientOf makes a client whose calls a handler answers.
func clientOf(t testing.TB, h http.HandlerFunc) *Client {
	return clientOver(t, inProcess{h})
}

func clientOver(t testing.TB, transport http.RoundTripper) *Client {
	t.Helper()
	c, err := New(Config{Server: "http://service.test/below", Token: testToken, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// gone is a service that isn't there.
type gone struct{}

func (gone) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("connection refused")
}

// fakeService keeps exports as the service does, as far as Apply asks for it.
type fakeService struct {
	mu      sync.Mutex
	exports map[string]*fakeExport
	calls   []string // POST, PUT and DELETE, in order
	refuse  func(Request) *Error
}

type fakeExport struct {
	request Request
	version int
}

// tag is its ETag, in a form of this service's own: clients only hand it back.
func (e *fakeExport) tag() string { return fmt.Sprintf(`"of %d"`, e.version) }

func newFakeService() *fakeService { return &fakeService{exports: map[string]*fakeExport{}} }

func (f *fakeService) view(id string) json.RawMessage {
	e := f.exports[id]
	text := strings.TrimSuffix(string(e.request.Without("id").JSON()), "}")
	if text != "{" {
		text += ","
	}
	return json.RawMessage(text + fmt.Sprintf(`"id":%q,"owner":"o","version":%d,"etag":%q,"createdAt":"2026-11-21T17:34:46.123Z","nextRun":null,"lastJob":null}`, id, e.version, e.tag()))
}

func (f *fakeService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/below")
	id := strings.TrimPrefix(path, "/exports/")
	body, _ := io.ReadAll(r.Body)
	if r.Method != http.MethodGet && path != "/exports/plan" {
		f.calls = append(f.calls, r.Method+" "+path)
	}
	switch {
	case path == "/exports/plan":
		request, err := ParseRequest(body)
		if err != nil {
			sendProblem(w, &Error{Status: 400, Detail: err.Error()})
		} else if no := f.refuse; no != nil && no(request) != nil {
			sendProblem(w, no(request))
		} else {
			fmt.Fprint(w, "{}")
		}
	case path == "/exports/bulk":
		all, _, _ := ParseRequests(body)
		made := []json.RawMessage{}
		for _, r := range all {
			id := r.Text("id")
			f.exports[id] = &fakeExport{r, 1}
			made = append(made, f.view(id))
		}
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(map[string]any{"exports": made})
	case path == "/exports":
		f.list(w, r)
	case f.exports[id] == nil:
		sendProblem(w, &Error{Status: 404, Detail: "there is no such export"})
	case r.Header.Get("If-Match") != "" && r.Header.Get("If-Match") != f.exports[id].tag():
		sendProblem(w, &Error{Status: 412, Detail: "the export has changed"})
	case r.Method == http.MethodGet:
		w.Write(f.view(id))
	case r.Method == http.MethodPut:
		request, _ := ParseRequest(body)
		f.exports[id] = &fakeExport{request, f.exports[id].version + 1}
		w.Write(f.view(id))
	case r.Method == http.MethodDelete:
		delete(f.exports, id)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (f *fakeService) list(w http.ResponseWriter, r *http.Request) {
	var ids []string
	for id := range f.exports {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	limit = min(limit, 2) // small pages, so that there are several
	end := min(offset+limit, len(ids))
	rows := []json.RawMessage{}
	for _, id := range ids[offset:end] {
		rows = append(rows, f.view(id))
	}
	answer := map[string]any{"exports": rows, "nextPage": nil}
	if end < len(ids) {
		answer["nextPage"] = map[string]string{"offset": strconv.Itoa(end)}
	}
	json.NewEncoder(w).Encode(answer)
}

func sendProblem(w http.ResponseWriter, e *Error) {
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter/time.Second)))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(e.Status)
	json.NewEncoder(w).Encode(map[string]any{"type": typePrefix + e.Kind, "title": e.Title, "status": e.Status, "detail": e.Detail, "faults": e.Faults})
}

func collect[T any](t testing.TB, rows func(func(T, error) bool)) (all []T) {
	t.Helper()
	for row, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

var background = context.Background()
