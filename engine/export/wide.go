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

// wideRows turns the merged rows into records of one row a time and one column a series. The rows of one time come together, series by
// series; the j-th value that a series has then goes to the j-th of its rows.
func (p *Plan) wideRows(ctx context.Context, it *Item, m *merge, emit func(arrow.Record) error) error {
	schema := formats.Schema(it.Columns())
	columns := make([]collected, len(it.columns))
	bySeries := make([][]*wideCells, len(it.Series))
	times := newTimes(p.opts.Memory)
	for i, c := range it.columns {
		if c.series < 0 {
			columns[i] = &timeCells{b: times}
			continue
		}
		w := newWideCells(p.opts.Memory, c.Type)
		columns[i] = w
		bySeries[c.series] = append(bySeries[c.series], w)
	}
	defer releaseAll(columns)

	most := min(recordRows, recordCells/len(it.columns)+1)
	rows := 0    // whole rows of the record
	group := 0   // rows of the time that is being collected
	var at int64 // that time
	filled := 0  // rows of it that the current series has filled
	series := -1
	flush := func() error {
		for i := range it.columns {
			if w, ok := columns[i].(*wideCells); ok {
				w.pad(rows)
			}
		}
		err := emitRecord(ctx, schema, columns, rows, emit)
		rows = 0
		return err
	}
	for {
		c, lo, hi, err := m.next(recordRows)
		if err != nil {
			return err
		}
		if c == nil {
			break
		}
		for i := lo; i < hi; i++ {
			if t := int64(c.times[i]); group == 0 || t != at {
				rows += group
				if rows >= most {
					if err := flush(); err != nil {
						return err
					}
				}
				at, group, filled, series = t, 0, 0, c.series
			} else if c.series != series {
				series, filled = c.series, 0
			}
			if filled == group {
				times.Append(arrow.Timestamp(at))
				group++
			}
			for _, w := range bySeries[c.series] {
				w.set(rows+filled, c, i)
			}
			filled++
		}
	}
	if rows += group; rows > 0 {
		return flush()
	}
	return nil
}

// wideCells are a series' column: cells are set by row, in ascending order, and those between are missing values.
type wideCells struct {
	numbers *array.Float64Builder
	values  *valueCells // in place of numbers where the series has other kinds
}

func newWideCells(mem memory.Allocator, t formats.Type) *wideCells {
	if t == formats.Value {
		return &wideCells{values: newValueCells(mem, everyKind)}
	}
	return &wideCells{numbers: array.NewFloat64Builder(mem)}
}

// pad adds missing values until there are rows cells.
func (w *wideCells) pad(rows int) {
	if w.values != nil {
		for w.values.b.Len() < rows {
			w.values.put(formats.ValueNone, 0, nil)
		}
		return
	}
	if missing := rows - w.numbers.Len(); missing > 0 {
		w.numbers.AppendNulls(missing)
	}
}

func (w *wideCells) set(row int, c *cursor, i int) {
	w.pad(row)
	switch {
	case w.values != nil:
		w.values.add(c, i, i+1)
	case c.value.IsNull(i):
		w.numbers.AppendNull()
	default:
		w.numbers.Append(c.value.Value(i))
	}
}

func (w *wideCells) take() arrow.Array {
	if w.values != nil {
		return w.values.take()
	}
	return w.numbers.NewArray()
}

func (w *wideCells) release() {
	if w.values != nil {
		w.values.release()
		return
	}
	w.numbers.Release()
}
