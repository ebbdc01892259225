package decimation

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// LookBack gives delta the value before the first one of value column k (from 0, in the order of the source's columns): the last
// non-empty value before time t (ns), the time of the first row in which the column has a value.
type LookBack func(k int, t int64) (value float64, ok bool, err error)

// DeltaReader replaces each value by its difference from the one before in its column: the float64 difference v[i] − v[i−1], at the
// time of i. src has a column time and value columns: value, as raw numbers have, or those of Schema. Other columns are passed on.
//
// Each value column is differenced by itself. A row stays where any of them has a value, and is null in those that have none; rows
// without any value are left out and passed over. look is asked once a column; where it knows no value, the column's first difference is
// null. A difference beyond float64 stops the reader with a *DeltaOverflowError: the earliest, of the first column.
//
// The reader owns src and releases it. A record of src becomes one of at most as many rows.
func DeltaReader(src array.RecordReader, look LookBack) array.RecordReader {
	return newDeltaReader(src, look, memory.DefaultAllocator)
}

func newDeltaReader(src array.RecordReader, look LookBack, mem memory.Allocator) array.RecordReader {
	r := &differ{look: look, mem: mem}
	r.open(src, src.Schema())
	if r.source, r.err = newRecords(src); r.err != nil {
		return r
	}
	fields, metadata := r.schema.Fields(), r.schema.Metadata()
	for _, at := range r.source.valueColumns {
		fields[at].Nullable = true
		r.columns = append(r.columns, differences{out: array.NewFloat64Builder(mem)})
	}
	r.schema = arrow.NewSchema(fields, &metadata)
	return r
}

type differ struct {
	stream
	source  records
	look    LookBack
	mem     memory.Allocator
	columns []differences
	in      record // the current one
	kept    []run  // its rows that stay
}

// differences are those of a value column.
type differences struct {
	out    *array.Float64Builder
	before float64 // the last value
	known  bool    // there is one
	looked bool
}

func (d *differ) Release() {
	if d.release() {
		for k := range d.columns {
			d.columns[k].out.Release()
		}
	}
}

// Next makes the differences of the next record that has any value.
func (d *differ) Next() bool {
	d.drop()
	for d.err == nil {
		var more bool
		if d.in, more, d.err = d.source.next(); !more {
			return false
		}
		if d.keepRows(); len(d.kept) == 0 {
			continue
		}
		if d.err = d.subtract(); d.err == nil {
			d.record, d.err = d.passOn()
		}
		return d.err == nil
	}
	return false
}

// keepRows finds the rows that have a value in any column.
func (d *differ) keepRows() {
	d.kept = d.kept[:0]
	n := len(d.in.times)
	for _, values := range d.in.values {
		if values.NullN() == 0 {
			d.kept = append(d.kept, run{0, n})
			return
		}
	}
	for i := 0; i < n; i++ {
		first := i
		for i < n && d.in.anyValue(i) {
			i++
		}
		if i > first {
			d.kept = append(d.kept, run{first, i})
		}
	}
}

// subtract makes the differences of the rows that stay, row by row, so that of several faults the earliest is told.
func (d *differ) subtract() error {
	for k := range d.columns {
		d.columns[k].out.Reserve(len(d.in.times))
	}
	for _, rows := range d.kept {
		for i := rows.first; i < rows.end; i++ {
			for k := range d.columns {
				if err := d.difference(k, i); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// difference adds row i of column k.
func (d *differ) difference(k, i int) (err error) {
	c, values := &d.columns[k], d.in.values[k]
	if values.IsNull(i) {
		c.out.UnsafeAppendBoolToBitmap(false)
		return nil
	}
	t, v := int64(d.in.times[i]), values.Value(i)
	if !c.looked {
		c.looked = true
		if c.before, c.known, err = d.look(k, t); err != nil {
			return err
		}
	}
	if !c.known {
		c.out.UnsafeAppendBoolToBitmap(false)
	} else {
		delta := v - c.before
		if math.IsInf(delta, 0) {
			return d.overflow(k, t, v)
		}
		c.out.UnsafeAppend(delta + 0) // −0 + 0 is 0
	}
	c.before, c.known = v, true
	return nil
}

func (d *differ) overflow(k int, t int64, v float64) error {
	err := &DeltaOverflowError{Time: t, Before: d.columns[k].before, Value: v}
	if len(d.columns) > 1 {
		err.Column = d.schema.Field(d.source.valueColumns[k]).Name
	}
	return err
}

// passOn makes the record of the rows that stay, with the differences in place.
func (d *differ) passOn() (arrow.Record, error) {
	columns := make([]arrow.Array, d.in.NumCols())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	for k, at := range d.source.valueColumns {
		columns[at] = d.columns[k].out.NewArray()
	}
	for i := range columns {
		if columns[i] != nil {
			continue
		}
		var err error
		if columns[i], err = keep(d.in.Column(i), d.kept, d.mem); err != nil {
			return nil, err
		}
	}
	return array.NewRecord(d.schema, columns, int64(columns[d.source.timeColumn].Len())), nil
}

// DeltaOverflowError is a difference that float64 can't hold.
type DeltaOverflowError struct {
	Column        string // value.avg where there are several value columns, else empty
	Time          int64  // of the later value, ns
	Before, Value float64
}

func (e *DeltaOverflowError) Error() string {
	of := ""
	if e.Column != "" {
		of = " of " + e.Column
	}
	return fmt.Sprintf("the delta%s at %s, from %g to %g, is beyond the range of float64 (±1.8e308); leave out delta or export another range",
		of, utc(e.Time), e.Before, e.Value)
}
