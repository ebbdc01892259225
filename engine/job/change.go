package job

import (
	"context"
	"slices"

	"decant/engine/access"
	"decant/engine/export/request"
)

// Change replaces an export's request. version is what If-Match named; 0 is any. Jobs keep the request that they began with, and a change makes none.
//
// The schedule stays where it is unless the change is about it: another periodicity, periodStart or zone counts from now on, and so
// does an export that runs again after a pause, whose missed runs are not made. enabled: false and run: manual end it. A backfill is made
// when an export is created, and not again.
func (s *Service) Change(ctx context.Context, who access.Caller, owner, id string, version int64, d Draft) (Made, error) {
	e, err := s.Export(ctx, who, owner, id)
	if err != nil {
		return Made{}, err
	}
	if version != 0 && version != e.Version {
		return Made{}, ErrVersion
	}
	if e.Type == Full {
		return Made{}, request.Faults{{Message: "a full export has no request that could be changed; delete it and make another"}}
	}
	r, err := s.check(who, d)
	if err != nil {
		return Made{}, err
	}
	if r.Service.ID != "" && r.Service.ID != e.ID {
		return Made{}, request.Faults{{Path: "id", Message: "the id of an export stays as it is: " + e.ID + "; leave this out, or make another export"}}
	}
	now := s.c.Clock()
	snap := snapshot{source: s.c.Source}
	defer snap.close()
	problem, err := s.foresee(ctx, &snap, who, r, e.CreatedAt, now)
	if err != nil {
		return Made{}, err
	}
	made := Made{IgnoredParameters: r.IgnoredParameters}
	if problem != nil {
		made.Warnings = warnings(problem)
	}
	e.Next = nextAfterChange(e, r, now)
	e.take(r)
	e.Channels = slices.Clone(who.Channels)
	if e, err = s.c.Queue.Change(ctx, e, version, now); err != nil {
		return Made{}, err
	}
	s.wake()
	made.Export = shown(who, e)
	return made, nil
}

// nextAfterChange is an export's next run when r becomes its request.
func nextAfterChange(e Export, r *request.Request, now int64) *Instant {
	if !r.Recurring || r.Service.Paused || r.Service.Manual {
		return nil
	}
	if was, err := parseStored(e.Request); err == nil && e.Next != nil && sameRecurrence(was, r, e.CreatedAt) {
		return KeepNext
	}
	return nextRun(r, e.CreatedAt, now)
}

// Delete deletes an export, its jobs and their artifacts. version is what If-Match named; 0 is any.
func (s *Service) Delete(ctx context.Context, who access.Caller, owner, id string, version int64) error {
	e, err := s.Export(ctx, who, owner, id)
	if err != nil {
		return err
	}
	return s.c.Queue.Delete(ctx, e.Key, version, s.c.Clock())
}
