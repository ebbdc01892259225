package main

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/decimation"
	"decant/engine/export"
)

// readAhead is how many series are being decimated at a time, for each core.
const readAhead = 2

// decimate makes buckets of every series on so many cores. It gives the rows of series i, in the order of snap.Series, in the records result[i], which
// the caller releases.
func decimate(ctx context.Context, snap export.Snapshot, list []export.Series, spec decimation.Spec, cores int) (result [][]arrow.Record, err error) {
	err = export.Guard(snap)(func() (err error) { // for one core, whose work is done in this goroutine
		result, err = decimateAll(ctx, snap, list, spec, cores)
		return err
	})
	return result, err
}

func decimateAll(ctx context.Context, snap export.Snapshot, list []export.Series, spec decimation.Spec, cores int) (result [][]arrow.Record, err error) {
	pool := decimation.NewPool(cores, export.Guard(snap))
	readers := make([]array.RecordReader, len(list))
	started := 0
	defer func() {
		for _, r := range readers[:started] {
			if r != nil {
				r.Release()
			}
		}
		if err != nil {
			release(result)
		}
	}()
	result = make([][]arrow.Record, len(list))
	for i := range list {
		for ; started < min(i+readAhead*cores, len(list)); started++ {
			s := list[started]
			open := func(from, to int64) (array.RecordReader, error) {
				return snap.Scan(ctx, s.ID, from, to, "time", "value")
			}
			extent := decimation.Extent{First: s.First, Last: s.Last, Samples: s.Samples}
			if readers[started], err = pool.NewReader(open, spec, extent); err != nil {
				return result, err
			}
		}
		r := readers[i]
		for r.Next() {
			r.Record().Retain()
			result[i] = append(result[i], r.Record())
		}
		if err := r.Err(); err != nil {
			return result, err
		}
		r.Release()
		readers[i] = nil
	}
	return result, nil
}

func release(result [][]arrow.Record) {
	for _, records := range result {
		for _, r := range records {
			r.Release()
		}
	}
}
