package job_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"decant/engine/export"
	"decant/engine/job"
)

func TestDone(t *testing.T) {
	inHouse(t, func(h *house) {
		defer h.startWorker("w")()
		h.settle(0)
		e := h.create(ann, announced)
		h.settle(0) // no time passes: the worker is woken
		j := h.only(e)
		if j.Status != job.Done || j.Tries != 1 || j.EndedAt == nil || j.Error != nil {
			h.Fatalf("the job is %s after %d tries, %v", j.Status, j.Tries, j.Error)
		}
		if j.Progress != (job.Progress{Rows: 1440, Expected: 1440}) || j.Arrival != 1440 || !slices.Equal(j.Stored, []int64{1440}) {
			h.Errorf("progress %v, arrival %d, stored %v", j.Progress, j.Arrival, j.Stored)
		}
		if want := *j.EndedAt + int64(30*24*time.Hour); j.ExpiresAt == nil || *j.ExpiresAt != want {
			h.Errorf("expires at %v, want %d", j.ExpiresAt, want)
		}
		if j.Message == nil || j.Message.Policy != "onSuccess" || j.Message.Medium != "email" || j.Message.State != job.Pending {
			h.Errorf("the message is %+v", j.Message)
		}
		var bytes int64
		for _, a := range j.Artifacts {
			data, err := os.ReadFile(filepath.Join(h.artifacts, j.Folder, a.File))
			if err != nil || int64(len(data)) != a.Bytes || fmt.Sprintf("%x", sha256.Sum256(data)) != a.SHA256 {
				h.Errorf("%s: %v, %d bytes, want %d", a.File, err, len(data), a.Bytes)
			}
			bytes += a.Bytes
		}
		if len(j.Artifacts) != 2 || j.Artifacts[0].MediaType != "text/csv; charset=utf-8" || j.Artifacts[1].File != "manifest.json" || j.Artifacts[1].Item != -1 || j.Bytes != bytes {
			h.Errorf("%d bytes in %+v", j.Bytes, j.Artifacts)
		}
		if names := h.files(); len(names) != 3 {
			h.Errorf("files: %v", names)
		}
	})
}

// TestSources sees what becomes of jobs whose source fails.
func TestSources(t *testing.T) {
	broken := func(context.Context, int64) error { return errors.New("the source is away") }
	for name, c := range map[string]struct {
		open    func(context.Context, int64) error
		passes  time.Duration
		status  job.Status
		kind    job.FaultKind
		tries   int
		message string
	}{
		"fails once":       {func(ctx context.Context, n int64) error { return pick(n == 2, broken(ctx, n), nil) }, 10 * time.Second, job.Done, "", 2, "onSuccess"},
		"waits for a try":  {broken, 9 * time.Second, job.NotProcessed, job.ServiceFault, 1, ""},
		"four tries":       {broken, (10 + 30 + 90 + 269) * time.Second, job.NotProcessed, job.ServiceFault, 4, ""},
		"fails for good":   {broken, (10 + 30 + 90 + 270) * time.Second, job.Failed, job.ServiceFault, 5, "onFailure"},
		"is damaged":       {func(context.Context, int64) error { return errors.New("segment 7 is damaged") }, 0, job.Failed, job.DataFault, 1, "onFailure"},
		"can't print":      {func(context.Context, int64) error { return &export.SampleError{Err: errors.New("text is too long")} }, 0, job.Failed, job.UserFault, 1, "onFailure"},
		"panics":           {func(context.Context, int64) error { panic("the map is gone") }, 0, job.NotProcessed, job.ServiceFault, 1, ""},
		"panics each time": {func(context.Context, int64) error { panic("the map is gone") }, time.Hour, job.Failed, job.ServiceFault, 5, "onFailure"},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				e := h.create(ann, announced) // takes the first snapshot
				h.source.before(c.open)
				defer h.startWorker("w")()
				h.settle(c.passes)
				j := h.only(e)
				if j.Status != c.status || j.Tries != c.tries {
					h.Errorf("the job is %s after %d tries, want %s after %d; %v", j.Status, j.Tries, c.status, c.tries, j.Error)
				}
				if kind := faultKind(j); kind != c.kind {
					h.Errorf("the fault is %v, want of kind %q", j.Error, c.kind)
				}
				if policy := policyOf(j); policy != c.message {
					h.Errorf("the message is %q, want %q", policy, c.message)
				}
				if c.status != job.Done && len(h.files()) > 0 {
					h.Errorf("files: %v", h.files())
				}
				if strings.HasPrefix(name, "panics") && !strings.Contains(h.log.String(), "worker_test.go") {
					h.Error("the log has no stack")
				}
			})
		})
	}
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

func faultKind(j job.Job) job.FaultKind {
	if j.Error == nil {
		return ""
	}
	return j.Error.Kind
}

func policyOf(j job.Job) string {
	if j.Message == nil {
		return ""
	}
	return j.Message.Policy
}

// TestSlowSource cancels a job, stops its worker, or takes its lease away while rows are written.
func TestSlowSource(t *testing.T) {
	slow := func(h *house) {
		h.source.memory.Cut = func(int) int { return 10 }
		h.source.memory.Fault = func() error { time.Sleep(100 * time.Millisecond); return nil }
	}
	t.Run("cancelled", func(t *testing.T) {
		inHouse(t, func(h *house) {
			e := h.create(ann, announced)
			slow(h)
			defer h.startWorker("w")()
			h.settle(5 * time.Second)
			if j := h.only(e); j.Status != job.InProgress || len(h.files()) == 0 {
				h.Fatalf("the job is %s, with files %v", j.Status, h.files())
			}
			if _, err := h.service.Cancel(h.Context(), ann, "", e.ID); err != nil {
				h.Fatal(err)
			}
			h.settle(time.Second)
			if j := h.only(e); j.Status != job.Cancelled || j.Message != nil || len(h.files()) > 0 {
				h.Errorf("a second after it was cancelled the job is %s, with message %v and files %v", j.Status, j.Message, h.files())
			}
		})
	})
	t.Run("stopped", func(t *testing.T) {
		inHouse(t, func(h *house) {
			e := h.create(ann, announced)
			slow(h)
			stop := h.startWorker("w")
			h.settle(5 * time.Second)
			stop()
			if j := h.only(e); j.Status != job.NotProcessed || j.Tries != 0 || len(h.files()) > 0 {
				h.Errorf("behind its worker's stop the job is %s after %d tries, with files %v", j.Status, j.Tries, h.files())
			}
			defer h.startWorker("w")()
			h.settle(time.Minute)
			if j := h.only(e); j.Status != job.Done || j.Tries != 1 {
				h.Errorf("behind a restart the job is %s after %d tries", j.Status, j.Tries)
			}
		})
	})
	t.Run("asleep", func(t *testing.T) {
		// The machine slept for an hour: nobody else wants the job, so its worker goes on with it, and doesn't claim it a second time.
		inHouse(t, func(h *house) {
			e := h.create(ann, announced)
			slow(h)
			defer h.startWorker("w")()
			h.settle(2 * time.Second)
			h.skew.Add(int64(time.Hour))
			h.settle(time.Minute)
			if j := h.only(e); j.Status != job.Done || j.Tries != 1 {
				h.Errorf("the job is %s after %d tries", j.Status, j.Tries)
			}
		})
	})
}

// TestKilledWorker lets a worker die: it no longer beats, but goes on with its job.
func TestKilledWorker(t *testing.T) {
	inHouse(t, func(h *house) {
		e := h.create(ann, announced)
		h.source.memory.Cut = func(int) int { return 10 }
		h.source.memory.Fault = func() error { time.Sleep(400 * time.Millisecond); return nil } // a minute in all
		dead := h.workerConfig("first")
		dead.Queue = deaf{h.queue}
		dead.Limits = func() job.Limits { return job.Limits{Workers: 1} } // so that it doesn't take its own job over
		stop := h.start(job.NewWorker(dead).Run)
		defer stop()
		h.settle(time.Second)
		defer h.startWorker("second")()
		h.settle(28 * time.Second)
		if j := h.only(e); j.Status != job.InProgress || j.Tries != 1 {
			h.Fatalf("before the lease ends, the job is %s after %d tries", j.Status, j.Tries)
		}
		h.settle(2 * time.Second)
		if j := h.only(e); j.Tries != 2 {
			h.Fatalf("the lease has ended, and the job has had %d tries", j.Tries)
		}
		h.settle(2 * time.Minute)
		j := h.only(e)
		if j.Status != job.Done || j.Tries != 2 || !strings.HasSuffix(j.Folder, "-2") || policyOf(j) != "onSuccess" {
			h.Errorf("the job is %s after %d tries in %s, message %v", j.Status, j.Tries, j.Folder, j.Message)
		}
		if !strings.Contains(h.log.String(), "the lease of a job was lost") {
			h.Errorf("the log says nothing of the lost lease: %s", h.log)
		}
		if names := h.files(); len(names) != 3 {
			h.Errorf("files: %v", names)
		}
	})
}

// deaf is a queue that hears no beats.
type deaf struct{ job.Queue }

func (deaf) Beat(context.Context, job.Lease, int64, job.Progress) (bool, error) { return false, nil }

// TestRestart has a worker take up at once what its namesake left when it was killed.
func TestRestart(t *testing.T) {
	inHouse(t, func(h *house) {
		e := h.create(ann, whole)
		if c, err := h.queue.Claim(h.Context(), "w", h.now(), h.now()+int64(30*time.Second)); err != nil || c == nil {
			h.Fatal(c, err)
		}
		defer h.startWorker("w")()
		h.settle(0)
		if j := h.only(e); j.Status != job.Done || j.Tries != 2 {
			h.Errorf("the job is %s after %d tries", j.Status, j.Tries)
		}
	})
}

// TestFatalJob has a job that kills every worker it meets: it is given up.
func TestFatalJob(t *testing.T) {
	inHouse(t, func(h *house) {
		e := h.create(ann, announced)
		for range 20 {
			if c, err := h.queue.Claim(h.Context(), "w", h.now(), h.now()+1); err != nil || c == nil {
				h.Fatal(c, err)
			}
			h.settle(time.Second)
		}
		defer h.startWorker("w")()
		h.settle(0)
		if j := h.only(e); j.Status != job.Failed || faultKind(j) != job.ServiceFault || policyOf(j) != "onFailure" {
			h.Errorf("the job is %s, %v", j.Status, j.Error)
		}
	})
}

func TestQueueFaults(t *testing.T) {
	for name, failing := range map[string]func(*faulty){
		"claim":                  func(q *faulty) { q.claims = 3 },
		"finish":                 func(q *faulty) { q.finishes = 3 },
		"finish that was stored": func(q *faulty) { q.finishes, q.stored = 1, true },
		"beat":                   func(q *faulty) { q.beats = 3 },
		"reclaim":                func(q *faulty) { q.reclaims = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				e := h.create(ann, announced)
				h.source.memory.Fault = func() error { time.Sleep(time.Second); return nil }
				q := &faulty{Queue: h.queue}
				failing(q)
				c := h.workerConfig("w")
				c.Queue = q
				defer h.start(job.NewWorker(c).Run)()
				h.settle(time.Minute)
				j := h.only(e)
				if j.Status != job.Done || j.Tries != 1 || len(h.files()) != 3 {
					h.Errorf("the job is %s after %d tries, with files %v", j.Status, j.Tries, h.files())
				}
				if q.claims+q.finishes+q.beats+q.reclaims > 0 {
					h.Errorf("faults were left over: %+v", q)
				}
			})
		})
	}
}

// faulty is a queue of which some calls fail.
type faulty struct {
	job.Queue
	claims, finishes, beats, reclaims int  // that are still to fail
	stored                            bool // a finish that fails has reached the queue
}

var errAway = errors.New("the database is away")

func fails(n *int) bool {
	if *n == 0 {
		return false
	}
	*n--
	return true
}

func (q *faulty) Claim(ctx context.Context, worker string, now, until int64) (*job.Claimed, error) {
	if fails(&q.claims) {
		return nil, errAway
	}
	return q.Queue.Claim(ctx, worker, now, until)
}

func (q *faulty) Finish(ctx context.Context, l job.Lease, o job.Outcome) error {
	if fails(&q.finishes) {
		if q.stored {
			if err := q.Queue.Finish(ctx, l, o); err != nil {
				return err
			}
		}
		return errAway
	}
	return q.Queue.Finish(ctx, l, o)
}

func (q *faulty) Beat(ctx context.Context, l job.Lease, until int64, p job.Progress) (bool, error) {
	if fails(&q.beats) {
		return false, errAway
	}
	return q.Queue.Beat(ctx, l, until, p)
}

func (q *faulty) Reclaim(ctx context.Context, worker string, now int64) (int, error) {
	if fails(&q.reclaims) {
		return 0, errAway
	}
	return q.Queue.Reclaim(ctx, worker, now)
}
