package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"golang.org/x/sync/errgroup"
)

// SchedulerConfig is what a Scheduler works with.
type SchedulerConfig struct {
	Queue  Queue
	Limits func() Limits
	Clock  func() int64
	Log    *slog.Logger
	// Wake is told when jobs that were made may be claimed (ns). It must not block.
	Wake func(at int64)
}

// Scheduler makes the jobs of recurring exports when their runs are due.
//
// Which run comes next is stored with the export, and a job and the step to the next run are one transaction. So no run is made twice,
// however many schedulers there are and wherever one is killed, and a clock that is set back makes none again: it only delays the next.
type Scheduler struct {
	c    SchedulerConfig
	bell bell
}

const (
	dueBatch    = 256              // exports that are looked at together
	dueTogether = 16               // of which so many go to the queue at once: it may store them in one transaction
	lookEach    = time.Second      // a clock set forward is noticed after so long
	askEach     = 10 * time.Second // and so is an export that another process made
)

// NewScheduler makes a Scheduler.
func NewScheduler(c SchedulerConfig) *Scheduler {
	if c.Wake == nil {
		c.Wake = func(int64) {}
	}
	return &Scheduler{c, newBell()}
}

// Wake says that an export was made or changed, so that another run may be the next. It never blocks.
func (s *Scheduler) Wake() { s.bell.ring() }

// Run makes jobs until ctx ends. Faults of the queue are logged, and met by trying again.
func (s *Scheduler) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		next, err := s.round(ctx)
		if err != nil && ctx.Err() == nil {
			s.c.Log.Error("runs that are due could not be put in line; they will be", "error", err)
			next = s.c.Clock() + int64(lookEach)
		}
		s.sleep(ctx, next)
	}
	return nil
}

// round makes the jobs of one batch of exports, and says when there is more to do (ns).
func (s *Scheduler) round(ctx context.Context) (next int64, err error) {
	now := s.c.Clock()
	exports, err := s.c.Queue.Due(ctx, now, dueBatch)
	if err != nil {
		return 0, fmt.Errorf("find runs that are due: %w", err)
	}
	missed := s.c.Limits().Missed
	faults := make([]error, len(exports))
	var g errgroup.Group
	g.SetLimit(dueTogether)
	for i, e := range exports {
		g.Go(func() error {
			if err := s.advance(ctx, e, now, missed); err != nil {
				faults[i] = fmt.Errorf("export %s of %s: %w", e.ID, e.Owner, err)
			}
			return nil
		})
	}
	g.Wait()
	if err := errors.Join(faults...); err != nil {
		return 0, err
	}
	if len(exports) == dueBatch {
		return now, nil
	}
	next, ok, err := s.c.Queue.NextDue(ctx)
	if err != nil {
		return 0, fmt.Errorf("find the next run: %w", err)
	}
	if !ok {
		next = math.MaxInt64
	}
	return next, nil
}

// sleep returns when it is next by the clock, which may be set meanwhile, when somebody wakes the scheduler, or after askEach.
func (s *Scheduler) sleep(ctx context.Context, next int64) {
	for left := askEach; left > 0 && ctx.Err() == nil; left -= lookEach {
		until := next - s.c.Clock()
		if until <= 0 || s.bell.sleep(ctx, time.Duration(min(until, int64(lookEach)))) {
			return
		}
	}
}

// advance puts the runs of an export that are due in line.
func (s *Scheduler) advance(ctx context.Context, e Export, now int64, missed int) error {
	if e.Next == nil {
		return nil
	}
	jobs, to, err := runsDue(e, now, missed)
	if err != nil {
		// Another round would meet the same. The export's owner reads it of the job; the runs that follow would fail as this one.
		s.c.Log.Error("an export's next runs can't be told; it runs no more until it is changed", "export", e.ID, "owner", e.Owner, "error", err)
		j := newJob(&e, Scheduled, now, *e.Next)
		j.Status, j.EndedAt, j.Error = Failed, &now, &Fault{Kind: UserFault, Message: err.Error()}
		jobs, to = []Job{j}, nil
	}
	made, err := s.c.Queue.Advance(ctx, e.Key, *e.Next, jobs, to, now)
	if err != nil {
		return fmt.Errorf("put a run in line: %w", err)
	}
	if made {
		for _, j := range jobs {
			if !j.Status.Ended() {
				s.c.Wake(j.NotBefore)
				break // later ones of an export wait for earlier ones
			}
		}
	}
	return nil
}
