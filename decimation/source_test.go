package decimation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

// sample is a row of a source, row one of a result. A NaN value is null.
type sample struct {
	t int64
	v float64
}

type row struct {
	t     int64
	v     float64
	count int64
}

func (r row) String() string { return fmt.Sprintf("%s %v %d", utc(r.t), r.v, r.count) }

var null = math.NaN()

// sameRows compares bit for bit, so that null equals null and −0 does not equal 0.
func sameRows(a, b []row) bool {
	return slices.EqualFunc(a, b, func(a, b row) bool {
		return a.t == b.t && a.count == b.count && math.Float64bits(a.v) == math.Float64bits(b.v)
	})
}

// source makes a reader of samples: of records alone, of blocks too, or of summaries too. It fails the reader after its records where fault is set.
func source(t rapid.TB, mem memory.Allocator, samples []sample, r *rand.Rand, fault error) array.RecordReader {
	t.Helper()
	f := recordsOf(t, mem, samples, r, fault)
	switch r.IntN(3) {
	case 0:
		return f
	case 1:
		return &lying{faulty: f, known: r.IntN(2) == 0}
	}
	return &summing{faulty: f, samples: samples, r: r}
}

// recordsOf cuts samples into records of random sizes, empty ones too.
func recordsOf(t rapid.TB, mem memory.Allocator, samples []sample, r *rand.Rand, fault error) *faulty {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "kind", Type: arrow.PrimitiveTypes.Uint8}, {Name: "value", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "time", Type: &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}}, {Name: "text", Type: arrow.BinaryTypes.Binary, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	var records []arrow.Record
	for len(samples) > 0 {
		n := r.IntN(len(samples) + 1)
		for _, s := range samples[:n] {
			b.Field(0).(*array.Uint8Builder).Append(uint8(s.t / second))
			if math.IsNaN(s.v) {
				b.Field(1).(*array.Float64Builder).AppendNull()
			} else {
				b.Field(1).(*array.Float64Builder).Append(s.v)
			}
			b.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(s.t))
			b.Field(3).(*array.BinaryBuilder).AppendString(fmt.Sprint(s.t))
		}
		whole := b.NewRecord()
		// A slice starts inside its buffers, as a record over mapped bytes may.
		cut := 0
		if n > 1 {
			cut = r.IntN(2)
		}
		if cut > 0 {
			records = append(records, whole.NewSlice(0, 1))
		}
		records = append(records, whole.NewSlice(int64(cut), int64(n)))
		whole.Release()
		samples = samples[n:]
	}
	src, err := array.NewRecordReader(schema, records)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range records {
		rec.Release()
	}
	return &faulty{RecordReader: src, fault: fault}
}

// lying is a source whose rows can be read where they lie; known, with their exponents.
type lying struct {
	*faulty
	known bool
}

func (l *lying) NextBlock() (b Block, ok bool) {
	if !l.Next() {
		return b, false
	}
	values, times := l.Record().Column(1).(*array.Float64), l.Record().Column(2).(*array.Timestamp)
	b = Block{Times: times.TimestampValues(), Values: values.Float64Values()}
	if n := len(b.Times); n > 0 {
		b.First, b.Last = int64(b.Times[0]), int64(b.Times[n-1])
	}
	if values.NullN() > 0 {
		b.Nulls = values
	}
	if e, finite := ExponentsOf(b.Values); l.known && finite {
		b.Bounds = &e
	}
	return b, true
}

type faulty struct {
	array.RecordReader
	fault error
}

func (f *faulty) Err() error { return f.fault }

// summing is a source that gives summaries in place of rows when it likes to, cut as it likes.
type summing struct {
	*faulty
	samples []sample // not given yet
	r       *rand.Rand
	summary Summary
	given   int // rows in summaries
	asked   int // times that a summary would have served
	wrong   func(s *Summary, until int64)
}

func (s *summing) NextBlock() (b Block, ok bool) { return s.NextUntil(math.MinInt64) }

func (s *summing) NextUntil(until int64) (b Block, ok bool) {
	if len(s.samples) == 0 {
		return b, false
	}
	inside := 0
	for inside < len(s.samples) && s.samples[inside].t < until {
		inside++
	}
	if inside > 0 {
		s.asked++
	}
	if inside == 0 || s.r.IntN(4) == 0 {
		n := min(s.r.IntN(1+s.r.IntN(60)), len(s.samples))
		b, s.samples = rowsBlock(s.samples[:n]), s.samples[n:]
		if s.r.IntN(2) == 0 {
			b.Clock, b.Times = clockOf(b.Times), nil
		}
		return b, true
	}
	n := 1 + s.r.IntN(inside)
	part := s.samples[:n]
	s.samples = s.samples[n:]
	s.given += n
	s.summary = Summary{Rows: n, First: part[0].t, Last: part[n-1].t, Moments: s.summary.Moments[:0]}
	for len(part) > 0 {
		n := 1 + s.r.IntN(len(part))
		s.summary.Moments = momentsOf(valuesOf(part[:n])).Append(s.summary.Moments)
		part = part[n:]
	}
	if s.wrong != nil {
		s.wrong(&s.summary, until)
	}
	return Block{Summary: &s.summary}, true
}

func valuesOf(samples []sample) (values []float64) {
	for _, x := range samples {
		if !math.IsNaN(x.v) {
			values = append(values, x.v)
		}
	}
	return values
}

// rowsBlock lays samples open as rows.
func rowsBlock(samples []sample) (b Block) {
	if len(samples) == 0 {
		return b
	}
	builder := array.NewFloat64Builder(memory.NewGoAllocator())
	for _, x := range samples {
		b.Times = append(b.Times, arrow.Timestamp(x.t))
		if math.IsNaN(x.v) {
			builder.AppendNull()
		} else {
			builder.Append(x.v)
		}
	}
	values := builder.NewFloat64Array()
	b.First, b.Last, b.Values = samples[0].t, samples[len(samples)-1].t, values.Float64Values()
	if values.NullN() > 0 {
		b.Nulls = values
	}
	return b
}
