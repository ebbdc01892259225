package export

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
)

// recordCells is how many cells a record of wide rows has, give or take a time's rows: with thousands of columns it has few rows.
const recordCells = 1 << 20

// wideRows turns the merged rows into records of one row a time and one column a series and function. The rows of one time come together, series by
// series; the j-th value that a series has then goes to the j-th of its rows.
type wideRows struct {
	schema   *arrow.Schema
	columns  []collected
	times    *array.TimestampBuilder
	bySeries [][]*wideCells
	most     int // rows of a record, but for those of its last time
	emit     func(arrow.Record) error

	rows   int   // whole rows of the record
	text   int   // bytes of strings and data in its cells, those of the time that is being collected too
	group  int   // rows of the time that is being collected
	at     int64 // that time
	series int   // the series whose rows of that time come now
	filled int   // how many of them there were
}

func newWideRows(p *Plan, it *Item, emit func(arrow.Record) error) *wideRows {
	w := &wideRows{
		schema:   formats.Schema(it.Columns()),
		columns:  make([]collected, len(it.columns)),
		times:    newTimes(p.opts.Memory),
		bySeries: make([][]*wideCells, len(it.Series)),
		most:     min(recordRows, recordCells/len(it.columns)+1),
		emit:     emit,
	}
	for i, c := range it.columns {
		if c.series < 0 {
			w.columns[i] = &timeCells{b: w.times}
			continue
		}
		cells := newWideCells(p.opts.Memory, c.Type, it.values[c.function])
		w.columns[i] = cells
		w.bySeries[c.series] = append(w.bySeries[c.series], cells)
	}
	return w
}

func (w *wideRows) add(ctx context.Context, runs []stretch) error {
	for _, r := range runs {
		columns := w.bySeries[r.c.series]
		for i := r.lo; i < r.hi; i++ {
			if t := int64(r.c.times[i]); t != w.at || w.group == 0 {
				if err := w.endTime(ctx); err != nil {
					return err
				}
				w.at, w.series, w.filled = t, r.c.series, 0
			} else if r.c.series != w.series {
				w.series, w.filled = r.c.series, 0
			}
			if w.filled == w.group {
				w.times.Append(arrow.Timestamp(w.at))
				w.group++
			}
			for _, cells := range columns {
				w.text += cells.set(w.rows+w.filled, r.c, i)
			}
			w.filled++
		}
	}
	return nil
}

// endTime makes the rows of a time that all series have passed rows of the record, and emits one that is long enough.
func (w *wideRows) endTime(ctx context.Context) error {
	w.rows += w.group
	w.group = 0
	if w.rows < w.most && w.text < recordText {
		return nil
	}
	return w.emitAll(ctx)
}

func (w *wideRows) flush(ctx context.Context) error {
	w.rows += w.group
	w.group = 0
	if w.rows == 0 {
		return nil
	}
	return w.emitAll(ctx)
}

func (w *wideRows) emitAll(ctx context.Context) error {
	for _, cells := range w.bySeries {
		for _, x := range cells {
			x.pad(w.rows)
		}
	}
	rows := w.rows
	w.rows, w.text = 0, 0
	return emitRecord(ctx, w.schema, w.columns, rows, w.emit)
}

func (w *wideRows) whole() int { return w.rows }
func (w *wideRows) release()   { releaseAll(w.columns) }

// wideCells are a column of a series' values: cells are set by row, in ascending order, and those between are missing values.
type wideCells struct {
	of      int // which of a cursor's values
	numbers wideNumbers
	values  *valueCells // in place of numbers where the series has other kinds
}

func newWideCells(mem memory.Allocator, t formats.Type, of int) *wideCells {
	if t == formats.Value {
		return &wideCells{values: newValueCells(mem, everyKind)}
	}
	return &wideCells{of: of, numbers: wideNumbers{b: array.NewFloat64Builder(mem)}}
}

// pad adds missing values until there are rows cells.
func (w *wideCells) pad(rows int) {
	if w.values == nil {
		w.numbers.pad(rows)
		return
	}
	for w.values.b.Len() < rows {
		w.values.put(formats.ValueNone, 0, nil)
	}
}

// set gives a row its cell and says how many bytes of strings or data that has.
func (w *wideCells) set(row int, c *cursor, i int) (text int) {
	switch {
	case w.values != nil:
		w.pad(row)
		w.values.addRow(c, i)
		return c.textSize(i, i+1)
	case c.values[w.of].IsValid(i):
		w.numbers.set(row, c.numbers[w.of][i])
	}
	return 0
}

func (w *wideCells) take() arrow.Array {
	if w.values != nil {
		return w.values.take()
	}
	return w.numbers.take()
}

func (w *wideCells) release() {
	if w.values != nil {
		w.values.release()
		return
	}
	w.numbers.b.Release()
}

// wideNumbers are the cells of a column of numbers.
type wideNumbers struct {
	b       *array.Float64Builder
	cells   []float64
	missing bool   // there are missing values among them
	valid   []bool // which cells are none, where there are
}

func (w *wideNumbers) set(row int, v float64) {
	if row > len(w.cells) {
		w.pad(row)
	}
	w.cells = append(w.cells, v)
	if w.missing {
		w.valid = append(w.valid, true)
	}
}

func (w *wideNumbers) pad(rows int) {
	if rows <= len(w.cells) {
		return
	}
	if !w.missing {
		w.missing = true
		w.valid = w.valid[:0]
		for range w.cells {
			w.valid = append(w.valid, true)
		}
	}
	for len(w.cells) < rows {
		w.cells, w.valid = append(w.cells, 0), append(w.valid, false)
	}
}

func (w *wideNumbers) take() arrow.Array {
	valid := w.valid
	if !w.missing {
		valid = nil
	}
	w.b.AppendValues(w.cells, valid)
	w.cells, w.missing = w.cells[:0], false
	return w.b.NewArray()
}
