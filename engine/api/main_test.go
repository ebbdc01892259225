package api

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"decant/engine/access"
	"decant/engine/export/exporttest"
	"decant/engine/job"
	"decant/engine/job/database"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// begin is where the tests' clock stands at first: 2026-11-21T12:00:00Z.
const begin = 1795262400 * int64(time.Second)

// service is an API over a real job.Service, an SQLite file and samples in memory.
type service struct {
	t     testing.TB
	api   *API
	http  http.Handler // the API, each of whose answers is held to openapi.json
	jobs  *job.Service
	queue *database.DB
	files string // folder of artifacts
	store *exporttest.Memory
	clock atomic.Int64
	// Tokens by who has them: alice and bob have every scope but admin, reader is alice with read and list alone, limited is alice with
	// channels m* only, scraper may read metrics and nothing else, root is an administrator.
	tokens map[string]string
}

// newService makes one that holds two channels: plant with temperatures, meter with energy.
func newService(t testing.TB) *service {
	t.Helper()
	return newServiceOn(t, filepath.Join(t.TempDir(), "decant.db"))
}

// newServiceOn makes one over a database of ours.
func newServiceOn(t testing.TB, url string) *service {
	t.Helper()
	s := &service{t: t, tokens: map[string]string{}, files: t.TempDir(), store: samples()}
	s.clock.Store(begin)
	db, err := database.Open(context.Background(), url, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s.queue = db
	clock := func() int64 { return s.clock.Add(int64(time.Millisecond)) }
	s.jobs = job.New(job.Config{
		Queue:     db,
		Source:    s.store,
		Artifacts: s.files,
		Limits:    func() job.Limits { return job.Limits{Queued: 200, QueuedEach: 150, FullBytes: 1 << 30, Tries: 5} },
		Clock:     clock,
		Version:   "test",
	})
	s.api = New(Config{
		Service: s.jobs,
		Tokens:  db,
		Signer:  access.NewSigner(make([]byte, 32)),
		Clock:   clock,
		Limits:  func() Limits { return Limits{Body: 64 << 10, Bulk: 256 << 10} },
		URL:     "https://exports.example.com",
	})
	s.http = conform(t, s.api.Handler())
	all := []access.Scope{access.Create, access.List, access.Read, access.Delete, access.Download, access.Metrics}
	s.token("alice", "alice", nil, all...)
	s.token("bob", "bob", nil, all...)
	s.token("reader", "alice", nil, access.Read, access.List)
	s.token("limited", "alice", []string{"m*"}, all...)
	s.token("scraper", "prometheus", nil, access.Metrics)
	s.token("root", "root", nil, access.Admin)
	return s
}

func (s *service) token(name, owner string, channels []string, scopes ...access.Scope) {
	text, token := access.NewToken(owner, scopes, channels, nil, begin, "")
	if err := s.queue.AddToken(context.Background(), token); err != nil {
		s.t.Fatal(err)
	}
	s.tokens[name] = text
}

// samples are an hour of two series, a sample a minute, up to begin.
func samples() *exporttest.Memory {
	m := &exporttest.Memory{}
	for i := range int64(60) {
		at := begin - (60-i)*int64(time.Minute)
		_ = m.Append(exporttest.Number("plant", "events.data", "temperature", "Cel", at, 20+float64(i)/4),
			exporttest.Number("meter", "events.data", "energy", "kWh", at, 1000+float64(i)))
	}
	return m
}

// call makes a call as somebody ("" is nobody). body may be empty; headers are "Name: value".
func (s *service) call(who, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	var r *http.Request
	if body == "" {
		r = httptest.NewRequest(method, target, nil)
	} else {
		r = httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+s.tokens[who])
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if value == "-" {
			r.Header.Del(name)
			continue
		}
		r.Header[http.CanonicalHeaderKey(name)] = []string{value}
	}
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r)
	return w
}

// get makes a call that must have this status, and gives its JSON.
func (s *service) get(status int, who, method, target, body string, headers ...string) map[string]any {
	s.t.Helper()
	w := s.call(who, method, target, body, headers...)
	if w.Code != status {
		s.t.Fatalf("%s %s: %d, not %d: %s", method, target, w.Code, status, w.Body)
	}
	var v map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			s.t.Fatalf("%s %s: %v: %s", method, target, err, w.Body)
		}
	}
	return v
}

// create makes an export as somebody, with an id, of channel plant.
func (s *service) create(who, id string, more ...string) map[string]any {
	s.t.Helper()
	return s.get(http.StatusCreated, who, "POST", "/exports", oneTime(append([]string{`"id": "` + id + `"`}, more...)...))
}

// oneTime is a valid request with more members.
func oneTime(more ...string) string {
	return `{"format": {"extension": "csv"}, "type": "oneTime", "items": [` + plantItem + `]` + members(more) + `}`
}

// recurring is a valid one that runs every hour.
func recurring(more ...string) string {
	return `{"format": {"extension": "csv"}, "type": "recurring", "periodicity": "PT1H", "items": [{"params": {"target": {"value": "temperature"},
		"channelId": "plant", "subtopic": "events.data", "period": "PT1H"}}]` + members(more) + `}`
}

const plantItem = `{"params": {"target": {"value": "temperature"}, "channelId": "plant", "subtopic": "events.data"}}`

func members(more []string) string {
	if len(more) == 0 {
		return ""
	}
	return ", " + strings.Join(more, ", ")
}

// webhook is a secret: nobody but who may write the export is to see what follows the host.
const webhook = "https://hooks.slack.com/services/T000/B000/SECRETSECRET"

const notification = `"notification": {"messages": [
	{"target": "` + webhook + `", "policy": "onSuccess", "medium": "slack", "title": "done", "text": "{{rows}} rows"},
	{"target": "plant@example.com", "policy": "onFailure", "medium": "email", "title": "failed", "text": "{{error}}"}]}`

// finish claims the next job and ends it with an outcome.
func (s *service) finish(o job.Outcome) job.Job {
	s.t.Helper()
	ctx := context.Background()
	now := s.clock.Load()
	claimed, err := s.queue.Claim(ctx, "worker", now, now+int64(time.Minute))
	if err != nil || claimed == nil {
		s.t.Fatalf("claim a job: %v, %v", claimed, err)
	}
	o.At = now
	if err := s.queue.Finish(ctx, claimed.Lease, o); err != nil {
		s.t.Fatal(err)
	}
	j, err := s.queue.Job(ctx, "", claimed.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return j
}

// done is the outcome of a job with one file.
func done() job.Outcome {
	expires := begin + 30*24*int64(time.Hour)
	return job.Outcome{
		Status:   job.Done,
		Progress: job.Progress{Rows: 60, Expected: 60},
		Artifacts: []job.Artifact{
			{File: "plant.csv", MediaType: "text/csv; charset=utf-8", Item: 0, Rows: 60, Bytes: 1234, SHA256: strings.Repeat("ab", 32)},
			{File: "manifest.json", MediaType: "application/json", Item: -1, Bytes: 567, SHA256: strings.Repeat("cd", 32)},
		},
		Folder: "folder", Bytes: 1801, ExpiresAt: &expires, Stored: []int64{60}, Arrival: 120,
	}
}

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatalf("%v; -update writes it", err)
	}
	defer f.Close()
	want, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}
