package export

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
)

const (
	recordRows = 8192    // a record has at most
	recordText = 4 << 20 // bytes of its samples' strings and data; its last row may go beyond
)

// longRows turns the merged rows into records of one row a sample (or bucket).
type longRows struct {
	schema  *arrow.Schema
	columns []cells
	rows    int
	text    int // bytes of strings and data in them, where a column holds any
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
	text := 0
	for _, r := range runs {
		text += r.c.textSize(r.lo, r.hi)
	}
	if l.text+text < recordText {
		return l.take(ctx, runs, text)
	}
	return l.addLong(ctx, runs)
}

// addLong takes rows with so much text that a record ends among them.
func (l *longRows) addLong(ctx context.Context, runs []stretch) error {
	for _, r := range runs {
		for r.lo < r.hi {
			end, text := r.lo, 0
			for end < r.hi && l.text+text < recordText {
				text += r.c.textSize(end, end+1)
				end++
			}
			if err := l.take(ctx, []stretch{{r.c, r.lo, end}}, text); err != nil {
				return err
			}
			r.lo = end
			if l.text < recordText {
				continue
			}
			if err := l.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// take adds rows to the record, or to the next one where they would make it too long.
func (l *longRows) take(ctx context.Context, runs []stretch, text int) error {
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
	l.text += text
	return nil
}

func (l *longRows) flush(ctx context.Context) error {
	rows := l.rows
	if rows == 0 {
		return nil
	}
	l.rows, l.text = 0, 0
	return emitRecord(ctx, l.schema, l.columns, rows, l.emit)
}

func (l *longRows) whole() int { return l.rows }
func (l *longRows) release()   { releaseAll(l.columns) }
