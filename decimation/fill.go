package decimation

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// FillMode says what an empty bucket prints.
type FillMode uint8

const (
	FillNull     FillMode = iota // nothing: a row without a value
	FillValue                    // Fill.Value
	FillPrevious                 // the last value before it
	FillLinear                   // the line between the values before and after it, by bucket start; exact, rounded once
)

// Fill is the item's fill.
type Fill struct {
	Mode  FillMode
	Value float64 // FillValue; finite
}

// FillReader gives every bucket that meets [from, to) a row. Open ends are math.MinInt64 and math.MaxInt64: there the rows
// stop at the item's first and last non-empty bucket, whose starts the caller passes as from and to (to: one past). Where an
// open end is passed as such, the rows stop at the series' own first and last row.
//
// src has Schema, as NewReader gives it with the same buckets. A row that is added has the count 0. Each function is filled by itself, and
// all alike: a bucket without samples has no value of count either. Where a row has no value of a function (stddev of one), that
// cell is filled as an empty bucket's is, and the row keeps its count and its other values. FillPrevious and FillLinear know only
// values of src and never reach beyond the first and last of them.
//
// The reader owns src and releases it. Rows are made as they are asked for, across gaps of any length: as many at a time as
// NewReader's where src is one, else 4,096. It holds one record of src, but with FillLinear all from a function's missing value to its next one.
// Rows of src without a value are those of a variance or stddev; where more than 4,194,304 of them follow on a value, FillLinear stops with an error.
func FillReader(src array.RecordReader, b Buckets, f Fill, from, to int64) array.RecordReader {
	return newFillReader(src, b, f, from, to, memory.DefaultAllocator)
}

// farthest is how many rows FillLinear looks ahead.
const farthest = 1 << 22

func newFillReader(src array.RecordReader, b Buckets, f Fill, from, to int64, mem memory.Allocator) array.RecordReader {
	functions := functionsOf(src.Schema())
	r := &filler{mem: mem, buckets: b, fill: f, from: from, to: to, batch: batchRows, page: newPage(len(functions)), cells: make([]neighbours, len(functions))}
	r.open(src, Schema(functions))
	if from, ok := src.(*bucketReader); ok {
		r.batch = from.spec.batch()
	}
	for k := range r.cells {
		r.cells[k].next.t = math.MinInt64
	}
	if r.ahead, r.err = newLookAhead(src, to, farthest); len(functions) == 0 {
		r.err = errors.New("fill: the source has no column value.avg or of another function")
	}
	return r
}

// filler steps from bucket to bucket, beside the rows of its source.
type filler struct {
	stream
	mem      memory.Allocator
	buckets  Buckets
	fill     Fill
	from, to int64
	batch    int // most rows of a record

	ahead      lookAhead
	start, end int64 // the current bucket
	span       int   // hint for Buckets.find
	started    bool
	finished   bool

	cells []neighbours // a function each
	page  *page
	line  scratch
}

// neighbours are the values around a function's cell in the current bucket. Next is of use to FillLinear alone, which looks for it when it lies
// behind; at the end of all values it is one without a value that never does.
type neighbours struct{ previous, next point }

// point is a value at a bucket's start; ok is false where there is none.
type point struct {
	t     int64
	value float64
	ok    bool
}

func (f *filler) Release() {
	if f.release() {
		f.ahead.release()
		f.page.free()
		f.page = nil
	}
}

// Next makes the next record.
func (f *filler) Next() bool {
	f.drop()
	for f.err == nil && !f.finished && f.page.rows() < f.batch {
		f.err = f.step()
	}
	if f.err != nil || f.page.rows() == 0 {
		return false
	}
	f.record = f.page.record(f.schema, f.mem)
	return true
}

// step makes the row of the next bucket.
func (f *filler) step() error {
	at, err := f.end, error(nil)
	if !f.started {
		f.started = true
		if at, err = f.first(); err != nil {
			return err
		}
	}
	t, more, err := f.ahead.time()
	if err != nil {
		return err
	}
	if at >= f.to || !more && f.to == math.MaxInt64 {
		f.finished = true
		return nil
	}
	if f.start, f.end, err = f.buckets.find(at, &f.span); err != nil {
		return err
	}
	if more && t < f.end {
		if t != f.start {
			return fmt.Errorf("fill: the row at %s is not the start of a %s bucket, or not in order", utc(t), f.buckets)
		}
		return f.sourceRow()
	}
	return f.emptyRow()
}

// first is the start of the first bucket, with the source's rows before it passed over; f.to where there is none.
func (f *filler) first() (at int64, err error) {
	if f.from == math.MinInt64 {
		t, more, err := f.ahead.time()
		if !more {
			t = f.to
		}
		return t, err
	}
	if at, _, err = f.buckets.find(f.from, &f.span); err != nil {
		return 0, err
	}
	for {
		t, more, err := f.ahead.time()
		if err != nil || !more || t >= at {
			return at, err
		}
		f.ahead.row++
	}
}

// sourceRow makes the row of a bucket that the source has, and of its missing values what fill says.
func (f *filler) sourceRow() error {
	f.page.row(f.start, f.ahead.count())
	values, i := f.ahead.records[0].values, f.ahead.row
	for k := range f.cells {
		if values[k].IsValid(i) {
			v := values[k].Value(i)
			f.cells[k].previous = point{t: f.start, value: v, ok: true}
			f.page.value(k, v, true)
		} else if err := f.fillCell(k); err != nil {
			return err
		}
	}
	f.ahead.row++
	return nil
}

// emptyRow makes the row of a bucket without samples.
func (f *filler) emptyRow() error {
	f.page.row(f.start, 0)
	for k := range f.cells {
		if err := f.fillCell(k); err != nil {
			return err
		}
	}
	return nil
}

// fillCell prints what function k has where it has no value.
func (f *filler) fillCell(k int) error {
	c := &f.cells[k]
	switch {
	case f.fill.Mode == FillValue:
		f.page.value(k, f.fill.Value+0, true) // −0 + 0 is 0
	case f.fill.Mode == FillPrevious && c.previous.ok:
		f.page.value(k, c.previous.value, true)
	case f.fill.Mode == FillLinear && c.previous.ok:
		return f.linearCell(k)
	default:
		f.page.value(k, 0, false)
	}
	return nil
}

func (f *filler) linearCell(k int) (err error) {
	c := &f.cells[k]
	if c.next.t <= c.previous.t {
		if c.next, err = f.ahead.value(k); err != nil {
			return err
		}
	}
	if c.next.ok {
		f.page.value(k, f.line.between(c.previous, c.next, f.start), true)
		return nil
	}
	c.next.t = math.MaxInt64
	f.page.value(k, 0, false)
	return nil
}
