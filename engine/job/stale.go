package job

import (
	"context"
	"fmt"
	"time"

	"decant/engine/access"
	"decant/engine/export"
)

// Stale is Jobs of those done jobs whose range has got samples since: an item's stored samples are more than when the job ran, repeated ones included.
//
// It reads all the done jobs that the filter selects, 500 at a time, and plans each again that saw an older state of the store: the index
// is asked about each of its series, and no sample is read but for the digits of a column created. A job of one series takes about 0.15 ms, so
// 10,000 of them a second or two. One snapshot serves all. Where that takes longer than staleTime it is an *export.LimitError: nobody waits for the rest, and a
// snapshot keeps files from being removed.
func (s *Service) Stale(ctx context.Context, who access.Caller, f Filter) ([]Job, int64, error) {
	owner, ok := reach(who, f.Owner)
	if !ok {
		return nil, 0, nil
	}
	f.Owner, f.Status = owner, []Status{Done}
	snap, err := s.c.Source.Open(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("open a snapshot: %w", err)
	}
	defer snap.Close()
	limits := s.c.Limits()
	limits.Export = unlimited
	end := s.c.Clock() + int64(staleTime)
	return s.jobs().page(ctx, f, func(j Job) (bool, error) {
		if s.c.Clock() > end {
			return false, &export.LimitError{Limit: "stale", Message: fmt.Sprintf(
				"there are more done jobs than can be looked at in %v; ask for fewer: those of one export, of a tag, or of a time (from, to)", staleTime)}
		}
		if !sees(who, j.Request, j.Channels) {
			return false, nil
		}
		return s.stale(ctx, snap, j, limits)
	})
}

// staleTime is how long Stale looks.
const staleTime = 20 * time.Second

// unlimited lets a job be planned again whose range has outgrown the limits since.
var unlimited = export.Limits{Rows: 1 << 62, PDFRows: 1 << 62}

// stale says whether a done job's items have more stored samples than when it ran. One that can't be planned any more is not: its
// series are gone.
func (s *Service) stale(ctx context.Context, snap export.Snapshot, j Job, limits Limits) (bool, error) {
	if len(j.Stored) == 0 || snap.Arrival() <= j.Arrival {
		return false, nil
	}
	p, err := PlanFor(ctx, snap, j, limits, export.Options{Resources: noResources{}})
	switch {
	case err != nil && ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil && ofRequest(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look at job %s: %w", j.ID, err)
	}
	if j.Type == Full { // its items are the channels, and there may be new ones
		return sum(p.Items, func(it export.Item) int64 { return it.Stored }) > sum(j.Stored, func(n int64) int64 { return n }), nil
	}
	for i, it := range p.Items {
		if i < len(j.Stored) && it.Stored > j.Stored[i] {
			return true, nil
		}
	}
	return false, nil
}

func sum[T any](list []T, of func(T) int64) (total int64) {
	for _, x := range list {
		total += of(x)
	}
	return total
}
