package decimation

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
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
// src has Schema, as NewReader gives it with the same buckets. A row that is added has the count 0. A row whose value is null (stddev
// of one) keeps its count and is otherwise filled as an empty bucket is: it counts as no value to fill from. FillPrevious and
// FillLinear know only values of src and never reach beyond the first and last of them.
//
// The reader owns src and releases it. Rows are made as they are asked for, across gaps of any length: as many at a time as
// NewReader's where src is one, else 4,096.
func FillReader(src array.RecordReader, b Buckets, f Fill, from, to int64) array.RecordReader {
	return newFillReader(src, b, f, from, to, memory.DefaultAllocator)
}

func newFillReader(src array.RecordReader, b Buckets, f Fill, from, to int64, mem memory.Allocator) array.RecordReader {
	r := &filler{buckets: b, fill: f, from: from, to: to}
	r.src = src
	if from, ok := src.(*bucketReader); ok {
		r.batch = from.spec.batch()
	}
	r.build(functionsOf(src.Schema()), mem)
	r.open()
	if r.in, r.err = newInput(src.Schema()); r.err == nil {
		r.countColumn, r.err = column(src.Schema(), "count", arrow.PrimitiveTypes.Int64)
	}
	return r
}

// filler steps from bucket to bucket and looks ahead to the next value of its source.
type filler struct {
	stream
	in          input
	countColumn int
	buckets     Buckets
	fill        Fill
	from, to    int64

	start, end int64 // the current bucket
	span       int   // hints for Buckets.find: at the current bucket,
	ahead      int   // and at the source's rows
	started    bool
	finished   bool

	previous, next point // the values around the current bucket
	hollow         []hollow
	line           scratch
}

// point is a row of the source that has a value; ok is false where there is none.
type point struct {
	t     int64
	value float64
	count int64
	ok    bool
}

// hollow is a run of neighbouring rows of the source without a value that lie ahead of the current bucket: first is a bucket's start, end
// another's end. Runs keep the look-ahead small where a function seldom has a value.
type hollow struct{ first, end, count int64 }

// Next makes the next record.
func (f *filler) Next() bool {
	f.drop()
	for f.err == nil && !f.finished && f.rows() < f.batch {
		f.step()
	}
	return f.emit()
}

// step makes the row of the next bucket.
func (f *filler) step() {
	if !f.begin() {
		return
	}
	if f.next.ok && f.next.t < f.end {
		f.previous = f.next
		f.row(f.start, f.previous.count)
		f.value(0, f.previous.value, true)
		f.lookAhead()
		return
	}
	v, ok := f.filled()
	f.row(f.start, f.takeHollow())
	f.value(0, v, ok)
}

// begin moves to the next bucket. It is false at the end and at a fault.
func (f *filler) begin() bool {
	at := f.end
	if !f.started {
		f.started = true
		if at = f.from; at != math.MinInt64 {
			// Rows before the first bucket are not ours.
			if at, _, f.err = f.buckets.find(at, &f.span); f.err != nil {
				return false
			}
		}
		f.from = at
		f.lookAhead()
		if at == math.MinInt64 {
			at = f.firstRow()
		}
	}
	// An open end is where the source ends. Without any row there is nothing to begin at either.
	last := !f.next.ok && len(f.hollow) == 0
	if f.err != nil || at >= f.to || last && (f.to == math.MaxInt64 || at == math.MinInt64) {
		f.finished = true
		return false
	}
	f.start, f.end, f.err = f.buckets.find(at, &f.span)
	return f.err == nil
}

// firstRow is the time of the first row of the source, or math.MinInt64.
func (f *filler) firstRow() int64 {
	switch {
	case len(f.hollow) > 0:
		return f.hollow[0].first
	case f.next.ok:
		return f.next.t
	}
	return math.MinInt64
}

// lookAhead finds the next row of the source that has a value, and remembers those without one before it.
func (f *filler) lookAhead() {
	f.next = point{}
	for f.err == nil && f.in.advance(&f.stream) {
		i := f.in.next
		t := int64(f.in.times[i])
		if t >= f.to && f.to != math.MaxInt64 {
			return
		}
		f.in.next++
		if t < f.from {
			continue
		}
		start, end, err := f.buckets.find(t, &f.ahead)
		if err == nil && start != t {
			err = fmt.Errorf("fill: the row at %s is not the start of a %s bucket", utc(t), f.buckets)
		}
		if err != nil {
			f.err = err
			return
		}
		count := f.src.Record().Column(f.countColumn).(*array.Int64).Value(i)
		if f.in.values.IsValid(i) {
			f.next = point{t: t, value: f.in.values.Value(i), count: count, ok: true}
			return
		}
		f.addHollow(t, end, count)
	}
}

func (f *filler) addHollow(start, end, count int64) {
	if n := len(f.hollow); n > 0 && f.hollow[n-1].end == start && f.hollow[n-1].count == count {
		f.hollow[n-1].end = end
		return
	}
	f.hollow = append(f.hollow, hollow{first: start, end: end, count: count})
}

// takeHollow is the number of samples in the current bucket, which has no value.
func (f *filler) takeHollow() int64 {
	if len(f.hollow) == 0 || f.start < f.hollow[0].first {
		return 0
	}
	count := f.hollow[0].count
	if f.end >= f.hollow[0].end {
		f.hollow = f.hollow[1:]
	}
	return count
}

// filled is what the current bucket prints, which has no value of its own.
func (f *filler) filled() (v float64, ok bool) {
	switch {
	case f.fill.Mode == FillValue:
		return f.fill.Value + 0, true // −0 + 0 is 0
	case f.fill.Mode == FillPrevious && f.previous.ok:
		return f.previous.value, true
	case f.fill.Mode == FillLinear && f.previous.ok && f.next.ok:
		return f.line.between(f.previous, f.next, f.start), true
	}
	return 0, false
}
