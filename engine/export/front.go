package export

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/decimation"
)

// front is what is known of a series before a PDF's first row: the raw samples as a whole, and all rows, which the charts draw and
// the table prints from here. The limit on a PDF's rows bounds it.
type front struct {
	cursor *cursor // whose rows they are
	raw    decimation.Moments
	schema *arrow.Schema
	rows   []arrow.Record
}

// readAhead reads the series of cursors, once for all that a PDF shows of them; the cursors then read what was kept. The fronts are by index of
// the series; the caller releases them when the cursors are closed.
func (g *group) readAhead(ctx context.Context, snap Snapshot, cursors []*cursor) (map[int]*front, error) {
	fronts := map[int]*front{}
	for _, c := range cursors {
		f := &front{cursor: c}
		fronts[c.series] = f
		if err := f.read(ctx, func() (array.RecordReader, error) { return g.read(ctx, snap, c, &f.raw) }); err != nil {
			releaseFronts(fronts)
			return nil, c.explain(err)
		}
		c.open = f.open
	}
	return fronts, nil
}

func (f *front) read(ctx context.Context, open func() (array.RecordReader, error)) error {
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Release()
	f.schema = r.Schema()
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		rec := r.Record()
		rec.Retain()
		f.rows = append(f.rows, rec)
	}
	return r.Err()
}

// open reads the rows that were kept.
func (f *front) open() (array.RecordReader, error) { return array.NewRecordReader(f.schema, f.rows) }

// each shows the rows that were kept, a record at a time.
func (f *front) each(show func(*cursor)) {
	c := cursor{series: f.cursor.series, firsts: f.cursor.firsts}
	for _, rec := range f.rows {
		if rec.NumRows() > 0 {
			c.show(rec)
			show(&c)
		}
	}
}

func releaseFronts(fronts map[int]*front) {
	for _, f := range fronts {
		for _, rec := range f.rows {
			rec.Release()
		}
	}
}
