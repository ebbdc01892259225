package store

import (
	"context"
	"errors"
	"io/fs"

	"decant/engine/store/segment"
	"decant/ingest"
)

// Inspect says what the segments of a store hold, beside a running writer too. A series counts once, in however many segments it stands; what is in memory or
// in a log does not count.
func Inspect(ctx context.Context, dir string) (segment.Inspection, error) {
	var sum segment.Inspection
	err := whileLive(ctx, dir, func(o *contents) error {
		sum = segment.Inspection{}
		series := map[ingest.Series]struct{}{}
		for i := range o.segments {
			r := o.segments[i].Reader
			n, err := r.Inspect(ctx)
			if err != nil {
				return damaged(r.Path(), err)
			}
			sum.Add(n)
			for _, e := range r.Series() {
				series[e.Series] = struct{}{}
			}
		}
		sum.Series = len(series)
		return nil
	})
	return sum, err
}

// InspectFile says what one segment holds. A file that is not there is fs.ErrNotExist.
func InspectFile(ctx context.Context, path string) (segment.Inspection, error) {
	r, err := segment.Map(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return segment.Inspection{}, err
		}
		return segment.Inspection{}, damaged(path, err)
	}
	defer r.Release()
	n, err := r.Inspect(ctx)
	return n, damaged(path, err)
}
