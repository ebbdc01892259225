package jobtest

import (
	"math"

	"decant/engine/export/request"
	"decant/engine/job"
)

var ending = []rule{
	{"finish: what a worker says is kept", func(k kit) {
		k.create(export("ada", "e", 1), waiting("j", 1))
		c := k.claim("w", 10, 20, "j")
		o := job.Outcome{
			Status: job.Done, At: 15, Saw: &job.Seen{Value: ptr(0.1), Holds: true}, Progress: job.Progress{Rows: 7, Expected: 8},
			Artifacts: []job.Artifact{{File: "ä.csv", MediaType: "text/csv", Rows: 7, Bytes: 70, SHA256: "ff"}, {File: "manifest.json", Item: -1, Bytes: 30}},
			Folder:    c.Lease.Folder(), Bytes: 100, ExpiresAt: ptr[int64](99), Stored: []int64{4, 3}, Arrival: math.MaxUint64,
			Message: &job.Message{Policy: "onSuccess", Medium: "email", NotBefore: 16},
		}
		k.finish(c, o)
		want := c.Job
		want.Status, want.EndedAt, want.Saw, want.Progress, want.Artifacts, want.Folder, want.Bytes = o.Status, &o.At, o.Saw, o.Progress, o.Artifacts, o.Folder, o.Bytes
		want.ExpiresAt, want.Stored, want.Arrival = o.ExpiresAt, o.Stored, o.Arrival
		got := k.job("j")
		if m := got.Message; m == nil || m.ID == "" || m.JobID != "j" || m.State != job.Pending || m.Policy != "onSuccess" || m.Medium != "email" || m.NotBefore != 16 {
			k.Fatalf("message %+v", m)
		}
		want.Message = got.Message
		k.same("job", got, want)
	}},
	{"finish: a fault is kept until the next try has ended", func(k kit) {
		k.create(export("ada", "e", 1), waiting("j", 1))
		fault := &job.Fault{Kind: job.ServiceFault, Message: "no", Faults: request.Faults{{Path: "items[0]", Message: "m"}}}
		k.do(10, "j", job.Outcome{Status: job.NotProcessed, NotBefore: 30, Error: fault})
		j := k.job("j")
		k.same("fault", j.Error, fault)
		if j.Status != job.NotProcessed || j.NotBefore != 30 || j.Tries != 1 || j.Due != 1 || j.EndedAt != nil {
			k.Errorf("it waits as %+v", j)
		}
		k.claim("w", 29, 100, "")
		c := k.claim("w", 30, 100, "j")
		k.same("fault meanwhile", c.Error, fault)
		k.finish(c, job.Outcome{Status: job.Done, At: 31})
		k.same("fault at the end", k.job("j").Error, (*job.Fault)(nil))
	}},
	{"finish: a condition may see what JSON can't say", func(k kit) {
		values := []*float64{nil, ptr(math.Inf(1)), ptr(math.Inf(-1)), ptr(math.MaxFloat64), ptr(math.Copysign(0, -1))}
		e := export("ada", "e", 1)
		k.create(e)
		for i, v := range values {
			j := waiting(number("j", i), 1)
			j.ExportKey = e.Key
			k.want(k.q.Add(k.Context(), j, job.Admission{}), nil)
			k.do(10, j.ID, job.Outcome{Status: job.Skipped, Saw: &job.Seen{Value: v}})
			got := k.job(j.ID).Saw
			if got == nil || (got.Value == nil) != (v == nil) || v != nil && math.Float64bits(*got.Value) != math.Float64bits(*v) {
				k.Errorf("saw %v, and it is kept as %+v", v, got)
			}
		}
	}},
	{"cancel: a waiting job ends at once", func(k kit) {
		k.create(export("ada", "e", 1), waiting("j", 1))
		k.want(k.q.CancelJob(k.Context(), "j", 5), nil)
		if j := k.job("j"); j.Status != job.Cancelled || j.EndedAt == nil || *j.EndedAt != 5 || j.Cancel {
			k.Errorf("%+v", j)
		}
		k.claim("w", 10, 20, "")
		k.want(k.q.CancelJob(k.Context(), "j", 6), job.ErrEnded)
		k.want(k.q.CancelJob(k.Context(), "none", 6), job.ErrNotFound)
	}},
	{"cancel: the worker of one in progress is told", func(k kit) {
		k.create(export("ada", "e", 1), waiting("j", 1))
		c := k.claim("w", 10, 20, "j")
		k.want(k.q.CancelJob(k.Context(), "j", 11), nil)
		if j := k.job("j"); j.Status != job.InProgress || !j.Cancel {
			k.Errorf("%+v", j)
		}
		for range 2 {
			if cancel, err := k.q.Beat(k.Context(), c.Lease, 30, job.Progress{}); !cancel || err != nil {
				k.Errorf("told %v, %v", cancel, err)
			}
		}
		k.finish(c, job.Outcome{Status: job.Cancelled, At: 12})
		if j := k.job("j"); j.Status != job.Cancelled || j.Cancel {
			k.Errorf("%+v", j)
		}
	}},
	{"cancel: such a job doesn't run again", func(k kit) {
		k.create(export("ada", "e", 1), waiting("1", 1), waiting("2", 2), waiting("3", 3))
		c := k.claim("w", 10, 20, "1")
		k.claim("w", 10, 20, "2") // and dies
		k.want(k.q.CancelJob(k.Context(), "1", 11), nil)
		k.want(k.q.CancelJob(k.Context(), "2", 11), nil)
		k.finish(c, job.Outcome{Status: job.NotProcessed, At: 12, NotBefore: 12, Message: &job.Message{}})
		if j := k.job("1"); j.Status != job.Cancelled || j.Message != nil || *j.EndedAt != 12 {
			k.Errorf("%+v", j)
		}
		k.claim("w", 30, 40, "3")
		if j := k.job("2"); j.Status != job.Cancelled || *j.EndedAt != 30 || j.Cancel {
			k.Errorf("%+v", j)
		}
	}},
	{"delete: its jobs are cancelled and seen no more", func(k kit) {
		e := export("ada", "e", 1)
		e.Next = &job.Instant{K: 1, Due: 5}
		k.create(e, waiting("running", 1), waiting("waiting", 2))
		k.create(export("ada", "other", 1), waiting("other", 3))
		c := k.claim("w", 10, 20, "running")
		k.want(k.q.Delete(k.Context(), e.Key, 1, 11), nil)
		k.want(k.q.Delete(k.Context(), e.Key, 0, 12), job.ErrNotFound)
		k.want(second(k.q.Job(k.Context(), "ada", "running")), job.ErrNotFound)
		k.want(k.q.CancelJob(k.Context(), "waiting", 12), job.ErrNotFound)
		k.want(k.q.Revoke(k.Context(), "running", 12), job.ErrNotFound)
		if cancel, err := k.q.Beat(k.Context(), c.Lease, 30, job.Progress{}); !cancel || err != nil {
			k.Errorf("its worker is told %v, %v", cancel, err)
		}
		k.claim("w", 15, 30, "other")
		if _, ok, err := k.q.NextDue(k.Context()); ok || err != nil {
			k.Error("a deleted export is due", err)
		}
		if found, err := k.q.Find(k.Context(), "ada", "e"); len(found) != 0 || err != nil {
			k.Error(found, err)
		}
	}},
	{"delete: artifacts go, also those of a job that ends after", func(k kit) {
		k.create(export("ada", "e", 1), waiting("before", 1), waiting("after", 2))
		k.do(10, "before", job.Outcome{Status: job.Done, Folder: "before-1", Bytes: 5, ExpiresAt: ptr[int64](1000)})
		c := k.claim("w", 10, 20, "after")
		k.want(k.q.Delete(k.Context(), "ada/e", 0, 11), nil)
		k.finish(c, job.Outcome{Status: job.Done, At: 12, Folder: "after-1", Bytes: 6, ExpiresAt: ptr[int64](1000), Message: &job.Message{Policy: "onSuccess"}})
		jobs, err := k.q.Expire(k.Context(), 12, 10)
		if err != nil || len(jobs) != 2 || jobs[0].Folder != "before-1" || jobs[1].Folder != "after-1" {
			k.Fatalf("to expire %+v, %v", jobs, err)
		}
		k.usage("ada", 11)
		for _, j := range jobs {
			k.want(k.q.Expired(k.Context(), j.ID, 13), nil)
		}
		k.usage("ada", 0)
		if m, err := k.q.Collect(k.Context(), 100, 200, 10); len(m) != 0 || err != nil {
			k.Errorf("messages %+v, %v", m, err)
		}
	}},
	{"expire: artifacts go when they are to, and what is known of them stays", func(k kit) {
		k.create(export("ada", "e", 1), waiting("1", 1), waiting("2", 2), waiting("3", 3), waiting("4", 4))
		artifacts := []job.Artifact{{File: "a.csv", Bytes: 5, SHA256: "aa"}}
		k.do(10, "1", job.Outcome{Status: job.Done, Folder: "1-1", Bytes: 5, Artifacts: artifacts, ExpiresAt: ptr[int64](60)})
		k.do(10, "2", job.Outcome{Status: job.Done, Folder: "2-1", Bytes: 6, ExpiresAt: ptr[int64](50)})
		k.do(10, "3", job.Outcome{Status: job.Done, Folder: "3-1", Bytes: 7})
		k.do(10, "4", job.Outcome{Status: job.Failed})
		for at, want := range map[int64]int{49: 0, 50: 1, 60: 2, 1 << 60: 2} {
			if jobs, err := k.q.Expire(k.Context(), at, 10); err != nil || len(jobs) != want {
				k.Errorf("at %d: %d jobs, %v", at, len(jobs), err)
			}
		}
		jobs, err := k.q.Expire(k.Context(), 100, 1)
		if err != nil || len(jobs) != 1 || jobs[0].ID != "2" {
			k.Fatalf("to expire first %+v, %v", jobs, err)
		}
		k.want(k.q.Expired(k.Context(), "1", 61), nil)
		j := k.job("1")
		if j.Status != job.Expired || j.Folder != "" || j.Bytes != 0 || *j.EndedAt != 10 {
			k.Errorf("%+v", j)
		}
		k.same("artifacts", j.Artifacts, artifacts)
		k.want(k.q.Expired(k.Context(), "4", 61), nil)
		k.status("4", job.Failed)
		k.want(k.q.Expired(k.Context(), "none", 61), job.ErrNotFound)
	}},
	{"grown: a folder's files take more, until they go", func(k kit) {
		k.create(export("ada", "e", 1), waiting("1", 1), waiting("2", 2), waiting("3", 3))
		k.do(10, "1", job.Outcome{Status: job.Done, Folder: "1-1", Bytes: 5, ExpiresAt: ptr[int64](60)})
		k.do(10, "2", job.Outcome{Status: job.Failed})
		for range 2 { // whoever adds the same file again says the same
			k.want(k.q.Grown(k.Context(), "1", 12), nil)
			k.usage("ada", 12)
			k.usage("", 12)
		}
		if j := k.job("1"); j.Bytes != 12 || j.Status != job.Done {
			k.Errorf("%+v", j)
		}
		for _, id := range []string{"2", "3", "none"} {
			k.want(k.q.Grown(k.Context(), id, 12), job.ErrNotFound)
		}
		k.want(k.q.Delete(k.Context(), "ada/e", 0, 50), nil)
		k.want(k.q.Grown(k.Context(), "1", 13), nil) // its files are there still
		k.usage("ada", 13)
		k.want(k.q.Expired(k.Context(), "1", 61), nil)
		k.want(k.q.Grown(k.Context(), "1", 14), job.ErrNotFound)
		k.usage("ada", 0)
	}},
	{"folders, usage and counts", func(k kit) {
		k.create(export("ada", "e", 1), waiting("1", 1), waiting("2", 2), waiting("3", 3))
		k.create(export("bob", "e", 1), waiting("4", 4))
		k.do(10, "1", job.Outcome{Status: job.Done, Folder: "1-1", Bytes: 5})
		k.do(10, "4", job.Outcome{Status: job.Done, Folder: "4-1", Bytes: 1 << 40})
		k.claim("w", 10, 20, "2")
		c := k.claim("w", 20, 30, "2")
		folders, err := k.q.Folders(k.Context())
		k.want(err, nil)
		k.same("folders", folders, map[string]bool{"1-1": true, "4-1": true, c.Lease.Folder(): true})
		k.usage("ada", 5)
		k.usage("bob", 1<<40)
		k.usage("", 1<<40+5)
		k.usage("cyd", 0)
		counts, err := k.q.Counts(k.Context())
		k.want(err, nil)
		k.same("counts", counts, map[job.Status]int64{job.Done: 2, job.InProgress: 1, job.NotProcessed: 1})
	}},
	{"revoke: counts the links' version", func(k kit) {
		k.create(export("ada", "e", 1), waiting("j", 1))
		for range 2 {
			k.want(k.q.Revoke(k.Context(), "j", 2), nil)
		}
		if j := k.job("j"); j.Links != 2 {
			k.Errorf("version %d", j.Links)
		}
		k.want(k.q.Revoke(k.Context(), "none", 2), job.ErrNotFound)
	}},
}

// usage checks how many bytes of artifacts an owner has.
func (k kit) usage(owner string, want int64) {
	k.Helper()
	if got, err := k.q.Usage(k.Context(), owner); got != want || err != nil {
		k.Errorf("%q uses %d bytes, %v; want %d", owner, got, err, want)
	}
}
