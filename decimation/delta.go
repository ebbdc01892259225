package decimation

import (
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// LookBack gives delta the value before a series' first one: the last non-empty value before time t (ns).
type LookBack func(t int64) (value float64, ok bool, err error)

// DeltaReader replaces each value by its difference from the one before: the float64 difference v[i] − v[i−1], at the time of i. Rows
// without a value are left out and passed over. It works on raw numbers as well: src needs time and value, and
// other columns are passed on. look is asked once, with the time of the series' first non-empty row; where it knows no value, that
// row's value is null. A difference beyond float64 stops the reader with a *DeltaOverflowError.
//
// The reader owns src and releases it. A record of src becomes one of at most as many rows.
func DeltaReader(src array.RecordReader, look LookBack) array.RecordReader {
	return newDeltaReader(src, look, memory.DefaultAllocator)
}

func newDeltaReader(src array.RecordReader, look LookBack, mem memory.Allocator) array.RecordReader {
	r := &differ{look: look, mem: mem}
	r.src = src
	r.schema = src.Schema()
	r.open()
	if r.in, r.err = newInput(r.schema); r.err != nil {
		return r
	}
	fields := append([]arrow.Field(nil), r.schema.Fields()...)
	fields[r.in.valueColumns[0]].Nullable = true
	metadata := r.schema.Metadata()
	r.schema = arrow.NewSchema(fields, &metadata)
	return r
}

type differ struct {
	stream
	in   input
	look LookBack
	mem  memory.Allocator

	looked bool
	before point
}

// Next makes the differences of the next record that has any value.
func (d *differ) Next() bool {
	d.drop()
	for d.err == nil && d.in.advance(&d.stream) {
		d.in.next = len(d.in.times)
		values, err := d.differences()
		if err != nil {
			d.err = err
			return false
		}
		if values == nil {
			continue
		}
		d.record, d.err = d.passOn(values)
		values.Release()
		return d.err == nil
	}
	return false
}

// differences makes the new values of the current record; nil where it has none.
func (d *differ) differences() (arrow.Array, error) {
	if d.in.values.NullN() == d.in.values.Len() {
		return nil, nil
	}
	out := array.NewFloat64Builder(d.mem)
	defer out.Release()
	out.Reserve(d.in.values.Len() - d.in.values.NullN())
	for i, v := range d.in.values.Float64Values() {
		if d.in.values.IsNull(i) {
			continue
		}
		t := int64(d.in.times[i])
		if !d.looked {
			d.looked = true
			var err error
			if d.before.value, d.before.ok, err = d.look(t); err != nil {
				return nil, err
			}
		}
		if !d.before.ok {
			out.AppendNull()
		} else {
			delta := v - d.before.value
			if math.IsInf(delta, 0) {
				return nil, &DeltaOverflowError{Time: t, Before: d.before.value, Value: v}
			}
			out.UnsafeAppend(delta + 0) // −0 + 0 is 0
		}
		d.before = point{value: v, ok: true}
	}
	return out.NewArray(), nil
}

// passOn makes the record of the rows that have a value, with the new values in place.
func (d *differ) passOn(values arrow.Array) (arrow.Record, error) {
	rec := d.src.Record()
	columns := make([]arrow.Array, rec.NumCols())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	runs := d.runs()
	for i := range columns {
		if i == d.in.valueColumns[0] {
			values.Retain()
			columns[i] = values
			continue
		}
		var err error
		if columns[i], err = keep(rec.Column(i), runs, d.mem); err != nil {
			return nil, err
		}
	}
	return array.NewRecord(d.schema, columns, int64(values.Len())), nil
}

// run is the rows first to end−1.
type run struct{ first, end int }

// runs are the stretches of the current record's rows that have a value.
func (d *differ) runs() []run {
	n := d.in.values.Len()
	if d.in.values.NullN() == 0 {
		return []run{{0, n}}
	}
	var runs []run
	for i := 0; i < n; i++ {
		if d.in.values.IsNull(i) {
			continue
		}
		first := i
		for i < n && d.in.values.IsValid(i) {
			i++
		}
		runs = append(runs, run{first, i})
	}
	return runs
}

// keep is a column without the rows outside runs; without a copy where all are kept. The caller releases it.
func keep(column arrow.Array, runs []run, mem memory.Allocator) (arrow.Array, error) {
	if len(runs) == 1 {
		return array.NewSlice(column, int64(runs[0].first), int64(runs[0].end)), nil
	}
	slices := make([]arrow.Array, len(runs))
	for i, r := range runs {
		slices[i] = array.NewSlice(column, int64(r.first), int64(r.end))
		defer slices[i].Release()
	}
	return array.Concatenate(slices, mem)
}
