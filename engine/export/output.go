package export

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
	"decant/formats/pdf"
)

// itemResult is what is known of an item when it is written.
type itemResult struct {
	rows     int64
	bySeries []int64
}

// output is an item's file in the making.
type output struct {
	plan   *Plan
	item   *Item
	shape  shape
	merged mergedShape // the same; nil of a resource item
	writer formats.Writer
	result itemResult
	part   []stretch // of the runs that add was given last, those of the item
}

// shape turns rows into records and emits them.
type shape interface {
	// flush emits what is left.
	flush(ctx context.Context) error
	// whole is how many rows it holds that nothing will be added to.
	whole() int
	release()
}

// mergedShape takes merged rows, for long or wide output.
type mergedShape interface {
	shape
	// add takes rows, at most mergeRows, which come after all that it was given before.
	add(ctx context.Context, runs []stretch) error
}

func newMergedShape(p *Plan, it *Item, emit func(arrow.Record) error) mergedShape {
	if it.request.Wide {
		return newWideRows(p, it, emit)
	}
	return newLongRows(p, it, emit)
}

// openOutput begins a file. Its shape is still to be set.
func (p *Plan) openOutput(it *Item, doc formats.Document, w io.Writer) (*output, error) {
	writer, err := p.format.open(w, doc)
	if err != nil {
		return nil, tooWide(it, fmt.Errorf("open %s: %w", it.File, err))
	}
	return &output{plan: p, item: it, writer: writer, result: itemResult{bySeries: make([]int64, len(it.Series))}}, nil
}

// add prints those rows that are the item's.
func (o *output) add(ctx context.Context, runs []stretch) error {
	runs = o.item.own(&o.part, runs)
	for _, r := range runs {
		o.result.bySeries[r.c.series] += int64(r.hi - r.lo)
	}
	return o.merged.add(ctx, runs)
}

func (o *output) emit(rec arrow.Record) error {
	o.result.rows += rec.NumRows()
	if err := o.plan.checkRows(o.item, o.result.rows); err != nil {
		return err
	}
	if err := o.writer.Write(rec); err != nil {
		return &writeError{o.item.File, err}
	}
	o.plan.opts.Progress(o.item.Index, o.result.rows, o.item.Rows)
	return nil
}

func (o *output) finish(ctx context.Context) error {
	if err := o.shape.flush(ctx); err != nil {
		return err
	}
	if o.item.Exact && o.result.rows != o.item.Rows {
		return fmt.Errorf("write %s: %d rows were planned and %d read: the source has changed under its snapshot", o.item.File, o.item.Rows, o.result.rows)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := o.writer.Finish(formats.Report{Rows: o.result.rows, Notes: o.item.notes()}); err != nil {
		return tooWide(o.item, &writeError{o.item.File, err})
	}
	o.plan.opts.Progress(o.item.Index, o.result.rows, o.result.rows)
	return nil
}

// tooWide makes of a table that no page has room for what it is: a limit, which another try would meet again. Other errors it leaves as they are.
func tooWide(it *Item, err error) error {
	var width *pdf.WidthError
	if !errors.As(err, &width) {
		return err
	}
	return &LimitError{"columns", fmt.Sprintf("items[%d]: %v", it.Index, width)}
}

// abandon frees what the outputs hold, finished or not; of a document that is finished there is nothing left.
func abandon(outputs []*output) {
	for _, o := range outputs {
		if o != nil {
			o.shape.release()
			formats.Abandon(o.writer)
		}
	}
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
