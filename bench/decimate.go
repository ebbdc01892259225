package bench

import (
	"context"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow/array"
	"golang.org/x/sync/errgroup"

	"decant/decimation"
	"decant/engine/export"
)

// Decimate makes buckets of every series of a snapshot, from its segments to Arrow records, on so many cores, and counts the samples in them. It is what an
// export does between its plan and its format.
func Decimate(ctx context.Context, snap export.Snapshot, spec decimation.Spec, cores int) (samples int64, err error) {
	list, err := snap.Series(ctx, "", "")
	if err != nil {
		return 0, err
	}
	var next, total atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range cores {
		g.Go(func() error {
			return guard(snap, func() error {
				for {
					i := int(next.Add(1) - 1)
					if i >= len(list) || ctx.Err() != nil {
						return ctx.Err()
					}
					n, err := decimateSeries(ctx, snap, list[i].ID, spec)
					if err != nil {
						return err
					}
					total.Add(n)
				}
			})
		})
	}
	err = g.Wait()
	return total.Load(), err
}

func decimateSeries(ctx context.Context, snap export.Snapshot, id export.SeriesID, spec decimation.Spec) (samples int64, err error) {
	src, err := snap.Scan(ctx, id, spec.From, spec.To, "time", "value")
	if err != nil {
		return 0, err
	}
	r, err := decimation.NewReader(src, spec)
	if err != nil {
		return 0, err
	}
	defer r.Release()
	for r.Next() {
		samples += counted(r)
	}
	return samples, r.Err()
}

// counted adds up the column count of a record, its last.
func counted(r array.RecordReader) (n int64) {
	rec := r.Record()
	for _, c := range rec.Column(int(rec.NumCols()) - 1).(*array.Int64).Int64Values() {
		n += c
	}
	return n
}

// guard runs f, which reads what the snapshot's scans give, in this goroutine. A disk that fails under a mapped segment is an error then.
func guard(snap export.Snapshot, f func() error) error {
	if g, ok := snap.(interface{ Guard(f func() error) error }); ok {
		return g.Guard(f)
	}
	return f()
}
