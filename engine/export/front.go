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
		c.open = func() (array.RecordReader, error) { return g.read(ctx, snap, c, &f.raw) }
	}
	for _, c := range cursors {
		if err := fronts[c.series].read(ctx); err != nil {
			for _, begun := range cursors {
				begun.close()
			}
			releaseFronts(fronts)
			return nil, c.explain(err)
		}
	}
	return fronts, nil
}

// read keeps all rows of its cursor, which then begins anew and reads them from here.
func (f *front) read(ctx context.Context) error {
	c := f.cursor
	if err := c.begin(); err != nil {
		return err
	}
	f.schema = c.reader.Schema()
	for c.reader.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		rec := c.reader.Record()
		rec.Retain()
		f.rows = append(f.rows, rec)
	}
	if err := c.reader.Err(); err != nil {
		return err
	}
	c.close()
	c.begun, c.following, c.open = false, nil, f.open
	return nil
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
