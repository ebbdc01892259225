package job_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"decant/engine/access"
	"decant/engine/job"
)

// TestCondition: the samples of the last hour count 1380 to 1439.
func TestCondition(t *testing.T) {
	for _, c := range []struct {
		condition string
		status    job.Status
		saw       float64
		message   string
	}{
		{"'dsf': 'max', 'op': '>=', 'value': 1439", job.Done, 1439, "onSuccess"},
		{"'dsf': 'max', 'op': '>', 'value': 1439", job.Skipped, 1439, ""},
		{"'dsf': 'count', 'op': '=', 'value': 60", job.Done, 60, "onSuccess"},
	} {
		t.Run(c.condition, func(t *testing.T) {
			inHouse(t, func(h *house) {
				defer h.startWorker("w")()
				e := h.create(ann, strings.Replace(announced, "{", "{'condition': {'target': 'power', 'channelId': 'house', 'subtopic': 'meter', 'period': 'PT1H', "+c.condition+"}, ", 1))
				h.settle(0)
				j := h.only(e)
				if j.Status != c.status || j.Saw == nil || j.Saw.Value == nil || *j.Saw.Value != c.saw || j.Saw.Holds != (c.status == job.Done) || policyOf(j) != c.message {
					h.Errorf("the job is %s, saw %+v, message %q, %v", j.Status, j.Saw, policyOf(j), j.Error)
				}
				if c.status == job.Skipped && len(h.files()) > 0 {
					h.Errorf("files: %v", h.files())
				}
			})
		})
	}
}

// TestConditionOutOfReach: a condition tells nothing of a channel that its export may not read.
func TestConditionOutOfReach(t *testing.T) {
	inHouse(t, func(h *house) {
		request := strings.Replace(announced, "{", "{'condition': {'target': 'power', 'channelId': 'house', 'subtopic': 'meter', 'period': 'PT1H', 'dsf': 'max', 'op': '>', 'value': 0}, ", 1)
		e := job.Export{Key: "k", ID: "k", Owner: "ann", Type: job.OneTime, Enabled: true, Version: 1, Channels: []string{"garden"}, Request: draftOf(request).Text, CreatedAt: h.now(), UpdatedAt: h.now()}
		j := job.Job{ID: "j", ExportKey: "k", ExportID: "k", Owner: "ann", Type: job.OneTime, Version: 1, Channels: e.Channels, Request: e.Request, Cause: job.Created,
			Due: h.now(), Status: job.NotProcessed, NotBefore: h.now(), CreatedAt: h.now()}
		if _, _, err := h.queue.Create(h.Context(), []job.Adding{{Export: e, Jobs: []job.Job{j}}}, nil, job.Admission{}); err != nil {
			h.Fatal(err)
		}
		defer h.startWorker("w")()
		h.settle(0)
		if j := h.only(e); j.Status != job.Failed || faultKind(j) != job.NotFoundFault || j.Saw != nil {
			h.Errorf("the job is %s, %v, saw %v", j.Status, j.Error, j.Saw)
		}
	})
}

func TestBudgets(t *testing.T) {
	for name, c := range map[string]struct {
		limits  func(l *job.Limits, size int64)
		owner   string
		status  job.Status
		message string
	}{
		"owner, room":   {func(l *job.Limits, size int64) { l.BytesEach = 4 * size }, "ann", job.Done, ""},
		"owner, full":   {func(l *job.Limits, size int64) { l.BytesEach = size + size/2 }, "ann", job.Failed, "limits.owner_artifacts"},
		"other owner":   {func(l *job.Limits, size int64) { l.BytesEach = 2 * size }, "bob", job.Done, ""},
		"service, full": {func(l *job.Limits, size int64) { l.Bytes = size + size/2 }, "bob", job.Failed, "limits.artifacts"},
		"rows":          {func(l *job.Limits, size int64) { l.Export.Rows = 1439 }, "ann", job.Failed, "1440"},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				stop := h.startWorker("w")
				first := h.create(ann, whole)
				h.settle(0)
				size := h.only(first).Bytes
				stop()
				second := h.create(access.Caller{Owner: c.owner}, announced)
				h.change(func(l *job.Limits) { c.limits(l, size) })
				defer h.startWorker("w")()
				h.settle(0)
				j := h.only(second)
				if j.Status != c.status || j.Tries != 1 {
					h.Fatalf("the job is %s after %d tries, %v", j.Status, j.Tries, j.Error)
				}
				if c.status == job.Failed && (faultKind(j) != job.LimitFault || !strings.Contains(j.Error.Message, c.message) || policyOf(j) != "onFailure") {
					h.Errorf("the fault is %v, the message %q", j.Error, policyOf(j))
				}
				if files := h.files(); c.status == job.Failed && len(files) != 3 {
					h.Errorf("files: %v", files)
				}
			})
		})
	}
}

// TestFullDisk has no room on the disk for some minutes: the job waits for it.
func TestFullDisk(t *testing.T) {
	inHouse(t, func(h *house) {
		e := h.create(ann, whole)
		var free atomic.Int64
		c := h.workerConfig("w")
		c.FreeDisk = func(string) (int64, error) { return free.Load(), nil }
		defer h.start(job.NewWorker(c).Run)()
		h.settle(time.Minute)
		if j := h.only(e); j.Status != job.NotProcessed || faultKind(j) != job.ServiceFault {
			h.Errorf("without room the job is %s, %v", j.Status, j.Error)
		}
		free.Store(1 << 40)
		h.settle(5 * time.Minute)
		if j := h.only(e); j.Status != job.Done || j.Error != nil {
			h.Errorf("with room the job is %s, %v", j.Status, j.Error)
		}
	})
}

// TestRoom changes how many jobs run at a time while they do.
func TestRoom(t *testing.T) {
	inHouse(t, func(h *house) {
		for range 10 {
			h.create(ann, whole)
		}
		h.source.before(func(ctx context.Context, _ int64) error {
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Second):
			}
			return ctx.Err()
		})
		defer h.startWorker("w")()
		for _, step := range []struct {
			after         time.Duration
			running, done int64
			room          int // from then on
		}{{5 * time.Second, 2, 0, 3}, {2 * time.Second, 3, 0, 1}, {5 * time.Second, 1, 2, 1}, {5 * time.Second, 1, 3, 1}} {
			h.settle(step.after)
			counts, err := h.queue.Counts(h.Context())
			if err != nil || counts[job.InProgress] != step.running || counts[job.Done] != step.done {
				h.Errorf("%v, want %d in progress and %d done; %v", counts, step.running, step.done, err)
			}
			h.change(func(l *job.Limits) { l.Workers = step.room })
		}
	})
}

// TestProgress sees that the queue learns how far a job is.
func TestProgress(t *testing.T) {
	inHouse(t, func(h *house) {
		e := h.create(ann, strings.ReplaceAll(whole, "'items': [", "'items': [{'params': {'target': {'value': 'power'}, 'channelId': 'house', 'subtopic': 'meter', 'decimation': {'ds': '1h'}}}, "))
		h.source.memory.Cut = func(int) int { return 144 }
		h.source.memory.Fault = func() error { time.Sleep(time.Second); return nil }
		h.create(access.Caller{Owner: "bob"}, whole)
		defer h.startWorker("w")()
		last := int64(0)
		for i := range 30 {
			h.settle(time.Second)
			j := h.only(e)
			if j.Progress.Rows < last || j.Progress.Rows > j.Progress.Expected || i > 1 && j.Progress.Expected != 1464 {
				h.Errorf("after %d s: %+v", i, j.Progress)
			}
			last = j.Progress.Rows
		}
		if j := h.only(e); j.Status != job.Done || last != 1464 {
			h.Errorf("the job is %s with %d rows", j.Status, last)
		}
	})
}

// TestLogTellsNoSecrets: targets of messages can be webhooks, which are secrets.
func TestLogTellsNoSecrets(t *testing.T) {
	inHouse(t, func(h *house) {
		defer h.startWorker("w")()
		h.create(ann, strings.ReplaceAll(announced, "a@example.org", "secret@example.org"))
		h.settle(0)
		if log := h.log.String(); strings.Contains(log, "secret") || !strings.Contains(log, "owner=ann") {
			h.Errorf("the log: %s", log)
		}
	})
}
