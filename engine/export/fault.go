package export

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/formats/xlsx"
)

// writeError says which file could not be written.
type writeError struct {
	file string
	err  error
}

func (e *writeError) Error() string { return fmt.Sprintf("write %s: %v", e.file, e.err) }
func (e *writeError) Unwrap() error { return e.err }

// explainCell says of a cell that a sheet can't hold which sample it was to print. Other errors it leaves as they are.
func (p *Plan) explainCell(ctx context.Context, snap Snapshot, g *group, o *output, err error) error {
	var cell *xlsx.CellError
	if !errors.As(err, &cell) || cell.Row <= 0 {
		return err
	}
	series, at, e := p.sampleAt(ctx, snap, g, o.item, cell)
	if e != nil {
		return e
	}
	return &writeError{o.item.File, &SampleError{Series: series, Time: at, When: isoTime(at, p.Request.Format.Zone.Location), Err: cell}}
}

// sampleAt finds the sample that a cell prints by going through the rows once more.
func (p *Plan) sampleAt(ctx context.Context, snap Snapshot, g *group, it *Item, cell *xlsx.CellError) (s Series, at int64, err error) {
	m := newMerge(g.cursors(ctx, snap, p.Request.Format.Zone.Location))
	defer m.close()
	if it.request.Wide {
		return p.wideSampleAt(ctx, m, it, cell)
	}
	row := int64(0)
	var part []stretch
	for {
		runs, err := m.next(mergeRows)
		if err != nil || len(runs) == 0 {
			return s, at, err
		}
		for _, r := range it.own(&part, runs) {
			if i := cell.Row - 1 - row; i < int64(r.hi-r.lo) {
				return it.Series[r.c.series].Series, int64(r.c.times[r.lo+int(i)]), nil
			}
			row += int64(r.hi - r.lo)
		}
	}
}

// wideSampleAt finds the series by the cell's column and the time in the cell's row.
func (p *Plan) wideSampleAt(ctx context.Context, m *merge, it *Item, cell *xlsx.CellError) (s Series, at int64, err error) {
	for _, c := range it.columns {
		if c.Label == cell.Column && c.series >= 0 {
			s = it.Series[c.series].Series
		}
	}
	row := int64(0)
	rows := newWideRows(p, it, func(rec arrow.Record) error {
		if i := cell.Row - 1 - row; i >= 0 && i < rec.NumRows() {
			for c := range it.columns {
				if times, ok := rec.Column(c).(*array.Timestamp); ok {
					at = int64(times.Value(int(i)))
				}
			}
		}
		row += rec.NumRows()
		return nil
	})
	defer rows.release()
	var part []stretch
	for {
		runs, err := m.next(mergeRows)
		if err != nil {
			return s, at, err
		}
		if len(runs) == 0 {
			return s, at, rows.flush(ctx)
		}
		if err := rows.add(ctx, it.own(&part, runs)); err != nil {
			return s, at, err
		}
	}
}
