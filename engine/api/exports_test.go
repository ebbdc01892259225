package api

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCreate(t *testing.T) {
	s := newService(t)
	w := s.call("alice", "POST", "/exports", oneTime(`"id": "a.b"`, `"title": "Plant"`))
	if w.Code != http.StatusCreated || w.Header().Get("Location") != "/exports/a.b" || !firstTag.MatchString(w.Header().Get("ETag")) {
		t.Fatalf("%d, Location %q, ETag %q: %s", w.Code, w.Header().Get("Location"), w.Header().Get("ETag"), w.Body)
	}
	e := s.get(http.StatusOK, "alice", "GET", w.Header().Get("Location"), "")
	for name, want := range map[string]any{"id": "a.b", "title": "Plant", "type": "oneTime", "owner": "alice", "version": 1.0, "enabled": true, "deletedAt": nil} {
		if e[name] != want {
			t.Errorf("%s is %v, not %v", name, e[name], want)
		}
	}
	if status := e["lastJob"].(map[string]any)["status"]; status != "notProcessed" {
		t.Errorf("the first job is %v", status)
	}
	if w := s.call("alice", "POST", "/exports", oneTime(`"id": "a.b"`)); w.Code != http.StatusConflict {
		t.Errorf("the same id again: %d", w.Code)
	}
	s.get(http.StatusCreated, "bob", "POST", "/exports", oneTime(`"id": "a.b"`))
	if w := s.call("root", "GET", "/exports/a.b", ""); w.Code != http.StatusConflict {
		t.Errorf("an administrator and an id of two owners: %d", w.Code)
	}
	if e := s.get(http.StatusOK, "root", "GET", "/exports/a.b?owner=bob", ""); e["owner"] != "bob" {
		t.Errorf("?owner=bob gives the export of %v", e["owner"])
	}
}

func TestCreateFor(t *testing.T) {
	s := newService(t)
	w := s.call("root", "POST", "/exports?owner=carol", oneTime(`"id": "x"`))
	if w.Code != http.StatusCreated || w.Header().Get("Location") != "/exports/x?owner=carol" {
		t.Fatalf("%d, Location %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	if w := s.call("alice", "POST", "/exports?owner=carol", oneTime()); w.Code != http.StatusForbidden {
		t.Errorf("another owner, named by no administrator: %d", w.Code)
	}
	s.get(http.StatusCreated, "alice", "POST", "/exports?owner=alice", oneTime())
}

func TestIdempotencyKey(t *testing.T) {
	s := newService(t)
	first := s.call("alice", "POST", "/exports", oneTime(), "Idempotency-Key: k-1")
	again := s.call("alice", "POST", "/exports", oneTime(), `Idempotency-Key: "k-1"`)
	if first.Code != http.StatusCreated || again.Code != http.StatusCreated || first.Header().Get("Location") != again.Header().Get("Location") {
		t.Fatalf("%d %s, then %d %s", first.Code, first.Header(), again.Code, again.Header())
	}
	if first.Header().Get("Idempotency-Replayed") != "" || again.Header().Get("Idempotency-Replayed") != "true" {
		t.Error("the second answer, and no other, says that it is one")
	}
	if w := s.call("alice", "POST", "/exports", recurring(), "Idempotency-Key: k-1"); w.Code != http.StatusConflict {
		t.Errorf("the key with another request: %d", w.Code)
	}
	for _, key := range []string{`""`, "a b", "ä", strings.Repeat("x", 256)} {
		if w := s.call("alice", "POST", "/exports", oneTime(), "Idempotency-Key: "+key); w.Code != http.StatusBadRequest {
			t.Errorf("key %q: %d", key, w.Code)
		}
	}
}

func TestLenient(t *testing.T) {
	s := newService(t)
	w := s.call("alice", "POST", "/exports", oneTime(`"colour": "red"`))
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("an unknown field: %d", w.Code)
	}
	e := s.get(http.StatusCreated, "alice", "POST", "/exports?sized=1", oneTime(`"colour": "red"`), "Prefer: respond-async, handling=lenient")
	if diff := cmp.Diff([]any{"colour", "sized"}, e["ignoredParameters"]); diff != "" {
		t.Error(diff)
	}
	list := s.get(http.StatusOK, "alice", "GET", "/exports?statuses=done", "", "Prefer: handling=lenient")
	if diff := cmp.Diff([]any{"statuses"}, list["ignoredParameters"]); diff != "" {
		t.Error(diff)
	}
}

func TestChange(t *testing.T) {
	s := newService(t)
	s.create("alice", "x", notification)
	shown := s.call("alice", "GET", "/exports/x", "")
	tag := shown.Header().Get("ETag")

	// What GET gave can be sent back as it is.
	w := s.call("alice", "PUT", "/exports/x", shown.Body.String(), "If-Match: "+tag)
	second := w.Header().Get("ETag")
	if w.Code != http.StatusOK || second != strings.Replace(tag, "1-", "2-", 1) {
		t.Fatalf("%d, ETag %s: %s", w.Code, w.Header().Get("ETag"), w.Body)
	}
	var before, after map[string]any
	if err := json.Unmarshal(shown.Body.Bytes(), &before); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &after); err != nil {
		t.Fatal(err)
	}
	for name, want := range before {
		if name != "version" && name != "etag" && name != "updatedAt" && name != "warnings" {
			if diff := cmp.Diff(want, after[name]); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}

	if after["etag"] != second {
		t.Errorf("etag %v, and in the header %s", after["etag"], second)
	}
	for header, want := range map[string]int{
		"If-Match: " + tag:                    http.StatusPreconditionFailed,
		"If-Match: W/" + second:               http.StatusPreconditionFailed,
		`If-Match: "2"`:                       http.StatusPreconditionFailed,
		`If-Match: "9", "x"`:                  http.StatusPreconditionFailed,
		`If-Match: 2`:                         http.StatusBadRequest,
		`If-Match: "2`:                        http.StatusBadRequest,
		`If-Match: "2" "3"`:                   http.StatusBadRequest,
		`If-Match: "1", ` + second + `,"300"`: http.StatusOK,
	} {
		if w := s.call("alice", "PUT", "/exports/x", oneTime(), header); w.Code != want {
			t.Errorf("%s: %d, not %d: %s", header, w.Code, want, w.Body)
		}
	}
	for header, want := range map[string]int{
		`If-None-Match: *`:          http.StatusPreconditionFailed,
		`If-None-Match: "9", W/TAG`: http.StatusPreconditionFailed,
		`If-None-Match: "9", W/"3"`: http.StatusNoContent,
	} {
		s.create("alice", "none")
		for range 2 {
			s.get(http.StatusOK, "alice", "PUT", "/exports/none", oneTime())
		}
		header = strings.Replace(header, "TAG", s.tag("alice", "/exports/none"), 1)
		if w := s.call("alice", "DELETE", "/exports/none", "", header); w.Code != want {
			t.Errorf("%s: %d, not %d: %s", header, w.Code, want, w.Body)
		}
		s.call("alice", "DELETE", "/exports/none", "")
	}
	for _, headers := range [][]string{nil, {"If-Match: *"}} {
		s.get(http.StatusOK, "alice", "PUT", "/exports/x", oneTime(`"enabled": false`), headers...)
	}
	if e := s.get(http.StatusOK, "alice", "GET", "/exports/x", ""); e["enabled"] != false || e["version"] != 5.0 {
		t.Errorf("enabled %v, version %v", e["enabled"], e["version"])
	}
}

// firstTag is the ETag of an export that has not been changed.
var firstTag = regexp.MustCompile(`^"1-[0-9a-f]{8}"$`)

// tag is the ETag of an export.
func (s *service) tag(who, path string) string {
	s.t.Helper()
	w := s.call(who, "GET", path, "")
	if w.Header().Get("ETag") == "" {
		s.t.Fatalf("GET %s has no ETag: %d: %s", path, w.Code, w.Body)
	}
	return w.Header().Get("ETag")
}

func TestDelete(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	before := s.tag("alice", "/exports/x")
	s.call("alice", "DELETE", "/exports/x", "")
	s.create("alice", "x")
	tag := s.tag("alice", "/exports/x")
	for _, method := range []string{"PUT", "DELETE"} {
		if w := s.call("alice", method, "/exports/x", oneTime(), "If-Match: "+before); w.Code != http.StatusPreconditionFailed {
			t.Errorf("%s of an export that was made again, with the ETag %s of the one before where it is %s: %d", method, before, tag, w.Code)
		}
	}
	if w := s.call("alice", "DELETE", "/exports/x", "", "If-Match: "+strings.Replace(tag, "1-", "2-", 1)); w.Code != http.StatusPreconditionFailed {
		t.Errorf("another version: %d", w.Code)
	}
	if w := s.call("alice", "DELETE", "/exports/x", "", "If-Match: "+tag); w.Code != http.StatusNoContent || w.Body.Len() != 0 {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	for _, path := range []string{"/exports/x", "/exports/x/status", "/exports/x/jobs"} {
		if w := s.call("alice", "GET", path, ""); w.Code != http.StatusNotFound {
			t.Errorf("GET %s after DELETE: %d", path, w.Code)
		}
	}
	s.create("alice", "x") // its id is free again
}

func TestRunAndCancel(t *testing.T) {
	s := newService(t)
	s.create("alice", "x", `"run": "manual"`)
	if v := s.get(http.StatusOK, "alice", "GET", "/exports/x/status", ""); v["status"] != "notProcessed" || v["job"] != nil {
		t.Errorf("before the first job: %v", v)
	}
	w := s.call("alice", "POST", "/exports/x/run", "")
	if w.Code != http.StatusAccepted {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	j := s.get(http.StatusOK, "alice", "GET", w.Header().Get("Location"), "")
	if j["cause"] != "manual" || j["exportId"] != "x" {
		t.Errorf("the job is %v", j)
	}
	if v := s.get(http.StatusOK, "alice", "POST", "/exports/x/cancel", ""); v["cancelled"] != 1.0 {
		t.Errorf("cancelled: %v", v)
	}
	if v := s.get(http.StatusOK, "alice", "GET", "/exports/x/status", ""); v["status"] != "cancelled" {
		t.Errorf("after cancelling: %v", v)
	}
	if w := s.call("alice", "POST", "/jobs/"+j["id"].(string)+"/cancel", ""); w.Code != http.StatusConflict {
		t.Errorf("a job that has ended: %d", w.Code)
	}
	for at, want := range map[string]int{"2026-11-21T11:00:00Z": 202, "1795258800": 202, "1795258800.5": 202, "2036-01-01": 400, "soon": 400} {
		if w := s.call("alice", "POST", "/exports/x/run?at="+at, ""); w.Code != want {
			t.Errorf("?at=%s: %d: %s", at, w.Code, w.Body)
		}
	}
	s.get(http.StatusCreated, "alice", "POST", "/exports", recurring(`"id": "hourly"`))
	if w := s.call("alice", "POST", "/exports/hourly/run", ""); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "2026-11-21T13:00") {
		t.Errorf("before the first instant: %d: %s", w.Code, w.Body)
	}
}

func TestBulk(t *testing.T) {
	s := newService(t)
	v := s.get(http.StatusCreated, "alice", "POST", "/exports/bulk", "["+oneTime(`"id": "a"`)+","+recurring(`"id": "b"`)+"]")
	if list := v["exports"].([]any); len(list) != 2 || list[1].(map[string]any)["id"] != "b" {
		t.Fatalf("%v", v)
	}
	line := strings.ReplaceAll(oneTime(), "\n", "")
	for _, kind := range linesTypes {
		v = s.get(http.StatusCreated, "alice", "POST", "/exports/bulk", line+"\n\n"+line+"\n", "Content-Type: "+kind)
		if list := v["exports"].([]any); len(list) != 2 {
			t.Fatalf("%s: %v", kind, v)
		}
	}
	// One fault, and none is created; every one is named.
	p := s.get(http.StatusUnprocessableEntity, "alice", "POST", "/exports/bulk",
		`[`+oneTime(`"id": "new"`)+`, {"type": "oneTime"}, `+oneTime(`"id": "a"`)+`, `+strings.Replace(oneTime(), "temperature", "temprature", 1)+`]`)
	paths := map[string]bool{}
	for _, f := range p["faults"].([]any) {
		paths[f.(map[string]any)["path"].(string)] = true
	}
	want := map[string]bool{"exports[1].format": true, "exports[1].items": true, "exports[2].id": true, "exports[3]": true}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Error(diff)
	}
	if w := s.call("alice", "GET", "/exports/new", ""); w.Code != http.StatusNotFound {
		t.Errorf("one of the list was created: %d", w.Code)
	}
	p = s.get(http.StatusBadRequest, "alice", "POST", "/exports/bulk", line+"\n{\n", "Content-Type: application/jsonl")
	if f := p["faults"].([]any)[0].(map[string]any); f["path"] != "exports[1]" || !strings.HasPrefix(f["message"].(string), "line 2 ") {
		t.Errorf("%v", p)
	}
}

func TestFull(t *testing.T) {
	s := newService(t)
	for body, want := range map[string]int{
		`{"format": "jsonl", "scope": "standard"}`: 201, `{}`: 201, `{"format": "parquet"}`: 201,
		`{"format": "csv"}`: 422, `{"format": 1}`: 422, `{"scoop": "standard"}`: 422, `[]`: 422, `{"scope": "standard", "scope": "public"}`: 422, `nonsense`: 400,
	} {
		if w := s.call("root", "POST", "/exports/full", body); w.Code != want {
			t.Errorf("%s: %d: %s", body, w.Code, w.Body)
		}
	}
	if w := s.call("alice", "POST", "/exports/full", `{}`); w.Code != http.StatusForbidden {
		t.Errorf("no administrator: %d", w.Code)
	}
}

// Over a connection: HEAD has the headers of GET and no body, and a path that isn't clean is no redirect, which would lose a body.
func TestOverAConnection(t *testing.T) {
	s := newService(t)
	s.create("alice", "x")
	server := httptest.NewServer(s.api.Handler())
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer client.CloseIdleConnections()
	call := func(method, path string, body io.Reader) (*http.Response, []byte) {
		r, err := http.NewRequest(method, server.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.tokens["alice"])
		r.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, text
	}
	get, text := call("GET", "/exports/x", nil)
	head, none := call("HEAD", "/exports/x", nil)
	if head.StatusCode != http.StatusOK || len(none) != 0 || head.ContentLength != int64(len(text)) || head.Header.Get("ETag") != get.Header.Get("ETag") {
		t.Errorf("HEAD: %d, %d bytes of %d, %v", head.StatusCode, len(none), head.ContentLength, head.Header)
	}
	for _, path := range []string{"//exports", "/exports/", "/exports/./x"} {
		if answer, _ := call("POST", path, strings.NewReader(oneTime())); answer.StatusCode != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, answer.StatusCode)
		}
	}
	// More than the limit is refused whether the length is said before or not.
	large := strings.Repeat(" ", 1<<20) + "{}"
	for _, body := range []io.Reader{strings.NewReader(large), io.MultiReader(strings.NewReader(large))} {
		if answer, text := call("POST", "/exports", body); answer.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("a large body: %d: %s", answer.StatusCode, text)
		}
	}
}

func TestPreviewAndPlan(t *testing.T) {
	s := newService(t)
	v := s.get(http.StatusOK, "alice", "POST", "/exports/preview", oneTime())
	item := v["items"].([]any)[0].(map[string]any)
	if rows := item["rows"].([]any); len(rows) != 50 || item["more"] != true {
		t.Errorf("%d rows, more %v", len(rows), item["more"])
	}
	v = s.get(http.StatusOK, "alice", "POST", "/exports/plan", oneTime(`"colour": 1`), "Prefer: handling=lenient")
	if v["items"] == nil || v["ignoredParameters"] == nil {
		t.Errorf("%v", v)
	}
}
