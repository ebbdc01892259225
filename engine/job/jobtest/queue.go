package jobtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"decant/engine/job"
)

// Queue is the contract of a job.Queue. open gives an empty one, which the test closes by t.Cleanup if it needs closing.
func Queue(t *testing.T, open func(t *testing.T) job.Queue) {
	for _, rules := range [][]rule{creating, finding, paging, running, ending, messaging} {
		for _, r := range rules {
			t.Run(r.name, func(t *testing.T) { r.check(kit{t, open(t)}) })
		}
	}
	t.Run("any operations in any order", func(t *testing.T) { anyOrder(t, open) })
	t.Run("many workers", func(t *testing.T) { manyWorkers(t, open(t)) })
}

// rule is one thing that a queue must do.
type rule struct {
	name  string
	check func(k kit)
}

// kit is a queue under test and what rules do with it. Its methods fail the test where the queue does.
type kit struct {
	*testing.T
	q job.Queue
}

// export makes an export; its key is owner/id.
func export(owner, id string, at int64) job.Export {
	return job.Export{
		Key: owner + "/" + id, ID: id, Owner: owner, Type: job.OneTime, Title: "title of " + id, Request: json.RawMessage(`{"of":"` + id + `"}`),
		Enabled: true, CreatedAt: at, UpdatedAt: at,
	}
}

// waiting makes a job that was due at a moment and may begin then.
func waiting(id string, due int64) job.Job {
	return job.Job{ID: id, Cause: job.Created, Due: due, NotBefore: due, CreatedAt: due}
}

// run makes job k of a schedule.
func run(id string, k, due int64) job.Job {
	j := waiting(id, due)
	j.Cause, j.K = job.Scheduled, &k
	return j
}

func (k kit) create(e job.Export, jobs ...job.Job) job.Export {
	k.Helper()
	made, again, err := k.q.Create(k.Context(), []job.Adding{{Export: e, Jobs: jobs}}, nil, job.Admission{})
	if err != nil || again || len(made) != 1 {
		k.Fatalf("create %s: %v, again %v, %v", e.Key, made, again, err)
	}
	return made[0]
}

// claim claims a job, which must be the one named; "" is none.
func (k kit) claim(worker string, now, until int64, want string) *job.Claimed {
	k.Helper()
	c, err := k.q.Claim(k.Context(), worker, now, until)
	if err != nil {
		k.Fatalf("claim at %d: %v", now, err)
	}
	switch {
	case c == nil && want != "":
		k.Fatalf("nothing to claim at %d, want %s", now, want)
	case c != nil && c.ID != want:
		k.Fatalf("claimed %s at %d, want %q", c.ID, now, want)
	}
	return c
}

// finish ends a claimed job.
func (k kit) finish(c *job.Claimed, o job.Outcome) {
	k.Helper()
	k.want(k.q.Finish(k.Context(), c.Lease, o), nil)
}

// do claims the job named and finishes it.
func (k kit) do(now int64, want string, o job.Outcome) {
	k.Helper()
	o.At = now
	k.finish(k.claim("worker", now, now+100, want), o)
}

func (k kit) job(id string) job.Job {
	k.Helper()
	j, err := k.q.Job(k.Context(), "", id)
	if err != nil {
		k.Fatalf("job %s: %v", id, err)
	}
	return j
}

// status checks where a job stands.
func (k kit) status(id string, want job.Status) {
	k.Helper()
	if got := k.job(id).Status; got != want {
		k.Errorf("job %s is %s, want %s", id, got, want)
	}
}

// want checks an error.
func (k kit) want(err, want error) {
	k.Helper()
	if !errors.Is(err, want) {
		k.Fatalf("error %v, want %v", err, want)
	}
}

// same checks two values of any kind.
func (k kit) same(what string, got, want any) {
	k.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		k.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// list gives the ids of a page of exports, as owner/id, and how many there are.
func (k kit) list(f job.Filter) (keys []string, total int64) {
	k.Helper()
	exports, total, err := k.q.List(k.Context(), f)
	if err != nil {
		k.Fatalf("list %+v: %v", f, err)
	}
	for _, e := range exports {
		keys = append(keys, e.Key)
	}
	return keys, total
}

// jobs gives the ids of a page of jobs, and how many there are.
func (k kit) jobs(f job.Filter) (ids []string, total int64) {
	k.Helper()
	jobs, total, err := k.q.Jobs(k.Context(), f)
	if err != nil {
		k.Fatalf("jobs %+v: %v", f, err)
	}
	for _, j := range jobs {
		ids = append(ids, j.ID)
	}
	return ids, total
}

func ptr[T any](v T) *T { return &v }

// number names the nth of something so that names sort as numbers do.
func number(prefix string, n int) string { return fmt.Sprintf("%s%04d", prefix, n) }
