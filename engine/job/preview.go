package job

import (
	"context"
	"fmt"
	"time"

	"decant/engine/access"
	"decant/engine/export"
	"decant/engine/export/request"
)

// previewRows is how many rows of an item a preview has at most.
const previewRows = 50

// previewTime is how long rows are looked for: a bucket of a month stands for all its samples, and who waits for a preview wants an answer.
const previewTime = 700 * time.Millisecond

// Preview prints the first rows of each item, as a run that is due now would; it also gives the parameters that lenient handling left out. Of a recurring request
// it is the newest run that is due, be it one before the first.
func (s *Service) Preview(ctx context.Context, who access.Caller, d Draft) ([]export.Preview, []string, error) {
	var previews []export.Preview
	ignored, err := s.planned(ctx, who, d, func(snap export.Snapshot, p *export.Plan) (err error) {
		ctx, cancel := context.WithTimeout(ctx, previewTime)
		defer cancel()
		previews, err = export.PreviewPlan(ctx, snap, p, previewRows)
		return err
	})
	return previews, ignored, err
}

// Plan says what a request would do, as Preview shows it. The plan is for reading: its snapshot is closed.
func (s *Service) Plan(ctx context.Context, who access.Caller, d Draft) (*export.Plan, []string, error) {
	var plan *export.Plan
	ignored, err := s.planned(ctx, who, d, func(_ export.Snapshot, p *export.Plan) error {
		plan = p
		return nil
	})
	return plan, ignored, err
}

// planned plans a draft and hands the plan on while its snapshot is open.
func (s *Service) planned(ctx context.Context, who access.Caller, d Draft, do func(export.Snapshot, *export.Plan) error) (ignored []string, err error) {
	r, err := s.check(who, d)
	if err != nil {
		return nil, err
	}
	snap, err := s.c.Source.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a snapshot: %w", err)
	}
	defer snap.Close()
	now := s.c.Clock()
	p, err := s.plan(ctx, snap, who, r, now, now)
	if err != nil {
		return nil, err
	}
	return r.IgnoredParameters, do(snap, p)
}

// foresee plans a request against the samples as they are. problem is why a run would fail now; err is the service's.
func (s *Service) foresee(ctx context.Context, snap *snapshot, who access.Caller, r *request.Request, createdAt, now int64) (problem, err error) {
	opened, err := snap.open(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.plan(ctx, opened, who, r, createdAt, now); err != nil {
		if ofRequest(err) {
			return err, nil
		}
		return nil, err
	}
	return nil, nil
}
