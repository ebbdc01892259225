package decimation

import (
	"errors"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Spec says how a series is decimated.
type Spec struct {
	Buckets   Buckets
	Functions []Function // at least one; all come from one pass over the samples
	From, To  int64      // ns; samples outside take no part; math.MinInt64 and math.MaxInt64 are open ends
	Batch     int        // most rows of a record, for those who read many series side by side; at most 4,096, which 0 stands for
}

// NewReader decimates one series. src has the columns time (timestamp[ns], ascending, no null) and value (float64; a null takes no part);
// others are not looked at. The rows have Schema(spec.Functions): one for each bucket that holds a value, by time. A variance or stddev of one
// value is null. A result beyond float64 stops the reader with an *OverflowError.
//
// The reader owns src and releases it, also when NewReader itself returns an error. It holds at most one record of src and Batch rows
// of its own; a record is valid until the next call of Next unless retained.
func NewReader(src array.RecordReader, spec Spec) (array.RecordReader, error) {
	return newReader(src, spec, memory.DefaultAllocator)
}

func newReader(src array.RecordReader, spec Spec, mem memory.Allocator) (array.RecordReader, error) {
	in, err := newInput(src.Schema())
	if err != nil {
		src.Release()
		return nil, err
	}
	r := &reader{in: in, spec: spec, end: math.MinInt64}
	r.src, r.batch = src, spec.Batch
	r.build(spec.Functions, mem)
	r.open()
	for _, f := range spec.Functions {
		r.needs |= f.needs()
	}
	return r, nil
}

// reader walks over the buckets that hold samples. The end of a bucket is searched for once a record, so that the only work done for
// each row is its sum.
type reader struct {
	stream
	in   input
	spec Spec

	moments    Moments
	needs      needs
	start, end int64 // the current bucket; before the first, one that ends where time begins
	span       int   // hint for Buckets.find
	finished   bool
}

// Next makes the next record of up to Batch buckets.
func (r *reader) Next() bool {
	r.drop()
	for r.err == nil && !r.finished && r.rows() < r.batch {
		if !r.in.advance(&r.stream) {
			r.finished = true
			r.closeBucket()
			break
		}
		r.take()
	}
	return r.emit()
}

// take reads the rows of one bucket from the current record.
func (r *reader) take() {
	times, next := r.in.times, r.in.next
	if int64(times[next]) < r.spec.From {
		r.in.next = seek(times, next, r.spec.From)
		return
	}
	t := int64(times[next])
	if t >= r.spec.To && r.spec.To != math.MaxInt64 {
		r.finished = true
		r.closeBucket()
		return
	}
	if t >= r.end {
		if r.closeBucket(); r.err != nil {
			return
		}
		if r.start, r.end, r.err = r.spec.Buckets.find(t, &r.span); r.err != nil {
			return
		}
	}
	stop := seek(times, next, min(r.end, r.spec.To))
	r.add(next, stop)
	r.in.next = stop
}

// add accumulates the rows i to j−1 of the current record, without nulls.
func (r *reader) add(i, j int) {
	values := r.in.values.Float64Values()
	if r.in.values.NullN() == 0 {
		r.moments.add(r.needs, values[i:j], nil)
		return
	}
	for i < j {
		if r.in.values.IsNull(i) {
			i++
			continue
		}
		end := i + 1
		for end < j && r.in.values.IsValid(end) {
			end++
		}
		r.moments.add(r.needs, values[i:end], nil)
		i = end
	}
}

// closeBucket ends the current bucket with a row, where it holds a value.
func (r *reader) closeBucket() {
	if r.moments.Count() == 0 || r.err != nil {
		return
	}
	r.row(r.start, r.moments.Count())
	for k, f := range r.spec.Functions {
		v, ok, err := r.moments.Result(f)
		if err != nil {
			if over := (*OverflowError)(nil); errors.As(err, &over) {
				over.Bucket = r.start
			}
			r.err = err
			return
		}
		r.value(k, v, ok)
	}
	r.moments.Reset()
}

// seek is the first row from i on whose time is at or past t: it gallops, so a bucket of n rows costs about 2 log n steps.
func seek(times []arrow.Timestamp, i int, t int64) int {
	if n := len(times); n == 0 || int64(times[n-1]) < t {
		return n
	}
	step := 1
	for i+step < len(times) && int64(times[i+step]) < t {
		i += step
		step *= 2
	}
	if int64(times[i]) >= t {
		return i
	}
	low, high := i, min(i+step, len(times)-1) // times[low] < t ≤ times[high]
	for high-low > 1 {
		mid := (low + high) / 2
		if int64(times[mid]) < t {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
