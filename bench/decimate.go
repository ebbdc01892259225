package bench

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/decimation"
	"decant/engine/export"
)

// aheadOfCores is how many series are being read at a time, for each core: while one ends, the next ones keep all cores busy.
const aheadOfCores = 2

// Decimate makes buckets of series of a snapshot, which are known, from its segments to Arrow records, on so many cores, and counts the samples in them. It is
// what an export does between its plan and its format.
func Decimate(ctx context.Context, snap export.Snapshot, list []export.Series, spec decimation.Spec, cores int) (samples int64, err error) {
	err = export.Guard(snap)(func() (err error) { // for one core, whose work is done in this goroutine
		samples, err = decimateAll(ctx, snap, list, spec, cores)
		return err
	})
	return samples, err
}

func decimateAll(ctx context.Context, snap export.Snapshot, list []export.Series, spec decimation.Spec, cores int) (samples int64, err error) {
	pool := decimation.NewPool(cores, export.Guard(snap))
	var ahead []array.RecordReader
	defer func() {
		for _, r := range ahead {
			r.Release()
		}
	}()
	for next := 0; next < len(list) || len(ahead) > 0; {
		for ; next < len(list) && len(ahead) < aheadOfCores*cores; next++ {
			r, err := decimating(ctx, snap, list[next], pool, spec)
			if err != nil {
				return samples, err
			}
			ahead = append(ahead, r)
		}
		r := ahead[0]
		for r.Next() {
			samples += counted(r)
		}
		if err := r.Err(); err != nil {
			return samples, err
		}
		r.Release()
		ahead = ahead[1:]
	}
	return samples, nil
}

// decimating is the way from a series' samples to its buckets.
func decimating(ctx context.Context, snap export.Snapshot, s export.Series, pool *decimation.Pool, spec decimation.Spec) (array.RecordReader, error) {
	open := func(from, to int64) (array.RecordReader, error) {
		return snap.Scan(ctx, s.ID, from, to, "time", "value")
	}
	return pool.NewReader(open, spec, decimation.Extent{First: s.First, Last: s.Last, Samples: s.Samples})
}

// counted adds up the column count of a record, its last.
func counted(r array.RecordReader) (n int64) {
	rec := r.Record()
	for _, c := range rec.Column(int(rec.NumCols()) - 1).(*array.Int64).Int64Values() {
		n += c
	}
	return n
}
