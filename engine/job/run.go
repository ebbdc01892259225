package job

import (
	"context"
	"errors"
	"time"

	"decant/engine/access"
	"decant/engine/export/request"
)

// Run makes a job of an export now: of a recurring one the run that was due last, or the one due last at another moment (ns), however long
// ago; a *NotDueError where none was. A oneTime export's ranges are counted from now, or from the other moment. The job doesn't wait for the grace.
func (s *Service) Run(ctx context.Context, who access.Caller, owner, id string, at *int64) (Job, error) {
	for {
		e, err := s.Export(ctx, who, owner, id)
		if err != nil {
			return Job{}, err
		}
		now := s.c.Clock()
		run, err := asked(e, now, at)
		if err != nil {
			return Job{}, err
		}
		j := newJob(&e, Manual, now, run)
		if err := s.c.Queue.Add(ctx, j, s.admission()); err != nil {
			return Job{}, err
		}
		if j, err = s.c.Queue.Job(ctx, e.Owner, j.ID); err != nil {
			return Job{}, err
		}
		if j.Version == e.Version {
			s.wake()
			return j, nil
		}
		// A job has the request that its export has when it is added. This one is another's than the run was found for.
		if err := s.c.Queue.CancelJob(ctx, j.ID, now); err != nil && !errors.Is(err, ErrEnded) {
			return Job{}, err
		}
	}
}

// asked is the run of an export that somebody asks for at a moment, or now.
func asked(e Export, now int64, at *int64) (Instant, error) {
	due := now
	switch {
	case at == nil:
	case *at > now:
		return Instant{}, request.Faults{{Path: "at", Message: "this is later than now; a run reads what is stored: choose a moment that has passed"}}
	case e.Type == Full:
		return Instant{}, request.Faults{{Path: "at", Message: "a full export has all that is stored, whenever it runs; leave this out"}}
	default:
		due = *at
	}
	if e.Type == Recurring {
		return dueLast(e, due, now)
	}
	return Instant{Due: due}, nil
}

// dueLast is the run of an export that was due last at a moment, which is now or before.
func dueLast(e Export, at, now int64) (Instant, error) {
	r, err := parseStored(e.Request)
	if err != nil {
		return Instant{}, err
	}
	recurrence := Recurrence(r, e.CreatedAt)
	k, due, err := recurrence.Last(at)
	if err == nil && k >= 1 {
		return Instant{K: k, Due: due}, nil
	}
	first, err := recurrence.Instant(1)
	if err != nil {
		return Instant{}, &NotDueError{Message: "no run of the export is ever due: its first instant lies beyond what can be counted; change periodStart or periodicity"}
	}
	said := "no run was due yet: the first is due at " + text(first, r) + "; wait for it, or change periodStart"
	if first <= now {
		said = "no run was due by " + text(at, r) + ": the first was due at " + text(first, r) + "; choose that moment or a later one, or change periodStart"
	}
	return Instant{}, &NotDueError{First: &first, Message: said}
}

// text prints a moment (ns) in a request's zone.
func text(at int64, r *request.Request) string {
	return time.Unix(0, at).In(r.Format.Zone.Location).Format(time.RFC3339)
}

// Cancel cancels the jobs of an export that have not ended, and says how many it reached. Jobs with a request that the caller doesn't see go on.
func (s *Service) Cancel(ctx context.Context, who access.Caller, owner, id string) (int, error) {
	e, err := s.Export(ctx, who, owner, id)
	if err != nil {
		return 0, err
	}
	var open []string // as many as the queue takes at most
	f := Filter{Owner: e.Owner, Export: e.Key, Status: []Status{NotProcessed, InProgress}}
	err = s.jobs().each(ctx, f, func(j Job) error {
		if !j.Cancel && sees(who, j.Request, j.Channels) {
			open = append(open, j.ID)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	cancelled := 0
	for _, id := range open {
		switch err := s.c.Queue.CancelJob(ctx, id, s.c.Clock()); {
		case err == nil:
			cancelled++
		case errors.Is(err, ErrEnded), errors.Is(err, ErrNotFound): // meanwhile
		default:
			return cancelled, err
		}
	}
	s.wake()
	return cancelled, nil
}

// CancelJob cancels one job. One that waits has ended then; one in progress ends within a second or so.
func (s *Service) CancelJob(ctx context.Context, who access.Caller, id string) (Job, error) {
	if _, err := s.Job(ctx, who, id); err != nil {
		return Job{}, err
	}
	if err := s.c.Queue.CancelJob(ctx, id, s.c.Clock()); err != nil {
		return Job{}, err
	}
	s.wake()
	return s.Job(ctx, who, id)
}

// Revoke makes all signed links of a job invalid.
func (s *Service) Revoke(ctx context.Context, who access.Caller, id string) error {
	if _, err := s.Job(ctx, who, id); err != nil {
		return err
	}
	return s.c.Queue.Revoke(ctx, id, s.c.Clock())
}
