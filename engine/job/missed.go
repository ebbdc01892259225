package job

import (
	"decant/engine/export/request"
)

// skippedEach is how many runs that were missed too long ago get a job each; those before them share one.
const skippedEach = 1000

// runsDue makes the jobs of the runs that are due by now, in order, and says which run comes next; nil where none does. After a downtime:
//
//	e.Next ─── one job for all ───┬── skippedEach jobs ──┬── missed jobs ── now
//	        skipped, Skipping = n │  skipped             │  to be run
//
// A missed of 0 runs all of them.
func runsDue(e Export, now int64, missed int) (jobs []Job, to *Instant, err error) {
	r, err := parseStored(e.Request)
	if err != nil {
		return nil, nil, err
	}
	recurrence := Recurrence(r, e.CreatedAt)
	last, _, err := recurrence.Last(now)
	if err != nil {
		return nil, nil, err
	}
	run, skip := e.Next.K, e.Next.K // the first that is to run, and the first that is skipped by itself
	if missed > 0 {
		run = max(run, last-int64(missed)+1)
		skip = max(skip, run-skippedEach)
	}
	if n := skip - e.Next.K; n > 0 {
		at, err := recurrence.Instant(skip - 1)
		if err != nil {
			return nil, nil, err
		}
		j := skipped(&e, now, Instant{K: skip - 1, Due: at})
		j.Skipping = n
		jobs = append(jobs, j)
	}
	for k := skip; k <= last; k++ {
		from, at, err := recurrence.Range(k)
		if err != nil {
			return nil, nil, err
		}
		// Where the zone's calendar leaves a whole period out, two instants are one, and the run between them has nothing to cover.
		if k < run || from == at {
			jobs = append(jobs, skipped(&e, now, Instant{K: k, Due: at}))
			continue
		}
		jobs = append(jobs, scheduled(&e, r, now, Instant{K: k, Due: at}))
	}
	if at, err := recurrence.Instant(last + 1); err == nil {
		to = &Instant{K: last + 1, Due: at}
	}
	return jobs, to, nil
}

// scheduled is the job of a run of the schedule. A run whose grace has passed already was missed: then samples were missed, too, which devices and brokers have kept
// and send now, so it waits for the grace from now on.
func scheduled(e *Export, r *request.Request, now int64, run Instant) Job {
	j := newJob(e, Scheduled, now, run)
	if j.NotBefore = afterGrace(r, run.Due); j.NotBefore < now {
		j.NotBefore = afterGrace(r, now)
	}
	return j
}

// skipped is the job of a run that is not made.
func skipped(e *Export, now int64, run Instant) Job {
	j := newJob(e, Scheduled, now, run)
	j.Status, j.EndedAt = Skipped, &now
	return j
}
