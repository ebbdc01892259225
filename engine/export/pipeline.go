package export

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/decimation"
	"decant/formats"
)

// cursors makes a cursor for each series of an item that has rows to print.
func (it *Item) cursors(ctx context.Context, snap Snapshot, zone *time.Location) []*cursor {
	var list []*cursor
	fields := it.scanned()
	printed := it.printed()
	for i := range it.Series {
		if !printed[i] || it.seriesRows(i) == 0 {
			continue
		}
		list = append(list, &cursor{
			series: i,
			key:    it.earliest(i),
			open: func() (array.RecordReader, error) {
				return it.read(ctx, snap, i, fields)
			},
			explain: func(err error) error { return it.rowError(i, zone, err) },
		})
	}
	return list
}

// earliest is a time that no row of a series is before.
func (it *Item) earliest(i int) int64 {
	s := it.Series[i].Range
	switch {
	case it.request.Bucket == nil && it.request.Delta:
		return s.FirstValue
	case it.request.Bucket == nil:
		return s.First
	}
	return math.MinInt64 // a bucket starts before its first sample, and fill before the first bucket
}

// scanned are the columns that an item reads.
func (it *Item) scanned() []string {
	fields := []string{"time"}
	need := func(names ...string) {
		for _, n := range names {
			if !slices.Contains(fields, n) {
				fields = append(fields, n)
			}
		}
	}
	if it.request.Bucket != nil || it.request.Delta {
		need("value")
	}
	if it.request.Bucket != nil {
		return fields
	}
	for _, c := range it.columns {
		switch {
		case it.request.Delta && (c.Type == formats.Value || c.Type == formats.Bytes || c.Type == formats.Bool):
			// a difference is a number, whatever its samples were: these columns stay empty
		case c.Type == formats.Value && c.ID == "stringValue" && c.series < 0:
			need("kind", "text")
		case c.Type == formats.Value:
			need("value", "kind", "text")
		case c.Type == formats.Bytes:
			need("kind", "text")
		case c.Type == formats.Bool:
			need("value", "kind")
		case c.ID == "value" || c.series >= 0:
			need("value")
		case c.ID == "created":
			need("received")
		case c.ID == "sum" || c.ID == "protocol":
			need(c.ID)
		}
	}
	return fields
}

// read is a series' way from the source to its rows: scan, decimate, fill, delta. Each reader pulls from the one before.
func (it *Item) read(ctx context.Context, snap Snapshot, i int, fields []string) (array.RecordReader, error) {
	r, err := snap.Scan(ctx, it.Series[i].ID, it.From, it.To, fields...)
	if err != nil {
		return nil, err
	}
	if it.request.Bucket != nil {
		if r, err = it.decimate(r, it.request.Function); err != nil {
			return nil, err
		}
		if it.request.Fill != nil {
			r = decimation.FillReader(r, it.buckets, *it.request.Fill, it.fill.from, it.fill.to)
		}
	}
	if it.request.Delta {
		r = decimation.DeltaReader(r, it.lookBack(ctx, snap, i))
	}
	return r, nil
}

// decimate makes buckets of a series' samples. It owns r.
func (it *Item) decimate(r array.RecordReader, f decimation.Function) (array.RecordReader, error) {
	return decimation.NewReader(r, decimation.Spec{Buckets: it.buckets, Functions: []decimation.Function{f}, From: it.From, To: it.To, Batch: it.batch()})
}

// batch is how many rows a decimated series is read ahead: all series together about a million.
func (it *Item) batch() int { return max(64, min(1<<20/len(it.Series), 4096)) }

// lookBack finds the value that a series' first delta is counted from. Which one that is depends on the series' first samples in the
// range, not on the row that asks: fill may have put rows before them.
func (it *Item) lookBack(ctx context.Context, snap Snapshot, i int) decimation.LookBack {
	s := &it.Series[i]
	switch {
	case s.Range.values() == 0, it.request.Bucket == nil && it.From == openFrom:
		return func(int, int64) (float64, bool, error) { return 0, false, nil }
	case it.request.Bucket == nil:
		return func(int, int64) (float64, bool, error) {
			_, v, ok, err := snap.Before(ctx, s.ID, it.From)
			return v, ok, err
		}
	}
	return decimation.LookBackBucket(it.buckets, []decimation.Function{it.request.Function}, s.Range.FirstValue,
		func(t int64) (int64, bool, error) {
			at, _, ok, err := snap.Before(ctx, s.ID, t)
			return at, ok, err
		},
		func(from, to int64) (array.RecordReader, error) {
			return snap.Scan(ctx, s.ID, from, to, "time", "value")
		})
}

// rowError says which series could not be read, and for a result that float64 can't hold, which bucket.
func (it *Item) rowError(i int, zone *time.Location, err error) error {
	var overflow *decimation.OverflowError
	if errors.As(err, &overflow) {
		return fmt.Errorf("series %s, bucket of %s: %w", describe(it.Series[i].Series), isoTime(overflow.Bucket, zone), err)
	}
	return scanError(it.Series[i].Series, err)
}

func scanError(s Series, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("read series %s: %w", describe(s), err)
}
