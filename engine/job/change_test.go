package job_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"decant/engine/export/request"
	"decant/engine/job"
)

const hour = 3600 * second

// revision is what names an export as it was read.
func revision(e job.Export) *job.Revision {
	r := e.Revision()
	return &r
}

func TestChangeAndTheSchedule(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, after job.Draft
		wait          int64 // ns between
		next          *job.Instant
	}{
		{"another title", hourly("c1"), hourly("c1", `"title": "t"`), hour / 2, &job.Instant{K: 1, Due: noon + hour}},
		{"overdue, another title", hourly("c1"), hourly("c1", `"title": "t"`), 3 * hour, &job.Instant{K: 1, Due: noon + hour}},
		{"the same period, another word for it", hourly("c1"), hourly("c1", `"periodicity": "PT60M"`), hour / 2, &job.Instant{K: 1, Due: noon + hour}},
		{"the same start, named", hourly("c1"), hourly("c1", `"periodStart": 1781524830`), hour / 2, &job.Instant{K: 1, Due: noon + hour}},
		{"another period", hourly("c1"), hourly("c1", `"periodicity": "PT30M"`), hour * 3 / 2, &job.Instant{K: 3, Due: noon + hour*3/2}},
		{"another start", hourly("c1"), hourly("c1", `"periodStart": 1781528400`), hour / 2, &job.Instant{K: 1, Due: noon - 30*second + 2*hour}},
		{"paused", hourly("c1"), hourly("c1", `"enabled": false`), 0, nil},
		{"by hand from now on", hourly("c1"), hourly("c1", `"run": "manual"`), 0, nil},
		{"resumed after two instants", hourly("c1", `"enabled": false`), hourly("c1"), hour * 5 / 2, &job.Instant{K: 3, Due: noon + 3*hour}},
		{"resumed at an instant", hourly("c1", `"enabled": false`), hourly("c1"), 2 * hour, &job.Instant{K: 2, Due: noon + 2*hour}},
		{"oneTime from now on", hourly("c1"), draft("c1"), hour, nil},
		{"recurring from now on", draft("c1", `"run": "manual"`), hourly("c1"), hour * 3 / 2, &job.Instant{K: 2, Due: noon + 2*hour}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			e := b.create(t, owner("o"), c.before)
			b.now += c.wait
			made, err := b.Change(t.Context(), owner("o"), "", e.ID, revision(e), c.after)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.next, made.Export.Next); diff != "" {
				t.Error(diff)
			}
			if made.Export.Version != 2 || made.Export.CreatedAt != noon || made.Export.UpdatedAt != b.now {
				t.Errorf("the export is %+v", made.Export)
			}
		})
	}
}

// TestChangeKeepsWhatTheSchedulerMoved lets a scheduler make a run between the reading and the writing of a change.
func TestChangeKeepsWhatTheSchedulerMoved(t *testing.T) {
	b := newBench(t)
	e := b.create(t, owner("o"), hourly("c1"))
	b.now += hour
	moved := job.Instant{K: 2, Due: noon + 2*hour}
	if ok, err := b.queue.Advance(t.Context(), e.Key, *e.Next, nil, &moved, b.now); err != nil || !ok {
		t.Fatalf("advance: %v, %v", ok, err)
	}
	e.Next = job.KeepNext
	e, err := b.queue.Change(t.Context(), e, 0, b.now)
	if err != nil {
		t.Fatal(err)
	}
	if e.Next == nil || *e.Next != moved {
		t.Errorf("the next run is %v, want %v", e.Next, moved)
	}
}

// TestChangeMakesWhatWasDue changes an export whose runs are due and whose scheduler hasn't come to them.
func TestChangeMakesWhatWasDue(t *testing.T) {
	for name, after := range map[string]job.Draft{"paused": hourly("c1", `"enabled": false`), "another period": hourly("c1", `"periodicity": "P1D"`)} {
		b := newBench(t)
		e := b.create(t, owner("o"), hourly("c1"))
		b.now += 5 * hour / 2
		if _, err := b.Change(t.Context(), owner("o"), "", e.ID, nil, after); err != nil {
			t.Fatal(err)
		}
		jobs, _, err := b.Jobs(t.Context(), owner("o"), job.Filter{Export: e.Key})
		if err != nil || len(jobs) != 2 {
			t.Fatalf("%s: there are %d jobs, want 2, %v", name, len(jobs), err)
		}
		for i, j := range jobs {
			if j.Cause != job.Scheduled || *j.K != int64(2-i) || string(j.Request) != string(e.Request) {
				t.Errorf("%s: job %d is run %d, %s of %s", name, i, *j.K, j.Cause, j.Request)
			}
		}
	}
}

func TestChangesAtOnce(t *testing.T) {
	b := newBench(t)
	e := b.create(t, owner("o"), hourly("c1"))
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			if _, err := b.Change(t.Context(), owner("o"), "", e.ID, nil, hourly("c1", fmt.Sprintf(`"periodicity": "PT%dH"`, 1+i%2))); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	now, err := b.Export(t.Context(), owner("o"), "", e.ID)
	if err != nil || now.Version != 9 {
		t.Fatalf("the export has version %d, %v", now.Version, err)
	}
	due := noon + hour
	if strings.Contains(string(now.Request), "PT2H") {
		due += hour
	}
	if *now.Next != (job.Instant{K: 1, Due: due}) {
		t.Errorf("the next run of %s is %v", now.Request, now.Next)
	}
}

func TestChangeRefuses(t *testing.T) {
	b := newBench(t)
	ctx, who := t.Context(), owner("o")
	e := b.create(t, who, draft("c1", `"id": "x"`))
	if _, err := b.Change(ctx, who, "", "x", &job.Revision{Key: e.Key, Version: 7}, draft("c2")); !errors.Is(err, job.ErrVersion) {
		t.Errorf("an old version: %v", err)
	}
	var faults request.Faults
	if _, err := b.Change(ctx, who, "", "x", nil, draft("c2", `"id": "y"`)); !errors.As(err, &faults) || faults[0].Path != "id" {
		t.Errorf("another id: %v", err)
	}
	if _, err := b.Change(ctx, who, "", "x", nil, draft("c2", `"color": 1`)); !errors.As(err, &faults) {
		t.Errorf("a fault: %v", err)
	}
	var forbidden *job.ForbiddenError
	if _, err := b.Change(ctx, owner("o", "c1"), "", "x", nil, draft("c2")); !errors.As(err, &forbidden) {
		t.Errorf("a channel out of reach: %v", err)
	}
	now, err := b.Export(ctx, who, "", "x")
	if err != nil {
		t.Fatal(err)
	}
	if now.Version != 1 || string(now.Request) != string(e.Request) {
		t.Errorf("the export has changed: %+v", now)
	}
	made, err := b.Change(ctx, who, "", "x", revision(e), draft("c9", `"id": "x"`, `"tags": [{"label": "a", "value": "b"}]`))
	if err != nil || len(made.Warnings) != 1 || !strings.Contains(made.Warnings[0], "c9") {
		t.Errorf("an unknown channel: %v, warnings %v", err, made.Warnings)
	}
	if len(made.Export.Tags) != 1 {
		t.Errorf("tags are %v", made.Export.Tags)
	}
}

// TestChangeOfWhoMayRead is about a job that began with a request that a narrower token doesn't see, though it sees the export.
func TestChangeOfWhoMayRead(t *testing.T) {
	b := newBench(t)
	ctx, narrow := t.Context(), owner("o", "c*")
	e := b.create(t, owner("o"), draft("d1"))
	_, err := b.Export(ctx, narrow, "", e.ID)
	wantNotFound(t, "the export as it was made", err)
	if _, err := b.Change(ctx, owner("o"), "", e.ID, nil, draft("c1")); err != nil {
		t.Fatal(err)
	}
	now, err := b.Export(ctx, narrow, "", e.ID)
	if err != nil {
		t.Fatalf("the export as it is: %v", err)
	}
	if now.Last != nil {
		t.Errorf("it shows a job of %s", now.Last.Request)
	}
	jobs, total, err := b.Jobs(ctx, narrow, job.Filter{Export: e.Key})
	if err != nil || total != 0 || len(jobs) != 0 {
		t.Errorf("its jobs are %v, %d in all, %v", jobs, total, err)
	}
	if _, err := b.Run(ctx, narrow, "", e.ID, nil); err != nil {
		t.Errorf("run: %v", err)
	}
	if _, total, _ := b.Jobs(ctx, narrow, job.Filter{Export: e.Key}); total != 1 {
		t.Errorf("%d jobs are seen, want the new one", total)
	}
}

// TestRevisionOfAnExportMadeAgain: what was read before an export was deleted isn't that of the next one with its id.
func TestRevisionOfAnExportMadeAgain(t *testing.T) {
	b := newBench(t)
	ctx, who := t.Context(), owner("o")
	first := b.create(t, who, draft("c1", `"id": "x"`))
	if err := b.Delete(ctx, who, "", "x", nil); err != nil {
		t.Fatal(err)
	}
	second := b.create(t, who, draft("c1", `"id": "x"`))
	if first.Version != second.Version {
		t.Fatalf("versions %d and %d", first.Version, second.Version)
	}
	if _, err := b.Change(ctx, who, "", "x", revision(first), draft("c2")); !errors.Is(err, job.ErrVersion) {
		t.Errorf("change: %v", err)
	}
	if err := b.Delete(ctx, who, "", "x", revision(first)); !errors.Is(err, job.ErrVersion) {
		t.Errorf("delete: %v", err)
	}
	if _, err := b.Change(ctx, who, "", "x", revision(second), draft("c2")); err != nil {
		t.Error(err)
	}
}

func TestDelete(t *testing.T) {
	b := newBench(t)
	ctx, who := t.Context(), owner("o")
	e := b.create(t, who, draft("c1", `"id": "x"`))
	if err := b.Delete(ctx, who, "", "x", &job.Revision{Key: e.Key, Version: 3}); !errors.Is(err, job.ErrVersion) {
		t.Errorf("an old version: %v", err)
	}
	if err := b.Delete(ctx, who, "", "x", revision(e)); err != nil {
		t.Fatal(err)
	}
	_, err := b.Export(ctx, who, "", "x")
	wantNotFound(t, "the deleted export", err)
	_, err = b.Job(ctx, who, e.Last.ID)
	wantNotFound(t, "its job", err)
	wantNotFound(t, "deleting it again", b.Delete(ctx, who, "", "x", nil))
	if again := b.create(t, who, draft("c1", `"id": "x"`)); again.Key == e.Key {
		t.Error("the id is not free again")
	}
}
