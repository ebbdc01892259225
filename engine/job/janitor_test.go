package job_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"decant/engine/job"
)

func (h *house) janitor(queue job.Queue) *job.Janitor {
	return job.NewJanitor(job.JanitorConfig{Queue: queue, Artifacts: h.artifacts, Clock: h.now, Log: h.logger()})
}

func TestExpiry(t *testing.T) {
	inHouse(t, func(h *house) {
		h.change(func(l *job.Limits) { l.ArtifactLife = time.Hour })
		stop := h.startWorker("w")
		e := h.create(ann, whole)
		h.settle(0)
		stop()
		defer h.start(h.janitor(h.queue).Run)()
		h.settle(time.Hour - 1)
		if j := h.only(e); j.Status != job.Done || len(h.files()) != 3 {
			h.Errorf("before it expires the job is %s, with files %v", j.Status, h.files())
		}
		h.settle(time.Minute)
		if j := h.only(e); j.Status != job.Expired || j.Folder != "" || len(h.files()) > 0 {
			h.Errorf("a minute later the job is %s, with files %v", j.Status, h.files())
		}
		if used, err := h.queue.Usage(h.Context(), ""); err != nil || used != 0 {
			h.Errorf("%d bytes are used, %v", used, err)
		}
	})
}

// TestDeleted removes the artifacts of more deleted exports than are looked at together.
func TestDeleted(t *testing.T) {
	inHouse(t, func(h *house) {
		var adding []job.Adding
		for i := range 105 {
			id := fmt.Sprint("export-", i)
			e := job.Export{Key: id, ID: id, Owner: "ann", Type: job.OneTime, Enabled: true, Version: 1, Request: draftOf(whole).Text, CreatedAt: h.now(), UpdatedAt: h.now()}
			j := job.Job{ID: fmt.Sprint("job-", i), ExportKey: id, ExportID: id, Owner: "ann", Type: job.OneTime, Version: 1, Request: e.Request, Cause: job.Created,
				Due: h.now(), Status: job.NotProcessed, NotBefore: h.now(), CreatedAt: h.now()}
			adding = append(adding, job.Adding{Export: e, Jobs: []job.Job{j}})
		}
		exports, _, err := h.queue.Create(h.Context(), adding, nil, job.Admission{})
		if err != nil {
			h.Fatal(err)
		}
		for range exports {
			c, err := h.queue.Claim(h.Context(), "w", h.now(), h.now()+int64(time.Minute))
			if err != nil || c == nil {
				h.Fatal(c, err)
			}
			if err := os.MkdirAll(filepath.Join(h.artifacts, c.Lease.Folder()), 0o777); err != nil {
				h.Fatal(err)
			}
			if err := h.queue.Finish(h.Context(), c.Lease, job.Outcome{Status: job.Done, At: h.now(), Folder: c.Lease.Folder()}); err != nil {
				h.Fatal(err)
			}
		}
		for _, e := range exports[:104] {
			if err := h.queue.Delete(h.Context(), e.Key, 0, h.now()); err != nil {
				h.Fatal(err)
			}
		}
		if err := h.janitor(h.queue).Sweep(h.Context()); err != nil {
			h.Fatal(err)
		}
		if j := h.only(exports[104]); j.Status != job.Done || !slices.Equal(h.files(), []string{j.Folder}) {
			h.Errorf("the job that was left is %s; files: %v", j.Status, h.files())
		}
	})
}

// TestIncompleteZips: one that somebody may still be writing stays.
func TestIncompleteZips(t *testing.T) {
	inHouse(t, func(h *house) {
		const maker = ".01a1ff46-0756-76d8-abd5-b8c28ae3747f-1-01a1ff46-0756-76d8-abd5-b8c28ae37480.zip.tmp"
		ages := map[string]time.Duration{maker: time.Hour, strings.Replace(maker, "-1-", "-2-", 1): time.Hour - 1, "notes.zip.tmp": 24 * time.Hour, ".zip": 24 * time.Hour}
		want := []string{strings.Replace(maker, "-1-", "-2-", 1), ".zip", "notes.zip.tmp"}
		if err := os.MkdirAll(h.artifacts, 0o777); err != nil {
			h.Fatal(err)
		}
		for name, age := range ages {
			path := filepath.Join(h.artifacts, name)
			if err := os.WriteFile(path, []byte("PK"), 0o666); err != nil {
				h.Fatal(err)
			}
			at := time.Unix(0, h.now()-int64(age))
			if err := os.Chtimes(path, at, at); err != nil {
				h.Fatal(err)
			}
		}
		if err := h.janitor(h.queue).Sweep(h.Context()); err != nil {
			h.Fatal(err)
		}
		left := h.files()
		slices.Sort(left)
		if !slices.Equal(left, want) {
			h.Errorf("what is left: %v, want %v", left, want)
		}
	})
}

// TestLeftBehind has folders that killed workers left; those of jobs that are done or in progress stay, and what is no job's.
func TestLeftBehind(t *testing.T) {
	inHouse(t, func(h *house) {
		const gone = "01a1ff46-0756-76d8-abd5-b8c28ae3747f"
		done := h.create(ann, whole)
		stop := h.startWorker("w")
		h.settle(0)
		stop()
		running := h.create(ann, whole)
		c, err := h.queue.Claim(h.Context(), "w", h.now(), h.now()+int64(time.Minute))
		if err != nil || c == nil {
			h.Fatal(c, err)
		}
		keep := []string{h.only(done).Folder, c.Lease.Folder(), "." + c.Lease.Folder() + "-0123abcd.tmp", "notes", "lost+found"}
		for _, folder := range append(keep, gone+"-1", "."+gone+"-2-0123abcd.tmp", h.only(running).ID+"-7") {
			if err := os.MkdirAll(filepath.Join(h.artifacts, folder), 0o777); err != nil {
				h.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(h.artifacts, gone+"-3"), nil, 0o666); err != nil {
			h.Fatal(err)
		}
		keep = append(keep, gone+"-3") // a file is no folder of a job
		if err := h.janitor(h.queue).Sweep(h.Context()); err != nil {
			h.Fatal(err)
		}
		var left []string
		for _, name := range h.files() {
			if !strings.Contains(name, "/") {
				left = append(left, name)
			}
		}
		slices.Sort(keep)
		slices.Sort(left)
		if !slices.Equal(left, keep) {
			h.Errorf("what is left: %v, want %v", left, keep)
		}
	})
}

// TestJanitorFaults goes on with other jobs where one's artifacts can't be cleared away.
func TestJanitorFaults(t *testing.T) {
	inHouse(t, func(h *house) {
		h.change(func(l *job.Limits) { l.ArtifactLife = time.Hour })
		stop := h.startWorker("w")
		first, second := h.create(ann, whole), h.create(ann, whole)
		h.settle(0)
		stop()
		h.settle(time.Hour)
		id := h.only(first).ID
		q := &sticky{Queue: h.queue}
		q.id.Store(&id)
		defer h.start(h.janitor(q).Run)()
		h.settle(time.Second)
		if j := h.only(second); j.Status != job.Expired {
			h.Errorf("beside a fault the other job is %s", j.Status)
		}
		q.id.Store(nil)
		h.settle(time.Minute)
		if j := h.only(first); j.Status != job.Expired {
			h.Errorf("behind the fault the job is %s", j.Status)
		}
	})
}

// sticky is a queue that doesn't record of one job that it has expired.
type sticky struct {
	job.Queue
	id atomic.Pointer[string]
}

func (q *sticky) Expired(ctx context.Context, id string, now int64) error {
	if stuck := q.id.Load(); stuck != nil && id == *stuck {
		return errors.New("the database is away")
	}
	return q.Queue.Expired(ctx, id, now)
}

// TestNoFolder: before the first job there is no folder of artifacts.
func TestNoFolder(t *testing.T) {
	inHouse(t, func(h *house) {
		if err := h.janitor(h.queue).Sweep(h.Context()); err != nil {
			h.Error(err)
		}
	})
}
