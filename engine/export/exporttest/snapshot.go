package exporttest

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/engine/export"
	"decant/formats"
)

type series struct {
	info    export.Series
	samples []Sample
	stored  []Sample // duplicates and all
}

type snapshot struct {
	series  []series
	mu      sync.Mutex // of cut and fault
	cut     func(left int) int
	fault   func() error
	alloc   memory.Allocator
	arrival uint64
}

func (s *snapshot) Arrival() uint64 { return s.arrival }
func (s *snapshot) Close() error    { return nil }

func (s *snapshot) Series(ctx context.Context, channel, subtopic string) ([]export.Series, error) {
	var list []export.Series
	for _, x := range s.series {
		if (channel == "" || channel == x.info.Channel) && (subtopic == "" || subtopic == x.info.Subtopic) {
			list = append(list, x.info)
		}
	}
	return list, ctx.Err()
}

// within are a series' samples in [from, to); an open end includes all.
func (s *snapshot) within(id export.SeriesID, from, to int64) []Sample {
	var list []Sample
	for _, x := range s.series[id].samples {
		if x.Time >= from && (x.Time < to || to == math.MaxInt64) {
			list = append(list, x)
		}
	}
	return list
}

func (x Sample) isValue() bool { return x.Kind == formats.ValueNumber || x.Kind == formats.ValueBool }

func (s *snapshot) Stats(ctx context.Context, id export.SeriesID, from, to int64) (export.RangeStats, error) {
	var st export.RangeStats
	for _, x := range s.within(id, from, to) {
		if st.Samples == 0 {
			st.First = x.Time
		}
		st.Last = x.Time
		st.Samples++
		st.Digits = max(st.Digits, digits(x.Time))
		switch x.Kind {
		case formats.ValueNumber:
			st.Numbers++
		case formats.ValueBool:
			st.Bools++
		case formats.ValueString:
			st.Strings++
		case formats.ValueBytes:
			st.Bytes++
		default:
			st.Empty++
		}
		if !x.isValue() {
			continue
		}
		if st.Numbers+st.Bools == 1 {
			st.FirstValue, st.Min, st.Max = x.Time, x.Number, x.Number
		}
		st.LastValue, st.Min, st.Max = x.Time, min(st.Min, x.Number), max(st.Max, x.Number)
	}
	return st, ctx.Err()
}

func digits(t int64) int {
	for _, d := range []struct {
		digits int
		unit   int64
	}{{0, 1e9}, {3, 1e6}, {6, 1e3}} {
		if t%d.unit == 0 {
			return d.digits
		}
	}
	return 9
}

func (s *snapshot) Before(ctx context.Context, id export.SeriesID, t int64) (int64, float64, bool, error) {
	var last Sample
	found := false
	for _, x := range s.series[id].samples {
		if x.Time < t && x.isValue() {
			last, found = x, true
		}
	}
	return last.Time, last.Number, found, ctx.Err()
}

func (s *snapshot) Stored(ctx context.Context, id export.SeriesID, from, to int64) (n int64, err error) {
	for _, x := range s.series[id].stored {
		if x.Time >= from && x.Time < to {
			n++
		}
	}
	return n, ctx.Err()
}

func (s *snapshot) Scan(ctx context.Context, id export.SeriesID, from, to int64, columns ...string) (array.RecordReader, error) {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		t, ok := columnTypes[c]
		if !ok {
			return nil, fmt.Errorf("scan: there is no column %s", c)
		}
		fields[i] = arrow.Field{Name: c, Type: t, Nullable: true}
	}
	r := &reader{ctx: ctx, s: s, schema: arrow.NewSchema(fields, nil), left: s.within(id, from, to)}
	r.references = 1
	return r, nil
}

var timestamp = &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}

var columnTypes = map[string]arrow.DataType{
	"time":     timestamp,
	"value":    arrow.PrimitiveTypes.Float64,
	"kind":     arrow.PrimitiveTypes.Uint8,
	"text":     arrow.BinaryTypes.Binary,
	"sum":      arrow.PrimitiveTypes.Float64,
	"received": timestamp,
	"protocol": arrow.PrimitiveTypes.Uint8,
}

// reader cuts samples into records.
type reader struct {
	ctx        context.Context
	s          *snapshot
	schema     *arrow.Schema
	left       []Sample
	record     arrow.Record
	err        error
	references int
}

func (r *reader) Schema() *arrow.Schema { return r.schema }
func (r *reader) Record() arrow.Record  { return r.record }
func (r *reader) Err() error            { return r.err }
func (r *reader) Retain()               { r.references++ }

func (r *reader) Release() {
	if r.references--; r.references == 0 {
		r.drop()
	}
	if r.references < 0 {
		panic("a reader was released too often")
	}
}

// drop ends the life of the current record; whoever still reads its memory without having retained it reads nonsense.
func (r *reader) drop() {
	if r.record != nil {
		r.record.Release()
		r.record = nil
	}
}

func (r *reader) Next() bool {
	r.drop()
	n := 0
	if r.err = r.ctx.Err(); r.err == nil {
		n, r.err = r.s.next(len(r.left))
	}
	if n == 0 {
		return false
	}
	b := array.NewRecordBuilder(r.s.alloc, r.schema)
	defer b.Release()
	for _, x := range r.left[:n] {
		for i, f := range r.schema.Fields() {
			appendField(b.Field(i), f.Name, x)
		}
	}
	r.left = r.left[n:]
	r.record = b.NewRecord()
	return true
}

// next is how many rows the next record of a scan has, or how the scan fails.
func (s *snapshot) next(left int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fault(); err != nil || left == 0 {
		return 0, err
	}
	return min(max(1, s.cut(left)), left), nil
}

func appendField(b array.Builder, name string, x Sample) {
	switch name {
	case "time":
		b.(*array.TimestampBuilder).Append(arrow.Timestamp(x.Time))
	case "received":
		b.(*array.TimestampBuilder).Append(arrow.Timestamp(x.Received))
	case "kind":
		b.(*array.Uint8Builder).Append(uint8(x.Kind))
	case "protocol":
		b.(*array.Uint8Builder).Append(x.Protocol)
	case "text":
		b.(*array.BinaryBuilder).Append([]byte(x.Text))
	case "value":
		if x.isValue() {
			b.(*array.Float64Builder).Append(x.Number)
		} else {
			b.AppendNull()
		}
	case "sum":
		if x.HasSum {
			b.(*array.Float64Builder).Append(x.Sum)
		} else {
			b.AppendNull()
		}
	}
}
