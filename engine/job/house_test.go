package job_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/engine/job"
	"decant/engine/job/database"
)

// house is a service with a queue in SQLite and a source in memory. It lives in a bubble of testing/synctest, where time passes only while
// everybody waits.
type house struct {
	*testing.T
	queue     job.Queue
	source    *source
	artifacts string
	skew      atomic.Int64 // ns: of the service's clock against the bubble's
	service   *job.Service
	log       *lines

	mu     sync.Mutex
	limits job.Limits

	wake []func() // of what runs
}

var ann = access.Caller{Owner: "ann"}

// inHouse runs a test in a bubble.
func inHouse(t *testing.T, test func(h *house)) {
	synctest.Test(t, func(t *testing.T) {
		db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "decant.db"), database.Options{})
		if err != nil {
			t.Fatal(err)
		}
		h := &house{T: t, queue: db, source: newSource(), artifacts: filepath.Join(t.TempDir(), "artifacts"), log: &lines{}}
		h.limits = job.Limits{Missed: 100, Tries: 5, Workers: 2, ArtifactLife: 30 * 24 * time.Hour}
		h.service = job.New(job.Config{
			Queue: db, Source: h.source, Artifacts: h.artifacts, Limits: h.limit, Clock: h.now, Version: "test", Wake: h.ring,
		})
		defer func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}()
		test(h)
	})
}

func (h *house) now() int64                 { return time.Now().UnixNano() + h.skew.Load() }
func (h *house) logger() *slog.Logger       { return slog.New(slog.NewTextHandler(h.log, nil)) }
func (h *house) change(l func(*job.Limits)) { h.mu.Lock(); l(&h.limits); h.mu.Unlock() }

func (h *house) limit() job.Limits {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.limits
}

func (h *house) ring() {
	for _, wake := range h.wake {
		wake()
	}
}

// start runs a part of the service and gives a function that stops it and waits until it has.
func (h *house) start(run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := run(ctx); err != nil {
			h.Error(err)
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

func (h *house) workerConfig(name string) job.WorkerConfig {
	return job.WorkerConfig{
		Queue: h.queue, Source: h.source, Artifacts: h.artifacts, Name: name, Limits: h.limit, Cores: 1, Clock: h.now, Version: "test", Log: h.logger(),
		Permanent: func(err error) bool { return strings.Contains(err.Error(), "damaged") },
	}
}

func (h *house) startWorker(name string) (stop func()) {
	w := job.NewWorker(h.workerConfig(name))
	h.wake = append(h.wake, w.Wake)
	return h.start(w.Run)
}

func (h *house) startScheduler(made func(at int64)) (stop func()) {
	s := job.NewScheduler(job.SchedulerConfig{Queue: h.queue, Limits: h.limit, Clock: h.now, Log: h.logger(), Wake: made})
	h.wake = append(h.wake, s.Wake)
	return h.start(s.Run)
}

// draftOf is a request in which ' stands for ".
func draftOf(request string) job.Draft {
	return job.Draft{Text: []byte(strings.ReplaceAll(request, "'", `"`))}
}

// create makes an export.
func (h *house) create(who access.Caller, request string) job.Export {
	h.Helper()
	made, _, err := h.service.Create(h.Context(), who, []job.Draft{draftOf(request)}, nil)
	if err != nil {
		h.Fatal(err)
	}
	return made[0].Export
}

// jobs are an export's, in the order in which they were made.
func (h *house) jobs(e job.Export) []job.Job {
	h.Helper()
	jobs, _, err := h.queue.Jobs(h.Context(), job.Filter{Export: e.Key, SortBy: "id", Ascending: true, Limit: 5000})
	if err != nil {
		h.Fatal(err)
	}
	return jobs
}

// only is an export's one job.
func (h *house) only(e job.Export) job.Job {
	h.Helper()
	jobs := h.jobs(e)
	if len(jobs) != 1 {
		h.Fatalf("there are %d jobs, want one", len(jobs))
	}
	return jobs[0]
}

// settle lets time pass and waits until everybody waits again.
func (h *house) settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// files are the names in the folder of artifacts, with those of its folders.
func (h *house) files() (names []string) {
	h.Helper()
	err := filepath.WalkDir(h.artifacts, func(path string, _ os.DirEntry, err error) error {
		if err == nil && path != h.artifacts {
			name, _ := filepath.Rel(h.artifacts, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		h.Fatal(err)
	}
	return names
}

// Requests: one series every minute, as CSV.
const (
	powerItems = `'items': [{'params': {'target': {'value': 'power'}, 'channelId': 'house', 'subtopic': 'meter'%s}}]`
	whole      = `{'format': {'extension': 'csv'}, 'type': 'oneTime', ` + `'items': [{'params': {'target': {'value': 'power'}, 'channelId': 'house', 'subtopic': 'meter'}}]}`
	messages   = `'notification': {'messages': [{'target': 'a@example.org', 'policy': 'onSuccess', 'medium': 'email', 'title': 't', 'text': 'x'}, {'target': 'a@example.org', 'policy': 'onFailure', 'medium': 'email', 'title': 't', 'text': 'x'}]}`
	announced  = `{'format': {'extension': 'csv'}, 'type': 'oneTime', ` + messages + `, 'items': [{'params': {'target': {'value': 'power'}, 'channelId': 'house', 'subtopic': 'meter'}}]}`
)

// every is a recurring request whose runs cover a period each; more is put in front of it.
func every(period, more string) string {
	return fmt.Sprintf(`{%s 'format': {'extension': 'csv'}, 'type': 'recurring', 'periodicity': '%s', `+powerItems+`}`, more, period, fmt.Sprintf(`, 'period': '%s'`, period))
}

// source is a source in memory that a test can make slow or faulty.
type source struct {
	memory exporttest.Memory
	open   atomic.Pointer[func(ctx context.Context, n int64) error] // is asked before the nth snapshot is taken
	opened atomic.Int64
}

// newSource holds a day of one series, a sample a minute, that ends when the bubble's time begins.
func newSource() *source {
	s := &source{}
	start := time.Now().Add(-24 * time.Hour).UnixNano()
	for i := range int64(1440) {
		s.memory.Samples = append(s.memory.Samples, exporttest.Number("house", "meter", "power", "W", start+i*int64(time.Minute), float64(i)))
	}
	return s
}

func (s *source) before(f func(ctx context.Context, n int64) error) { s.open.Store(&f) }

func (s *source) Open(ctx context.Context) (export.Snapshot, error) {
	n := s.opened.Add(1)
	if f := s.open.Load(); f != nil {
		if err := (*f)(ctx, n); err != nil {
			return nil, err
		}
	}
	return s.memory.Open(ctx)
}

// lines is a log that a test can read.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
