package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"decant/engine/job"
)

func TestHealth(t *testing.T) {
	s := newService(t)
	for _, target := range []string{"/livez", "/readyz"} {
		if w := s.call("", "GET", target, ""); w.Code != http.StatusOK || w.Body.String() != "ok\n" {
			t.Errorf("%s: %d: %s", target, w.Code, w.Body)
		}
		if w := s.call("", "HEAD", target, ""); w.Code != http.StatusOK {
			t.Errorf("HEAD %s: %d", target, w.Code)
		}
	}
	s.api.c.Ready = func(ctx context.Context) error {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > readyTime {
			t.Error("there is no end to how long readiness may take")
		}
		return errors.New("the disk /secret is full")
	}
	if w := s.call("", "GET", "/readyz", ""); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("not ready: %d: %s", w.Code, w.Body)
	}
	if w := s.call("", "GET", "/livez", ""); w.Code != http.StatusOK {
		t.Errorf("alive, though not ready: %d", w.Code)
	}
}

func TestDescribe(t *testing.T) {
	s := newService(t)
	w := s.call("", "GET", "/openapi.json", "")
	if w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d, %v", w.Code, w.Header())
	}
}

// metered gives the service metrics, with a queue that can be broken.
func (s *service) metered() *brokenQueue {
	q := &brokenQueue{Queue: s.queue}
	s.api.c.Metrics = NewMetrics(Figures{
		Version: "1.2.3",
		Queue:   q,
		Ingest: func() Ingest {
			return Ingest{Messages: 10, Bytes: 2000, Samples: 30, Duplicates: 1, Dead: map[string]int64{"json": 2}, QueueMessages: 4, QueueBytes: 5}
		},
		Clock: s.clock.Load,
	})
	return q
}

type brokenQueue struct {
	Queue
	err error
}

func (q *brokenQueue) Counts(ctx context.Context) (map[job.Status]int64, error) {
	if q.err != nil {
		return nil, q.err
	}
	return q.Queue.Counts(ctx)
}

// figures reads the service's metrics: what stands before the value, and the value.
func (s *service) figures() map[string]string {
	s.t.Helper()
	w := s.call("scraper", "GET", "/metrics", "")
	if w.Code != http.StatusOK {
		s.t.Fatalf("/metrics: %d: %s", w.Code, w.Body)
	}
	all := map[string]string{}
	for line := range strings.Lines(w.Body.String()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
			if i := strings.LastIndex(line, "} "); i >= 0 {
				name, value = line[:i+1], strings.TrimSpace(line[i+2:])
			}
			all[name] = value
		}
	}
	return all
}

func TestMetrics(t *testing.T) {
	s := newService(t)
	if w := s.call("scraper", "GET", "/metrics", ""); w.Code != http.StatusNotFound {
		t.Errorf("without metrics: %d", w.Code)
	}
	s.metered()
	s.create("alice", "x")
	s.create("bob", "x")
	s.finishWith("a.csv", csvText, "manifest.json", "{}")
	s.call("alice", "GET", "/exports/x", "")
	s.call("alice", "GET", "/exports/nothing", "")
	s.call("", "GET", "/jobs", "")
	s.call("alice", "GET", "/no/such/path", "")
	s.clock.Add(int64(90 * time.Second))
	got := s.figures()
	for name, want := range map[string]string{
		`decant_build_info{version="1.2.3"}`:                                             "1",
		`decant_http_requests_total{method="POST",route="/exports",status="201"}`:        "2",
		`decant_http_requests_total{method="GET",route="/exports/{id}",status="200"}`:    "1",
		`decant_http_requests_total{method="GET",route="/exports/{id}",status="404"}`:    "1",
		`decant_http_requests_total{method="GET",route="/jobs",status="401"}`:            "1",
		`decant_http_request_duration_seconds_count{method="GET",route="/exports/{id}"}`: "2",
		`decant_jobs{status="done"}`:                                                     "1",
		`decant_jobs{status="notProcessed"}`:                                             "1",
		`decant_jobs{status="failed"}`:                                                   "0",
		"decant_artifact_bytes":                                                          "37",
		"decant_queue_up":                                                                "1",
		"decant_ingest_messages_total":                                                   "10",
		"decant_ingest_bytes_total":                                                      "2000",
		"decant_ingest_samples_total":                                                    "30",
		"decant_ingest_duplicates_total":                                                 "1",
		`decant_ingest_dead_letters_total{reason="json"}`:                                "2",
		"decant_ingest_queue_messages":                                                   "4",
		"decant_ingest_queue_bytes":                                                      "5",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if age := got["decant_queue_age_seconds"]; !strings.HasPrefix(age, "90.") {
		t.Errorf("the job that waits the longest is %s s old", age)
	}
	for name := range got {
		for _, secret := range []string{"alice", "bob", "nothing", "/no/such"} {
			if strings.Contains(name, secret) {
				t.Errorf("%s names %s", name, secret)
			}
		}
	}
}

// TestMetricsWithoutAQueue: what ingest does is told even where the database doesn't answer.
func TestMetricsWithoutAQueue(t *testing.T) {
	s := newService(t)
	s.metered().err = errors.New("database is locked")
	got := s.figures()
	if got["decant_queue_up"] != "0" || got["decant_ingest_samples_total"] != "30" {
		t.Errorf("queue up %q, samples %q", got["decant_queue_up"], got["decant_ingest_samples_total"])
	}
	if _, told := got["decant_artifact_bytes"]; told {
		t.Error("a figure that nobody gave is told")
	}
}

func TestMetricsCountMessages(t *testing.T) {
	s := newService(t)
	s.metered()
	record := &recorder{}
	o := s.api.c.Metrics.Outbox(record)
	for _, m := range []job.Message{
		{Medium: "email", State: job.Sent}, {Medium: "email", State: job.Pending}, {Medium: "slack", State: job.Undelivered}, {Medium: "email", State: job.Sent},
	} {
		if err := o.Record(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	record.err = os.ErrClosed
	if err := o.Record(t.Context(), job.Message{Medium: "email", State: job.Sent}); !errors.Is(err, os.ErrClosed) || record.n != 5 {
		t.Errorf("%v after %d records", err, record.n)
	}
	got := s.figures()
	if got[`decant_messages_total{medium="email",state="sent"}`] != "2" || got[`decant_messages_total{medium="slack",state="undelivered"}`] != "1" {
		t.Errorf("%v", got)
	}
}

type recorder struct {
	job.Outbox
	n   int
	err error
}

func (r *recorder) Record(context.Context, job.Message) error { r.n++; return r.err }
