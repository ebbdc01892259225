package job_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"decant/engine/job"
)

// runs are the numbers of an export's runs, in the order in which their jobs were made.
func runs(jobs []job.Job) (ks []int64) {
	for _, j := range jobs {
		ks = append(ks, *j.K)
	}
	return ks
}

func upTo(n int64) (ks []int64) {
	for k := int64(1); k <= n; k++ {
		ks = append(ks, k)
	}
	return ks
}

// TestSchedule follows an hourly export from its creation: each run is made at its instant, and starts behind the grace.
func TestSchedule(t *testing.T) {
	inHouse(t, func(h *house) {
		defer h.startScheduler(nil)()
		e := h.create(ann, every("PT1H", ""))
		created := time.Now()
		h.settle(time.Hour - 1)
		if jobs := h.jobs(e); len(jobs) != 0 {
			h.Errorf("before the first instant there are runs %v", runs(jobs))
		}
		h.settle(1)
		j := h.only(e)
		if *j.K != 1 || j.Due != created.Add(time.Hour).UnixNano() || j.NotBefore != j.Due+int64(time.Minute) || j.Cause != job.Scheduled || j.Status != job.NotProcessed {
			h.Errorf("the first run is %+v", j)
		}
		h.settle(4 * time.Hour)
		if ks := runs(h.jobs(e)); !slices.Equal(ks, upTo(5)) {
			h.Errorf("runs %v", ks)
		}
	})
}

// TestGrace has scheduler and worker together: a run is done at the end of its grace, not a moment later, and covers its own hour.
func TestGrace(t *testing.T) {
	inHouse(t, func(h *house) {
		w := job.NewWorker(h.workerConfig("w"))
		defer h.start(w.Run)()
		defer h.startScheduler(w.WakeAt)()
		h.settle(300 * time.Millisecond) // so that no look at the queue falls on the instant by chance
		e := h.create(ann, every("PT1H", "'grace': 'PT5M',"))
		h.source.memory.Samples = nil
		h.settle(time.Hour)
		h.settle(5*time.Minute - 1)
		if j := h.only(e); j.Status != job.NotProcessed {
			h.Errorf("within the grace the job is %s", j.Status)
		}
		h.settle(1)
		if j := h.only(e); j.Status != job.Failed || faultKind(j) != job.NotFoundFault || *j.StartedAt != j.Due+int64(5*time.Minute) {
			h.Errorf("behind the grace the job is %s: %v", j.Status, j.Error)
		}
	})
}

func TestDowntime(t *testing.T) {
	for name, c := range map[string]struct {
		down             time.Duration
		made, skipped    int
		standsFor, first int64
	}{
		"none":             {time.Hour, 1, 0, 0, 1},
		"a night":          {10 * time.Hour, 10, 0, 0, 1},
		"the limit":        {100 * time.Hour, 100, 0, 0, 1},
		"over the limit":   {101 * time.Hour, 100, 1, 0, 1},
		"as many as shown": {1100 * time.Hour, 100, 1000, 0, 1},
		"a year":           {365 * 24 * time.Hour, 100, 1001, 365*24 - 1100, 365*24 - 1100},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				e := h.create(ann, every("PT1H", ""))
				h.settle(c.down)
				defer h.startScheduler(nil)()
				h.settle(0)
				jobs := h.jobs(e)
				made, skipped := 0, 0
				for _, j := range jobs {
					if j.Status == job.Skipped {
						skipped++
					} else {
						made++
					}
				}
				if made != c.made || skipped != c.skipped || jobs[0].Skipping != c.standsFor || *jobs[0].K != c.first || *jobs[len(jobs)-1].K != int64(c.down/time.Hour) {
					h.Errorf("%d jobs to run, %d skipped; the first is run %d and stands for %d, the last is run %d", made, skipped, *jobs[0].K, jobs[0].Skipping, *jobs[len(jobs)-1].K)
				}
				if !slices.IsSorted(runs(jobs)) {
					h.Errorf("the runs are in the order %v", runs(jobs))
				}
			})
		})
	}
}

// TestMissedInOrder has two workers catch up with missed runs: one at a time, in order, each with its own range.
func TestMissedInOrder(t *testing.T) {
	inHouse(t, func(h *house) {
		e := h.create(ann, every("PT1H", "'grace': 'PT1S',"))
		h.settle(7 * time.Hour)
		h.source.memory.Fault = func() error { time.Sleep(time.Second); return nil }
		h.source.before(func(context.Context, int64) error { time.Sleep(time.Second); return nil })
		defer h.startWorker("v")()
		defer h.startWorker("w")()
		defer h.startScheduler(nil)()
		h.settle(time.Minute)
		ended := int64(0)
		jobs := h.jobs(e)
		for _, j := range jobs {
			if j.Status != job.Done || *j.StartedAt < ended {
				h.Errorf("run %d is %s and began %d ns before the one before it ended", *j.K, j.Status, ended-*j.StartedAt)
			}
			ended = *j.EndedAt
		}
		if !slices.Equal(runs(jobs), upTo(7)) {
			h.Errorf("runs %v", runs(jobs))
		}
	})
}

func TestClockJumps(t *testing.T) {
	inHouse(t, func(h *house) {
		defer h.startScheduler(nil)()
		e := h.create(ann, every("PT1H", ""))
		h.settle(2*time.Hour + time.Minute)
		if ks := runs(h.jobs(e)); !slices.Equal(ks, upTo(2)) {
			h.Fatalf("runs %v", ks)
		}
		h.skew.Add(int64(3 * time.Hour)) // 5:01
		h.settle(time.Second)
		if ks := runs(h.jobs(e)); !slices.Equal(ks, upTo(5)) {
			h.Errorf("a second after the clock was set forward there are runs %v", ks)
		}
		h.skew.Add(-int64(4 * time.Hour)) // 1:01
		h.settle(4 * time.Hour)           // 5:01
		if ks := runs(h.jobs(e)); !slices.Equal(ks, upTo(5)) {
			h.Errorf("behind a clock that was set back there are runs %v", ks)
		}
		h.settle(time.Hour)
		if ks := runs(h.jobs(e)); !slices.Equal(ks, upTo(6)) {
			h.Errorf("behind the hour that came twice there are runs %v", ks)
		}
	})
}

// TestPaused: runs due while an export is paused are not made; the next is the first instant from then on.
func TestPaused(t *testing.T) {
	inHouse(t, func(h *house) {
		defer h.startScheduler(nil)()
		request := every("PT1H", "'id': 'hourly',")
		e := h.create(ann, request)
		h.settle(time.Hour)
		change := func(request string) {
			if _, err := h.service.Change(h.Context(), ann, "", "hourly", nil, draftOf(request)); err != nil {
				h.Fatal(err)
			}
		}
		change(every("PT1H", "'id': 'hourly', 'enabled': false,"))
		h.settle(3*time.Hour + time.Minute)
		change(request)
		h.settle(time.Hour)
		if ks := runs(h.jobs(e)); !slices.Equal(ks, []int64{1, 5}) {
			h.Errorf("runs %v", ks)
		}
	})
}

// TestSchedulers has several of them, of which each round finds the same exports due.
func TestSchedulers(t *testing.T) {
	inHouse(t, func(h *house) {
		var exports []job.Export
		for range 10 {
			exports = append(exports, h.create(ann, every("PT1H", "")))
		}
		for range 3 {
			defer h.startScheduler(nil)()
		}
		h.settle(5 * time.Hour)
		for _, e := range exports {
			if ks := runs(h.jobs(e)); !slices.Equal(ks, upTo(5)) {
				h.Errorf("runs %v", ks)
			}
		}
	})
}

// TestManyDue makes the jobs of more exports than are looked at together, in one moment.
func TestManyDue(t *testing.T) {
	inHouse(t, func(h *house) {
		var adding []job.Adding
		for i := range 300 {
			adding = append(adding, job.Adding{Export: recurringExport(i, h.now())})
		}
		if _, _, err := h.queue.Create(h.Context(), adding, nil, job.Admission{}); err != nil {
			h.Fatal(err)
		}
		var mu sync.Mutex
		told := 0
		defer h.startScheduler(func(int64) { mu.Lock(); told++; mu.Unlock() })()
		h.settle(time.Hour)
		if _, total, err := h.queue.Jobs(h.Context(), job.Filter{Limit: 1}); err != nil || total != 300 {
			h.Errorf("%d jobs, %v", total, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if told != 300 {
			h.Errorf("of %d jobs somebody was told", told)
		}
	})
}

// TestSchedulerFaults has the queue away for some seconds, and an export whose request nobody can read any more.
func TestSchedulerFaults(t *testing.T) {
	inHouse(t, func(h *house) {
		e := h.create(ann, every("PT1H", ""))
		other := h.create(ann, every("PT1H", ""))
		other.Request = []byte(`{"format": 7}`)
		if _, err := h.queue.Change(h.Context(), other, 0, h.now()); err != nil {
			h.Fatal(err)
		}
		h.queue = &absent{Queue: h.queue, n: 5}
		defer h.startScheduler(nil)()
		h.settle(2 * time.Hour)
		if ks := runs(h.jobs(e)); !slices.Equal(ks, upTo(2)) {
			h.Errorf("runs %v", ks)
		}
		if j := h.only(other); j.Status != job.Failed || faultKind(j) != job.UserFault {
			h.Errorf("the run of the unreadable export is %s: %v", j.Status, j.Error)
		}
	})
}

// absent is a queue whose next calls by a scheduler fail.
type absent struct {
	job.Queue
	n int
}

func (q *absent) Due(ctx context.Context, now int64, limit int) ([]job.Export, error) {
	if fails(&q.n) {
		return nil, errAway
	}
	return q.Queue.Due(ctx, now, limit)
}

func (q *absent) NextDue(ctx context.Context) (int64, bool, error) {
	if fails(&q.n) {
		return 0, false, errAway
	}
	return q.Queue.NextDue(ctx)
}

func (q *absent) Advance(ctx context.Context, key string, from job.Instant, jobs []job.Job, to *job.Instant, now int64) (bool, error) {
	if fails(&q.n) {
		return false, errAway
	}
	return q.Queue.Advance(ctx, key, from, jobs, to, now)
}
