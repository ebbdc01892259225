package job_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"decant/engine/export/request"
	"decant/engine/job"
	"decant/engine/job/database"
)

func TestRunOfARecurringExport(t *testing.T) {
	b := newBench(t)
	ctx, who := t.Context(), owner("o")
	e := b.create(t, who, hourly("c1"))
	var early *job.NotDueError
	if _, err := b.Run(ctx, who, "", e.ID, nil); !errors.As(err, &early) || early.First == nil || *early.First != noon+hour || !strings.Contains(early.Message, "wait for it") {
		t.Errorf("before the first instant: %v", err)
	}
	b.now += 5*hour/2 + second
	for _, c := range []struct {
		at     *int64
		k, due int64
	}{
		{nil, 2, noon + 2*hour},
		{at((noon + hour) / second), 1, noon + hour},
		{at((noon+2*hour)/second - 1), 1, noon + hour},
	} {
		j, err := b.Run(ctx, who, "", e.ID, c.at)
		if err != nil {
			t.Fatalf("run at %v: %v", c.at, err)
		}
		if j.K == nil || *j.K != c.k || j.Due != c.due || j.NotBefore != b.now || j.Cause != job.Manual || j.Status != job.NotProcessed {
			t.Errorf("run at %v: %+v", c.at, j)
		}
	}
	if _, err := b.Run(ctx, who, "", e.ID, at(noon/second+1)); !errors.As(err, &early) || *early.First != noon+hour || strings.Contains(early.Message, "wait") || !strings.Contains(early.Message, "the first was due at") {
		t.Errorf("at a moment before the first instant: %v", err)
	}
	var faults request.Faults
	if _, err := b.Run(ctx, who, "", e.ID, at(b.now/second+1)); !errors.As(err, &faults) || faults[0].Path != "at" {
		t.Errorf("at a moment to come: %v", err)
	}
	if after, err := b.Export(ctx, who, "", e.ID); err != nil || *after.Next != *e.Next {
		t.Errorf("the schedule has moved: %v, %v", after.Next, err)
	}
}

// interrupted is a queue to which something happens before a job is added.
type interrupted struct {
	*database.DB
	before func()
}

func (q interrupted) Add(ctx context.Context, j job.Job, a job.Admission) error {
	q.before()
	return q.DB.Add(ctx, j, a)
}

// TestRunWhileTheExportChanges asks for a run of an export that is changed before the job is there: the run is one of the new schedule.
func TestRunWhileTheExportChanges(t *testing.T) {
	b := newBench(t)
	who := owner("o")
	e := b.create(t, who, hourly("c1"))
	b.now += 9 * hour
	changes := 0
	b.serve(interrupted{b.queue, func() {
		if changes++; changes > 1 {
			return
		}
		if _, err := b.Change(t.Context(), who, "", e.ID, nil, hourly("c1", `"periodicity": "PT4H"`)); err != nil {
			t.Error(err)
		}
	}})
	j, err := b.Run(t.Context(), who, "", e.ID, nil)
	if err != nil || *j.K != 2 || j.Due != noon+8*hour || j.Version != 2 {
		t.Errorf("run: %+v, %v", j, err)
	}
	open, _, err := b.Jobs(t.Context(), who, job.Filter{Export: e.Key, Status: []job.Status{job.NotProcessed}})
	manual := slices.DeleteFunc(open, func(j job.Job) bool { return j.Cause != job.Manual })
	if err != nil || len(manual) != 1 || manual[0].ID != j.ID {
		t.Errorf("%d jobs wait, %v", len(manual), err)
	}
}

func TestRunOfAOneTimeExport(t *testing.T) {
	b := newBench(t)
	ctx, who := t.Context(), owner("o")
	e := b.create(t, who, draft("c1", `"run": "manual"`))
	for _, c := range []struct {
		at  *int64
		due int64
	}{{nil, noon}, {at(noon/second - 100), noon - 100*second}} {
		j, err := b.Run(ctx, who, "", e.ID, c.at)
		if err != nil || j.Due != c.due || j.K != nil {
			t.Errorf("run at %v: %+v, %v", c.at, j, err)
		}
	}
	b.limits.Queued = 2
	var busy *job.BusyError
	if _, err := b.Run(ctx, who, "", e.ID, nil); !errors.As(err, &busy) {
		t.Errorf("with a full queue: %v", err)
	}
}

func TestCancel(t *testing.T) {
	b := newBench(t)
	ctx, who := t.Context(), owner("o")
	e := b.create(t, who, draft("c1"))
	other := b.create(t, who, draft("c1"))
	for range 3 {
		if _, err := b.Run(ctx, who, "", e.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	claimed, err := b.queue.Claim(ctx, "w", b.now, b.now+second)
	if err != nil || claimed == nil || claimed.ExportKey != e.Key {
		t.Fatalf("claim: %v, %v", claimed, err)
	}
	if n, err := b.Cancel(ctx, who, "", e.ID); err != nil || n != 4 {
		t.Errorf("cancel: %d, %v", n, err)
	}
	if n, err := b.Cancel(ctx, who, "", e.ID); err != nil || n != 0 {
		t.Errorf("cancel again: %d, %v", n, err)
	}
	jobs, _, err := b.Jobs(ctx, who, job.Filter{Export: e.Key})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		if running := j.ID == claimed.ID; running != (j.Status == job.InProgress && j.Cancel) || !running && j.Status != job.Cancelled {
			t.Errorf("job %s is %s, to be cancelled %v", j.ID, j.Status, j.Cancel)
		}
	}
	j, err := b.CancelJob(ctx, who, other.Last.ID)
	if err != nil || j.Status != job.Cancelled {
		t.Errorf("cancel a job: %s, %v", j.Status, err)
	}
	if _, err := b.CancelJob(ctx, who, other.Last.ID); !errors.Is(err, job.ErrEnded) {
		t.Errorf("cancel it again: %v", err)
	}
}

// TestCancelLeavesWhatTheTokenDoesNotSee: jobs that wait with an earlier request, of channels that a limited token doesn't reach, are not its to stop.
func TestCancelLeavesWhatTheTokenDoesNotSee(t *testing.T) {
	b := newBench(t)
	ctx, who, limited := t.Context(), owner("o"), owner("o", "c*")
	e := b.create(t, who, draft("d1"))
	if _, err := b.Change(ctx, who, "", e.ID, nil, draft("c1")); err != nil {
		t.Fatal(err)
	}
	seen, err := b.Run(ctx, limited, "", e.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := b.Cancel(ctx, limited, "", e.ID); err != nil || n != 1 {
		t.Errorf("cancelled %d jobs, %v; want the one that the token sees", n, err)
	}
	for id, want := range map[string]job.Status{seen.ID: job.Cancelled, e.Last.ID: job.NotProcessed} {
		if j, err := b.Job(ctx, who, id); err != nil || j.Status != want {
			t.Errorf("job %s is %s, %v; want %s", id, j.Status, err, want)
		}
	}
	if n, err := b.Cancel(ctx, who, "", e.ID); err != nil || n != 1 {
		t.Errorf("its owner cancelled %d jobs, %v; want the other", n, err)
	}
}

func TestRevoke(t *testing.T) {
	b := newBench(t)
	e := b.create(t, owner("o"), draft("c1"))
	before, err := b.Linked(t.Context(), e.Last.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Revoke(t.Context(), owner("o"), e.Last.ID); err != nil {
		t.Fatal(err)
	}
	after, err := b.Linked(t.Context(), e.Last.ID)
	if err != nil || after.Links <= before.Links {
		t.Errorf("links had version %d and have %d, %v", before.Links, after.Links, err)
	}
}
