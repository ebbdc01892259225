package export

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
)

// recordRows is how many rows a record has at most.
const recordRows = 8192

// longRows turns the merged rows into records of one row a sample (or bucket).
type longRows struct {
	schema  *arrow.Schema
	columns []cells
	rows    int
	emit    func(arrow.Record) error
}

func newLongRows(p *Plan, it *Item, emit func(arrow.Record) error) *longRows {
	l := &longRows{schema: formats.Schema(it.Columns()), columns: make([]cells, len(it.columns)), emit: emit}
	for i, c := range it.columns {
		l.columns[i] = newCells(p.opts.Memory, it, c, p.Request.Format.Zone.Location)
	}
	return l
}

func (l *longRows) add(ctx context.Context, runs []stretch) error {
	rows := 0
	for _, r := range runs {
		rows += r.hi - r.lo
	}
	if l.rows+rows > recordRows {
		if err := l.flush(ctx); err != nil {
			return err
		}
	}
	for _, column := range l.columns {
		column.add(runs)
	}
	l.rows += rows
	return nil
}

func (l *longRows) flush(ctx context.Context) error {
	rows := l.rows
	if rows == 0 {
		return nil
	}
	l.rows = 0
	return emitRecord(ctx, l.schema, l.columns, rows, l.emit)
}

func (l *longRows) whole() int { return l.rows }
func (l *longRows) release()   { releaseAll(l.columns) }
