package jobtest

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"decant/engine/job"
)

// anyOrder does random operations to a queue and to a model, and expects the same answers of both. The clock is the test's and goes where it likes, back too.
//
// DECANT_LONG=1 does as many runs as rapid would by itself, others a quarter of these: a run opens a queue of its own.
func anyOrder(t *testing.T, open func(t *testing.T) job.Queue) {
	if checks := flag.Lookup("rapid.checks"); os.Getenv("DECANT_LONG") == "" && checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("25"); err != nil {
			t.Fatal(err)
		}
		defer checks.Value.Set(checks.DefValue)
	}
	rapid.Check(t, func(r *rapid.T) {
		d := &duel{queue: open(t), model: newModel(), now: 1000}
		defer d.queue.Close()
		r.Repeat(map[string]func(*rapid.T){
			"": d.look, "exports": d.exports, "tick": d.tick, "filter": d.filter, "numbers": d.numbers,
			"create": d.create, "change": d.change, "delete": d.delete, "advance": d.advance, "due": d.due,
			"add": d.add, "claim": d.claim, "claim again": d.claim, "beat": d.beat, "finish": d.finish, "finish again": d.finish, "reclaim": d.reclaim,
			"cancel": d.cancel, "revoke": d.revoke, "grown": d.grown, "expire": d.expire, "collect": d.collect, "record": d.record,
		})
	})
}

// duel is a queue and the model of it, and what has been handed out so far.
type duel struct {
	queue    job.Queue
	model    *model
	now      int64
	made     int // exports and jobs, for their names
	leases   []job.Lease
	messages []job.Message
}

// both does the same to both. Lists that are empty and nil are the same here; a rule of their own tells them apart where it matters.
func both[T any](t *rapid.T, d *duel, what string, do func(q job.Queue) (T, error)) T {
	want, wrong := do(d.model)
	got, err := do(d.queue)
	if kind(err) != kind(wrong) {
		t.Fatalf("%s at %d: error %v, want %v", what, d.now, err, wrong)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s at %d (-want +got):\n%s", what, d.now, diff)
	}
	return want
}

// kind is what callers tell errors by.
func kind(err error) string {
	var conflict *job.ConflictError
	var busy *job.BusyError
	var many *job.TooManyError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &conflict):
		return fmt.Sprint("conflict ", conflict.Index)
	case errors.As(err, &busy):
		return fmt.Sprint("busy ", busy.Limit, busy.Max, busy.Owner)
	case errors.As(err, &many):
		return fmt.Sprintf("too many %+v", *many)
	}
	for _, known := range []error{job.ErrNotFound, job.ErrVersion, job.ErrLost, job.ErrEnded} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "another"
}

// found is what List and Jobs give.
type found[T any] struct {
	Rows  []T
	Total int64
}

func listBoth(t *rapid.T, d *duel, f job.Filter) []job.Export {
	return both(t, d, fmt.Sprintf("list %+v", f), func(q job.Queue) (found[job.Export], error) {
		rows, total, err := q.List(context.Background(), f)
		return found[job.Export]{rows, total}, err
	}).Rows
}

func jobsBoth(t *rapid.T, d *duel, f job.Filter) []job.Job {
	return both(t, d, fmt.Sprintf("jobs %+v", f), func(q job.Queue) (found[job.Job], error) {
		rows, total, err := q.Jobs(context.Background(), f)
		return found[job.Job]{rows, total}, err
	}).Rows
}

// look compares all jobs, after each operation.
func (d *duel) look(t *rapid.T) { jobsBoth(t, d, job.Filter{}) }

// exports compares all exports, deleted ones too.
func (d *duel) exports(t *rapid.T) { listBoth(t, d, job.Filter{Deleted: true}) }

func (d *duel) tick(t *rapid.T) { d.now += rapid.Int64Range(-5, 60).Draw(t, "tick") }

var (
	owners  = rapid.SampledFrom([]string{"ada", "bob"})
	workers = rapid.SampledFrom([]string{"v", "w"})
	labels  = rapid.SampledFrom([]string{"x", "y", "z"})
	tags    = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) job.Tag {
		return job.Tag{Label: labels.Draw(t, "label"), Value: labels.Draw(t, "value")}
	}), 0, 2)
	types = rapid.SampledFrom([]job.Type{job.OneTime, job.Recurring})
)

func (d *duel) filter(t *rapid.T) {
	f := job.Filter{
		Owner:     rapid.SampledFrom([]string{"", "ada", "bob"}).Draw(t, "owner"),
		Status:    rapid.SliceOfN(rapid.SampledFrom(job.Statuses), 0, 2).Draw(t, "status"),
		Type:      rapid.SampledFrom([]job.Type{"", job.OneTime, job.Recurring}).Draw(t, "type"),
		TagLabels: rapid.SliceOfN(labels, 0, 1).Draw(t, "labels"), TagValues: rapid.SliceOfN(labels, 0, 2).Draw(t, "values"),
		SortBy:    rapid.SampledFrom(append(sorts, "owner")).Draw(t, "sort"),
		Ascending: rapid.Bool().Draw(t, "ascending"), Deleted: rapid.Bool().Draw(t, "deleted"),
		Offset: rapid.IntRange(0, 3).Draw(t, "offset"), Limit: rapid.IntRange(0, 3).Draw(t, "limit"),
	}
	if rapid.Bool().Draw(t, "between") {
		f.From, f.To = ptr(d.now-rapid.Int64Range(0, 200).Draw(t, "from")), ptr(d.now+rapid.Int64Range(-50, 50).Draw(t, "to"))
	}
	listBoth(t, d, f)
	if key := d.key(t); rapid.Bool().Draw(t, "of an export") {
		f.Export = key
	}
	jobsBoth(t, d, f)
}

// numbers compares what is counted and added up.
func (d *duel) numbers(t *rapid.T) {
	both(t, d, "counts", func(q job.Queue) (map[job.Status]int64, error) { return q.Counts(context.Background()) })
	both(t, d, "folders", func(q job.Queue) (map[string]bool, error) { return q.Folders(context.Background()) })
	for _, owner := range []string{"", "ada", "bob"} {
		both(t, d, "usage", func(q job.Queue) (int64, error) { return q.Usage(context.Background(), owner) })
	}
	type next struct {
		At int64
		OK bool
	}
	both(t, d, "next due", func(q job.Queue) (n next, err error) {
		n.At, n.OK, err = q.NextDue(context.Background())
		return n, err
	})
	both(t, d, "next message", func(q job.Queue) (n next, err error) {
		n.At, n.OK, err = q.NextMessage(context.Background())
		return n, err
	})
}

// name gives exports and jobs names of their own.
func (d *duel) name(prefix string) string {
	d.made++
	return number(prefix, d.made)
}

func (d *duel) drawJob(t *rapid.T) job.Job {
	j := waiting(d.name("j"), d.now+rapid.Int64Range(-20, 20).Draw(t, "due"))
	j.CreatedAt = d.now
	j.NotBefore = j.Due + rapid.Int64Range(0, 30).Draw(t, "grace")
	j.Cause = rapid.SampledFrom([]job.Cause{job.Created, job.Manual, job.Scheduled, job.Scheduled, job.Backfill}).Draw(t, "cause")
	if scheduled(j) {
		j.K = ptr(rapid.Int64Range(-2, 5).Draw(t, "k"))
	}
	if rapid.IntRange(0, 5).Draw(t, "skipped") == 0 {
		j.Status, j.EndedAt, j.Skipping = job.Skipped, ptr(d.now), 3
	}
	return j
}

func (d *duel) drawJobs(t *rapid.T) []job.Job {
	var jobs []job.Job
	for range rapid.IntRange(0, 3).Draw(t, "jobs") {
		jobs = append(jobs, d.drawJob(t))
	}
	return jobs
}

// drawRequest gives an export what a PUT may change.
func (d *duel) drawRequest(t *rapid.T, e *job.Export) {
	e.Type, e.Title, e.Tags = types.Draw(t, "type"), labels.Draw(t, "title"), tags.Draw(t, "tags")
	e.Request = json.RawMessage(fmt.Sprintf(`{"n": %d}`, d.made))
	e.Enabled = rapid.Bool().Draw(t, "enabled")
	e.Channels = rapid.SliceOfN(labels, 0, 2).Draw(t, "channels")
	if rapid.Bool().Draw(t, "recurs") {
		e.Next = d.drawInstant(t)
	}
}

func (d *duel) drawInstant(t *rapid.T) *job.Instant {
	return &job.Instant{K: rapid.Int64Range(-1, 3).Draw(t, "k"), Due: d.now + rapid.Int64Range(-30, 30).Draw(t, "due")}
}

func (d *duel) drawAdmission(t *rapid.T) (a job.Admission) {
	if rapid.IntRange(0, 3).Draw(t, "limited") == 0 {
		a = job.Admission{Queued: rapid.IntRange(0, 8).Draw(t, "queued"), QueuedEach: rapid.IntRange(0, 5).Draw(t, "each"), ExportsEach: rapid.IntRange(0, 4).Draw(t, "exports")}
	}
	return a
}

// key draws the key of an export, mostly one that is there.
func (d *duel) key(t *rapid.T) string {
	if len(d.model.exports) == 0 {
		return "none"
	}
	return rapid.SampledFrom(d.model.exports).Draw(t, "export").Key
}

// id draws the id of a job, mostly one that is there.
func (d *duel) id(t *rapid.T) string {
	if len(d.model.jobs) == 0 {
		return "none"
	}
	return d.model.jobs[rapid.IntRange(0, len(d.model.jobs)-1).Draw(t, "job")].ID
}
