package export

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
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
	out := &stoppable{w: w}
	writer, err := p.format.open(out, doc)
	if err != nil {
		return result, fmt.Errorf("open %s: %w", it.File, err)
	}
	defer func() {
		if err != nil { // a format lets go of its goroutines and scratch files when its writer fails
			out.stop(err)
			writer.Finish(formats.Report{})
		}
	}()

	cursors := it.cursors(ctx, snap, p.Request.Format.Zone.Location)
	all := make([]*cursor, len(cursors))
	copy(all, cursors)
	m := newMerge(cursors)
	defer m.close()
	emit := func(rec arrow.Record) error {
		result.rows += rec.NumRows()
		if err := p.checkRows(it, result.rows); err != nil {
			return err
		}
		if err := writer.Write(rec); err != nil {
			return p.writeError(it, err)
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
	for _, c := range all {
		result.bySeries[c.series] = c.rows
	}
	if it.Exact && result.rows != it.Rows {
		return result, fmt.Errorf("write %s: %d rows were planned and %d read: the source has changed under its snapshot", it.File, it.Rows, result.rows)
	}
	if err := ctx.Err(); err != nil {
		return result, err
	}
	if err := writer.Finish(formats.Report{Rows: result.rows, Notes: p.notes(it, result)}); err != nil {
		return result, p.writeError(it, err)
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

func (p *Plan) writeError(it *Item, err error) error {
	return fmt.Errorf("write %s: %w", it.File, err)
}

// stoppable is a writer that can be made to fail.
type stoppable struct {
	w   io.Writer
	err error
}

func (s *stoppable) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	return s.w.Write(b)
}

func (s *stoppable) stop(err error) {
	s.err = errors.Join(errors.New("the job has stopped"), err)
}
