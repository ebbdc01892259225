package job

import (
	"context"
	"errors"
	"slices"

	"decant/engine/access"
	"decant/engine/export/request"
)

// Revision is one version of one export. An export that was deleted and made again under the same id is another one.
type Revision struct {
	Key     string
	Version int64
}

// Revision says which version of which export this is: its ETag.
func (e *Export) Revision() Revision { return Revision{e.Key, e.Version} }

// Change replaces an export's request. wanted is what If-Match named; nil is any. Jobs keep the request that they began with, and a change makes none
// but those that were due before it.
//
// The schedule stays where it is unless the change is about it: another periodicity, periodStart or zone counts from now on, and so
// does an export that runs again after a pause, whose missed runs are not made. enabled: false and run: manual end it. A backfill is made
// when an export is created, and not again.
func (s *Service) Change(ctx context.Context, who access.Caller, owner, id string, wanted *Revision, d Draft) (Made, error) {
	e, err := s.changeable(ctx, who, owner, id, wanted)
	if err != nil {
		return Made{}, err
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
	for {
		changed, err := s.write(ctx, who, e, r, now)
		if err == nil {
			s.wake()
			made.Export = shown(who, changed)
			return made, nil
		}
		// What was read decides about the schedule, so where it has changed meanwhile it is read again, unless the caller said which version.
		if !errors.Is(err, ErrVersion) || wanted != nil {
			return Made{}, err
		}
		if e, err = s.changeable(ctx, who, owner, id, wanted); err != nil {
			return Made{}, err
		}
	}
}

// changeable is an export that a caller wants to change, as it is now.
func (s *Service) changeable(ctx context.Context, who access.Caller, owner, id string, wanted *Revision) (Export, error) {
	e, err := s.Export(ctx, who, owner, id)
	switch {
	case err != nil:
		return Export{}, err
	case wanted != nil && *wanted != e.Revision():
		return Export{}, ErrVersion
	case e.Type == Full:
		return Export{}, request.Faults{{Message: "a full export has no request that could be changed; delete it and make another"}}
	}
	return e, nil
}

// write makes r the request of an export, if that is still as it was read.
func (s *Service) write(ctx context.Context, who access.Caller, e Export, r *request.Request, now int64) (Export, error) {
	was := e
	e.Next = nextAfterChange(e, r, now)
	if e.Next != KeepNext && was.Next != nil && was.Next.Due <= now {
		// The scheduler would not find these runs any more. Where it has made them meanwhile, Advance does nothing.
		jobs, to, err := runsDue(was, now, s.c.Limits().Missed)
		if err != nil {
			return Export{}, err
		}
		if _, err := s.c.Queue.Advance(ctx, was.Key, *was.Next, jobs, to, now); err != nil {
			return Export{}, err
		}
	}
	e.take(r)
	e.Channels = slices.Clone(who.Channels)
	return s.c.Queue.Change(ctx, e, e.Version, now)
}

// nextAfterChange is an export's next run when r becomes its request.
func nextAfterChange(e Export, r *request.Request, now int64) *Instant {
	if !r.Recurring || !runsByItself(r) {
		return nil
	}
	if was, err := parseStored(e.Request); err == nil && e.Next != nil && sameRecurrence(was, r, e.CreatedAt) {
		return KeepNext
	}
	return nextRun(r, e.CreatedAt, now)
}

// Delete deletes an export, its jobs and their artifacts. wanted is what If-Match named; nil is any.
func (s *Service) Delete(ctx context.Context, who access.Caller, owner, id string, wanted *Revision) error {
	e, err := s.Export(ctx, who, owner, id)
	if err != nil {
		return err
	}
	version := int64(0) // any
	if wanted != nil {
		if *wanted != e.Revision() {
			return ErrVersion
		}
		version = wanted.Version
	}
	return s.c.Queue.Delete(ctx, e.Key, version, s.c.Clock())
}
