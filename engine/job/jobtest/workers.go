package jobtest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"decant/engine/job"
)

// manyWorkers lets workers claim and finish jobs at once. Some die: they claim a job and let its lease end, and come back to it when it may be
// another's. The clock is a counter that all of them move on, so leases end in the middle of things.
func manyWorkers(t *testing.T, q job.Queue) {
	const jobs, crew, owners, lease = 500, 16, 5, 200
	k := kit{t, q}
	for i := range owners {
		var line []job.Job
		for n := range jobs / owners {
			line = append(line, waiting(fmt.Sprintf("%d-%04d", i, n), int64(n)))
		}
		k.create(export(number("owner", i), "e", 0), line...)
	}
	var clock atomic.Int64
	clock.Store(1000)
	var mu sync.Mutex
	finished := map[string]int{}
	claims := map[job.Lease]int{}
	// One dies for certain, however the others come to run.
	lost := k.claim("nobody", 1000, 1000+lease, "0-0000")
	claims[lost.Lease]++
	ended := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(finished)
	}
	work := func(i int) error {
		ctx, worker := context.Background(), fmt.Sprint("worker", i)
		for n := 0; ended() < jobs; n++ {
			now := clock.Add(1)
			c, err := q.Claim(ctx, worker, now, now+lease)
			if err != nil {
				return fmt.Errorf("claim: %w", err)
			}
			if c == nil {
				clock.Add(10) // what is left is in progress: time passes until its leases end
				continue
			}
			mu.Lock()
			claims[c.Lease]++
			mu.Unlock()
			if (n+i)%5 == 0 {
				clock.Add(lease) // dies for so long that others may take the job, and every other's too
			}
			if n%3 == 0 {
				if _, err := q.Beat(ctx, c.Lease, clock.Load()+lease, job.Progress{Rows: 1}); err != nil && err != job.ErrLost {
					return fmt.Errorf("beat: %w", err)
				}
			}
			err = q.Finish(ctx, c.Lease, job.Outcome{Status: job.Done, At: clock.Load(), Folder: c.Lease.Folder(), Bytes: 1, Message: &job.Message{Policy: "onSuccess"}})
			switch err {
			case nil:
				mu.Lock()
				finished[c.ID]++
				mu.Unlock()
			case job.ErrLost:
			default:
				return fmt.Errorf("finish: %w", err)
			}
		}
		return nil
	}
	for _, err := range together(crew, work) {
		k.want(err, nil)
	}
	for l, n := range claims {
		if n > 1 {
			k.Errorf("%d workers got the lease %+v", n, l)
		}
	}
	for id, n := range finished {
		if n > 1 {
			k.Errorf("job %s was finished %d times", id, n)
		}
	}
	if len(claims) <= jobs {
		k.Errorf("%d claims of %d jobs: no lease was lost, and nothing was tried", len(claims), jobs)
	}
	counts, err := q.Counts(k.Context())
	k.want(err, nil)
	k.same("counts", counts, map[job.Status]int64{job.Done: jobs})
	k.usage("", jobs)
	messages, err := q.Collect(k.Context(), clock.Load(), clock.Load()+1, 2*jobs)
	if k.want(err, nil); len(messages) != jobs {
		k.Errorf("%d messages of %d jobs", len(messages), jobs)
	}
}
