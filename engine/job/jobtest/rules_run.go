package jobtest

import (
	"context"
	"fmt"
	"slices"

	"decant/engine/job"
)

var running = []rule{
	{"due: the longest overdue first", func(k kit) {
		for i, due := range []int64{30, 10, 20, 40} {
			e := export("ada", number("e", i), 1)
			e.Next = &job.Instant{K: int64(i), Due: due}
			k.create(e)
		}
		k.create(export("ada", "paused", 1))
		k.want(k.q.Delete(k.Context(), "ada/e0001", 0, 2), nil)
		due, err := k.q.Due(k.Context(), 30, 10)
		k.want(err, nil)
		var got []job.Instant
		for _, e := range due {
			got = append(got, *e.Next)
		}
		k.same("due at 30", got, []job.Instant{{K: 2, Due: 20}, {K: 0, Due: 30}})
		if due, err = k.q.Due(k.Context(), 30, 1); err != nil || len(due) != 1 || due[0].Next.Due != 20 {
			k.Errorf("the first is %v, %v", due, err)
		}
		if at, ok, err := k.q.NextDue(k.Context()); at != 20 || !ok || err != nil {
			k.Errorf("next due %d, %v, %v", at, ok, err)
		}
	}},
	{"due: nothing is due where nothing recurs", func(k kit) {
		k.create(export("ada", "e", 1))
		if at, ok, err := k.q.NextDue(k.Context()); ok || err != nil {
			k.Errorf("next due %d, %v, %v", at, ok, err)
		}
	}},
	{"advance: of several schedulers one makes a run", func(k kit) {
		e := export("ada", "e", 1)
		e.Next = &job.Instant{K: 1, Due: 10}
		k.create(e)
		for step := range int64(5) {
			from, to := job.Instant{K: step + 1, Due: 10 * (step + 1)}, &job.Instant{K: step + 2, Due: 10 * (step + 2)}
			if step == 4 {
				to = nil
			}
			won := make([]bool, 6)
			for _, err := range together(len(won), func(i int) (err error) {
				won[i], err = k.q.Advance(context.Background(), e.Key, from, []job.Job{run(fmt.Sprintf("%d by %d", step, i), from.K, from.Due)}, to, 100)
				return err
			}) {
				k.want(err, nil)
			}
			if n := len(slices.DeleteFunc(won, func(w bool) bool { return !w })); n != 1 {
				k.Errorf("%d schedulers made run %d", n, from.K)
			}
		}
		if _, total := k.jobs(job.Filter{}); total != 5 {
			k.Errorf("there are %d jobs, want 5", total)
		}
		found, _ := k.q.Find(k.Context(), "ada", "e")
		k.same("next run", found[0].Next, (*job.Instant)(nil))
	}},
	{"advance: only from where the export stands", func(k kit) {
		e := export("ada", "e", 1)
		e.Next = &job.Instant{K: 1, Due: 10}
		k.create(e)
		for _, from := range []job.Instant{{K: 0, Due: 10}, {K: 2, Due: 10}, {K: 1, Due: 9}, {K: 1, Due: 11}} {
			if ok, err := k.q.Advance(k.Context(), e.Key, from, []job.Job{run("j", 1, 10)}, nil, 20); ok || err != nil {
				k.Errorf("advanced from %v: %v", from, err)
			}
		}
		if ok, err := k.q.Advance(k.Context(), "none", *e.Next, []job.Job{run("j", 1, 10)}, nil, 20); ok || err != nil {
			k.Errorf("advanced no export: %v", err)
		}
		k.want(k.q.Delete(k.Context(), e.Key, 0, 15), nil)
		if ok, err := k.q.Advance(k.Context(), e.Key, *e.Next, []job.Job{run("j", 1, 10)}, nil, 20); ok || err != nil {
			k.Errorf("advanced a deleted export: %v", err)
		}
		if _, total := k.jobs(job.Filter{}); total != 0 {
			k.Errorf("%d jobs were made", total)
		}
	}},
	{"advance: records what was skipped", func(k kit) {
		e := export("ada", "e", 1)
		e.Next = &job.Instant{K: 1, Due: 10}
		k.create(e)
		skipped := run("1", 1, 10)
		skipped.Status, skipped.EndedAt, skipped.Skipping = job.Skipped, ptr[int64](99), 7
		if ok, err := k.q.Advance(k.Context(), e.Key, *e.Next, []job.Job{skipped, run("2", 8, 80)}, &job.Instant{K: 9, Due: 90}, 99); !ok || err != nil {
			k.Fatal(ok, err)
		}
		j := k.job("1")
		if j.Status != job.Skipped || j.Skipping != 7 || j.EndedAt == nil || *j.K != 1 {
			k.Errorf("recorded %+v", j)
		}
		k.claim("w", 100, 200, "2")
	}},
	{"claim: what was due first, and nothing before its time", func(k kit) {
		late := waiting("due first, may begin last", 5)
		late.NotBefore = 50
		k.create(export("ada", "e", 1), waiting("b", 20), waiting("c", 20), waiting("a", 30), late)
		k.claim("w", 19, 100, "")
		k.claim("w", 40, 100, "b")
		k.claim("w", 40, 100, "c")
		k.claim("w", 50, 100, "due first, may begin last")
		k.claim("w", 50, 100, "a")
		k.claim("w", 50, 100, "")
	}},
	{"claim: what a worker gets", func(k kit) {
		e := export("ada", "e", 3)
		e.Channels = []string{"c"}
		k.create(e, waiting("j", 5))
		c := k.claim("w", 7, 9, "j")
		k.same("lease", c.Lease, job.Lease{JobID: "j", Worker: "w", Try: 1})
		k.same("job", c.Job, k.job("j"))
		if c.Status != job.InProgress || c.Tries != 1 || *c.StartedAt != 7 || c.EndedAt != nil || string(c.Request) != `{"of":"e"}` || !slices.Equal(c.Channels, e.Channels) {
			k.Errorf("claimed %+v", c.Job)
		}
	}},
	{"claim: owners take turns", func(k kit) {
		k.create(export("ada", "e", 1), waiting("a1", 1), waiting("a2", 2), waiting("a3", 3), waiting("a4", 4))
		k.create(export("bob", "e", 1), waiting("b1", 5), waiting("b2", 6))
		k.create(export("cyd", "e", 1), waiting("c1", 7))
		var got []string
		for range 7 {
			c, err := k.q.Claim(k.Context(), "w", 10, 100)
			if err != nil || c == nil {
				k.Fatal(c, err)
			}
			got = append(got, c.ID)
			k.finish(c, job.Outcome{Status: job.Done, At: 10})
		}
		k.same("order", got, []string{"a1", "b1", "c1", "a2", "b2", "a3", "a4"})
	}},
	{"claim: the owner with the fewest in progress comes first", func(k kit) {
		k.create(export("ada", "e", 1), waiting("a1", 1), waiting("a2", 2), waiting("a3", 3))
		k.create(export("bob", "e", 1), waiting("b1", 90), waiting("b2", 91))
		k.claim("w", 10, 100, "a1")
		k.claim("w", 10, 100, "a2")
		k.claim("w", 95, 100, "b1") // 0 in progress against 2
		k.claim("w", 95, 100, "b2") // 1 against 2
		// Both have two in progress now; ada was served longer ago.
		k.claim("w", 96, 200, "a3")
	}},
	{"claim: runs of a schedule go one after another", func(k kit) {
		e := export("ada", "e", 1)
		old := run("old", -1, 5)
		old.Cause = job.Backfill
		k.create(e, old, run("1", 1, 10), run("2", 2, 20))
		c := k.claim("w", 50, 60, "old")
		manual := waiting("manual", 30)
		manual.ExportKey, manual.Cause, manual.K = e.Key, job.Manual, ptr[int64](2)
		k.want(k.q.Add(k.Context(), manual, job.Admission{}), nil)
		m := k.claim("w", 50, 100, "manual")
		k.claim("w", 50, 100, "")
		k.finish(m, job.Outcome{Status: job.Done, At: 51})
		k.finish(c, job.Outcome{Status: job.NotProcessed, NotBefore: 70, At: 51})
		k.claim("w", 60, 100, "") // the earlier one waits for its next try, and so does the later one
		k.do(70, "old", job.Outcome{Status: job.Failed})
		k.do(71, "1", job.Outcome{Status: job.Skipped})
		k.do(72, "2", job.Outcome{Status: job.Done})
	}},
	{"claim: an export that is held up holds up nothing else", func(k kit) {
		k.create(export("ada", "e", 1), run("e1", 1, 10), run("e2", 2, 20))
		k.create(export("ada", "f", 1), run("f1", 1, 30))
		k.claim("w", 50, 100, "e1")
		k.claim("w", 50, 100, "f1")
		k.claim("w", 50, 100, "")
	}},
	{"lease: one that has ended goes to another worker", func(k kit) {
		k.create(export("ada", "e", 1), waiting("j", 1))
		first := k.claim("w", 10, 20, "j")
		k.claim("v", 19, 30, "")
		second := k.claim("v", 20, 30, "j")
		if second.Tries != 2 || second.Lease.Try != 2 {
			k.Errorf("the second claim is %+v", second)
		}
		_, err := k.q.Beat(k.Context(), first.Lease, 99, job.Progress{Rows: 5})
		k.want(err, job.ErrLost)
		k.want(k.q.Finish(k.Context(), first.Lease, job.Outcome{Status: job.Done, At: 21, Folder: "f", Message: &job.Message{}}), job.ErrLost)
		k.same("job", k.job("j"), second.Job)
		k.finish(second, job.Outcome{Status: job.Done, At: 22})
		k.want(k.q.Finish(k.Context(), second.Lease, job.Outcome{Status: job.Failed, At: 23}), job.ErrLost)
		k.status("j", job.Done)
	}},
	{"lease: the same worker's claims are told apart", func(k kit) {
		k.create(export("ada", "e", 1), waiting("j", 1))
		first := k.claim("w", 10, 20, "j")
		k.finish(first, job.Outcome{Status: job.NotProcessed, KeepTry: true, At: 11, NotBefore: 11})
		if j := k.job("j"); j.Tries != 0 {
			k.Errorf("%d tries are counted", j.Tries)
		}
		second := k.claim("w", 12, 20, "j")
		if second.Tries != 1 || second.Lease == first.Lease || second.Lease.Folder() == first.Lease.Folder() {
			k.Errorf("first %+v, second %+v", first.Lease, second.Lease)
		}
		k.want(k.q.Finish(k.Context(), first.Lease, job.Outcome{Status: job.Done, At: 13}), job.ErrLost)
	}},
	{"lease: a beat extends it and tells of progress", func(k kit) {
		k.create(export("ada", "e", 1), waiting("j", 1))
		c := k.claim("w", 10, 20, "j")
		if cancel, err := k.q.Beat(k.Context(), c.Lease, 40, job.Progress{Rows: 3, Expected: 9}); cancel || err != nil {
			k.Fatal(cancel, err)
		}
		k.same("progress", k.job("j").Progress, job.Progress{Rows: 3, Expected: 9})
		k.claim("v", 39, 50, "")
		// Nobody has taken it since it ended, so its worker may go on.
		if _, err := k.q.Beat(k.Context(), c.Lease, 60, job.Progress{}); err != nil {
			k.Error(err)
		}
		k.claim("v", 59, 70, "")
		again := k.claim("v", 60, 70, "j")
		k.same("progress of a new try", again.Progress, job.Progress{})
	}},
	{"lease: none of a job that is not there", func(k kit) {
		_, err := k.q.Beat(k.Context(), job.Lease{JobID: "j", Worker: "w", Try: 1}, 10, job.Progress{})
		k.want(err, job.ErrLost)
		k.want(k.q.Finish(k.Context(), job.Lease{JobID: "j", Worker: "w", Try: 1}, job.Outcome{Status: job.Done}), job.ErrLost)
	}},
	{"reclaim: a restarted worker's jobs go back in line", func(k kit) {
		k.create(export("ada", "e", 1), waiting("1", 1), waiting("2", 2), waiting("3", 3))
		c := k.claim("w", 10, 1000, "1")
		k.claim("w", 10, 1000, "2")
		k.claim("v", 10, 1000, "3")
		k.want(k.q.CancelJob(k.Context(), "2", 11), nil)
		if n, err := k.q.Reclaim(k.Context(), "w", 12); n != 2 || err != nil {
			k.Errorf("reclaimed %d, %v", n, err)
		}
		k.status("2", job.Cancelled)
		k.status("3", job.InProgress)
		_, err := k.q.Beat(k.Context(), c.Lease, 99, job.Progress{})
		k.want(err, job.ErrLost)
		if again := k.claim("w", 12, 1000, "1"); again.Tries != 2 {
			k.Errorf("%d tries are counted, want 2", again.Tries)
		}
	}},
}
