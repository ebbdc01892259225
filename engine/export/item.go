package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/formats"
	"decant/formats/xlsx"
)

// itemResult is what is known of an item when it is written.
type itemResult struct {
	rows     int64
	bySeries []int64
}

// writeItem writes one item to w: the loop from the scans to the finished file.
func (p *Plan) writeItem(ctx context.Context, snap Snapshot, it *Item, w io.Writer, tempDir string) (result itemResult, err error) {
	doc, err := p.document(ctx, snap, it, tempDir)
	if err != nil {
		return result, err
	}
	writer, err := p.format.open(w, doc)
	if err != nil {
		return result, fmt.Errorf("open %s: %w", it.File, err)
	}
	defer formats.Abandon(writer) // of a document that is finished there is nothing left

	cursors := it.cursors(ctx, snap, p.Request.Format.Zone.Location)
	m := newMerge(slices.Clone(cursors)) // it reorders them
	defer m.close()
	emit := func(rec arrow.Record) error {
		result.rows += rec.NumRows()
		if err := p.checkRows(it, result.rows); err != nil {
			return err
		}
		if err := writer.Write(rec); err != nil {
			return p.writeError(ctx, snap, it, err)
		}
		p.opts.Progress(it.Index, result.rows, it.Rows)
		return nil
	}
	if it.request.Wide {
		err = p.wideRows(ctx, it, m, emit)
	} else {
		err = p.longRows(ctx, it, m, emit)
	}
	if err != nil {
		return result, err
	}
	result.bySeries = make([]int64, len(it.Series))
	for _, c := range cursors {
		result.bySeries[c.series] = c.rows
	}
	if it.Exact && result.rows != it.Rows {
		return result, fmt.Errorf("write %s: %d rows were planned and %d read: the source has changed under its snapshot", it.File, it.Rows, result.rows)
	}
	if err := ctx.Err(); err != nil {
		return result, err
	}
	if err := writer.Finish(formats.Report{Rows: result.rows, Notes: it.notes()}); err != nil {
		return result, p.writeError(ctx, snap, it, err)
	}
	return result, nil
}

// checkRows holds a limit that could not be foreseen.
func (p *Plan) checkRows(it *Item, rows int64) error {
	if rows > p.opts.Limits.Rows {
		return tooManyRows("rows", it, rows, p.opts.Limits.Rows)
	}
	if p.format.summary && rows > p.opts.Limits.PDFRows {
		return tooManyRows("pdf_rows", it, rows, p.opts.Limits.PDFRows)
	}
	return nil
}

// writeError says which file could not be written, and for a cell that a sheet can't hold, which sample it was to print.
func (p *Plan) writeError(ctx context.Context, snap Snapshot, it *Item, err error) error {
	var cell *xlsx.CellError
	if errors.As(err, &cell) && cell.Row > 0 {
		series, at, e := p.sampleAt(ctx, snap, it, cell)
		if e != nil {
			return e
		}
		err = &SampleError{Series: series, Time: at, When: isoTime(at, p.Request.Format.Zone.Location), Err: err}
	}
	return fmt.Errorf("write %s: %w", it.File, err)
}

// sampleAt finds the sample that a cell prints by going through the rows once more.
func (p *Plan) sampleAt(ctx context.Context, snap Snapshot, it *Item, cell *xlsx.CellError) (s Series, at int64, err error) {
	m := newMerge(it.cursors(ctx, snap, p.Request.Format.Zone.Location))
	defer m.close()
	row := int64(0)
	if it.request.Wide {
		for _, c := range it.columns {
			if c.Label == cell.Column && c.series >= 0 {
				s = it.Series[c.series].Series
			}
		}
		err = p.wideRows(ctx, it, m, func(rec arrow.Record) error {
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
		return s, at, err
	}
	for {
		c, lo, hi, err := m.next(recordRows)
		if err != nil || c == nil {
			return s, at, err
		}
		if i := cell.Row - 1 - row; i < int64(hi-lo) {
			return it.Series[c.series].Series, int64(c.times[lo+int(i)]), nil
		}
		row += int64(hi - lo)
	}
}
