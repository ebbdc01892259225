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

// cursors makes a cursor for each series that has rows to print.
func (g *group) cursors(ctx context.Context, snap Snapshot, zone *time.Location) []*cursor {
	var list []*cursor
	for i := range g.Series {
		if !g.reads(i) {
			continue
		}
		c := &cursor{series: i, key: g.earliest(i), firsts: make([]int64, len(g.functions))}
		for k := range c.firsts {
			c.firsts[k] = math.MinInt64
		}
		c.open = func() (array.RecordReader, error) { return g.read(ctx, snap, c, nil) }
		c.explain = func(err error) error { return g.rowError(i, zone, err) }
		list = append(list, c)
	}
	if g.request.Bucket != nil {
		ahead := 2 * g.pool.Cores() // while one series ends, the next ones keep all cores busy
		for i, c := range list {
			c.following = list[i+1 : min(i+1+ahead, len(list))]
		}
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
		case c.function >= 0:
			need("value")
		case c.ID == "created":
			need("received")
		case c.ID == "sum" || c.ID == "protocol":
			need(c.ID)
		}
	}
	return fields
}

// read is a series' way from the source to its rows: scan, decimate, fill, delta. Each reader pulls from the one before. Where total is given, it
// takes the values of the raw samples as they pass.
func (g *group) read(ctx context.Context, snap Snapshot, c *cursor, total *decimation.Moments) (array.RecordReader, error) {
	s := &g.Series[c.series]
	scan := func(from, to int64) (array.RecordReader, error) { return snap.Scan(ctx, s.ID, from, to, g.fields...) }
	var r array.RecordReader
	var err error
	if g.request.Bucket == nil {
		if r, err = scan(g.From, g.To); err != nil {
			return nil, err
		}
		if total != nil {
			r = &tap{RecordReader: r, total: total}
		}
	} else {
		spec := decimation.Spec{Buckets: g.buckets, Functions: g.functions, From: g.From, To: g.To, Batch: g.batch(), Ahead: g.batch(), Total: total}
		extent := decimation.Extent{First: s.Range.FirstValue, Last: s.Range.LastValue, Samples: s.Range.Samples}
		if r, err = g.pool.NewReader(scan, spec, extent); err != nil {
			return nil, err
		}
		if g.request.Fill != nil {
			r = decimation.FillReader(r, g.buckets, *g.request.Fill, g.fill.from, g.fill.to)
		}
	}
	if g.request.Delta {
		r = decimation.DeltaReader(r, g.lookBack(ctx, snap, c))
	}
	return r, nil
}

// batch is how many rows a page of a decimated series has: those that are read ahead, of all series and on all cores, are about a million values.
func (g *group) batch() int {
	if g.rows > 0 {
		return g.rows
	}
	return max(64, 1<<20/len(g.Series)/len(g.functions)/(g.pool.Cores()+1))
}

// tap adds up the values that pass through a reader.
type tap struct {
	array.RecordReader
	total *decimation.Moments
}

func (t *tap) Next() bool {
	if !t.RecordReader.Next() {
		return false
	}
	rec := t.Record()
	values := rec.Column(rec.Schema().FieldIndices("value")[0]).(*array.Float64)
	t.total.Add(present(values))
	return true
}

// lookBack finds the value that a series' first delta is counted from. Which one that is depends on the series' first samples in the
// range, not on the row that asks: fill may have put rows before them.
func (g *group) lookBack(ctx context.Context, snap Snapshot, c *cursor) decimation.LookBack {
	s := &g.Series[c.series]
	none := func(int, int64) (float64, bool, error) { return 0, false, nil }
	if g.request.Bucket == nil {
		if s.Range.values() == 0 || g.From == openFrom {
			return none
		}
		return func(int, int64) (float64, bool, error) {
			_, v, ok, err := snap.Before(ctx, s.ID, g.From)
			return v, ok, err
		}
	}
	look := none
	if s.Range.values() > 0 {
		look = decimation.LookBackBucket(g.buckets, g.functions, s.Range.FirstValue,
			func(t int64) (int64, bool, error) {
				at, _, ok, err := snap.Before(ctx, s.ID, t)
				return at, ok, err
			},
			func(from, to int64) (array.RecordReader, error) {
				return snap.Scan(ctx, s.ID, from, to, "time", "value")
			})
	}
	return func(k int, t int64) (v float64, ok bool, err error) {
		if v, ok, err = look(k, t); err == nil && !ok {
			c.firsts[k] = t
		}
		return v, ok, err
	}
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
