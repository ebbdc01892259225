package decimation

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Schema is what NewReader and FillReader give: the bucket's start, a column for each function, and how many of the series' values
// the bucket holds.
//
//	time        timestamp[ns]
//	value.avg   float64, null where the function has no value; the others follow in the order of functions
//	count       int64
func Schema(functions []Function) *arrow.Schema {
	fields := []arrow.Field{{Name: "time", Type: arrow.FixedWidthTypes.Timestamp_ns}}
	for _, f := range functions {
		fields = append(fields, arrow.Field{Name: f.Column(), Type: arrow.PrimitiveTypes.Float64, Nullable: true})
	}
	return arrow.NewSchema(append(fields, arrow.Field{Name: "count", Type: arrow.PrimitiveTypes.Int64}), nil)
}

// functionsOf reads a schema's columns that Schema made; none of a schema of raw samples.
func functionsOf(schema *arrow.Schema) (functions []Function) {
	for _, field := range schema.Fields() {
		for f := range functionNames {
			if field.Name == Function(f).Column() {
				functions = append(functions, Function(f))
			}
		}
	}
	return functions
}

// batchRows is how many rows a record of decimated rows holds at most, unless Spec.Batch says fewer.
const batchRows = 4096

// stream is what the readers of this package share: they own their source, hand out one record at a time, and stop for good at a fault.
type stream struct {
	references atomic.Int64
	schema     *arrow.Schema
	src        array.RecordReader
	out        *array.RecordBuilder // of all columns, or of those that delta makes anew
	batch      int                  // most rows of a record that is built
	record     arrow.Record
	err        error
}

func (s *stream) Retain()               { s.references.Add(1) }
func (s *stream) Schema() *arrow.Schema { return s.schema }
func (s *stream) Record() arrow.Record  { return s.record }
func (s *stream) Err() error            { return s.err }
func (s *stream) open() {
	s.references.Store(1)
	if s.batch <= 0 || s.batch > batchRows {
		s.batch = batchRows
	}
}

func (s *stream) Release() {
	if s.references.Add(-1) != 0 {
		return
	}
	s.drop()
	if s.out != nil {
		s.out.Release()
	}
	s.src.Release()
}

// drop lets go of the record handed out last.
func (s *stream) drop() {
	if s.record != nil {
		s.record.Release()
		s.record = nil
	}
}

// build makes s one that builds records of Schema.
func (s *stream) build(functions []Function, mem memory.Allocator) {
	s.schema = Schema(functions)
	s.out = array.NewRecordBuilder(mem, s.schema)
}

// row begins a row of the record that is being built; a value for each function follows. emit hands the record out where it has rows.
func (s *stream) row(t, count int64) {
	s.out.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(t))
	s.out.Field(len(s.out.Fields()) - 1).(*array.Int64Builder).Append(count)
}

// value ends a row with the value of function k.
func (s *stream) value(k int, v float64, ok bool) {
	if values := s.out.Field(1 + k).(*array.Float64Builder); ok {
		values.Append(v)
	} else {
		values.AppendNull()
	}
}

func (s *stream) rows() int { return s.out.Field(0).Len() }

func (s *stream) emit() bool {
	if s.err != nil || s.rows() == 0 {
		return false
	}
	s.record = s.out.NewRecord()
	return true
}

// column finds a column by its name and checks its type.
func column(schema *arrow.Schema, name string, kind arrow.DataType) (int, error) {
	at := schema.FieldIndices(name)
	if len(at) != 1 {
		return 0, fmt.Errorf("the source has %d columns %s instead of one", len(at), name)
	}
	if got := schema.Field(at[0]).Type; !same(got, kind) {
		return 0, fmt.Errorf("the source's column %s is %s instead of %s", name, got, kind)
	}
	return at[0], nil
}

// same compares types; a timestamp's zone is only how it prints.
func same(got, want arrow.DataType) bool {
	g, ok1 := got.(*arrow.TimestampType)
	w, ok2 := want.(*arrow.TimestampType)
	if ok1 && ok2 {
		return g.Unit == w.Unit
	}
	return arrow.TypeEqual(got, want)
}

// input is the columns of a source and the record that is being read.
type input struct {
	timeColumn   int
	valueColumns []int // value; of decimated rows value.*, a function each

	times  []arrow.Timestamp
	values *array.Float64 // of the first value column
	next   int            // the first row that was not read yet
	last   int64          // the last time of the records before this one
}

func newInput(schema *arrow.Schema) (in input, err error) {
	in.last = math.MinInt64
	if in.timeColumn, err = column(schema, "time", arrow.FixedWidthTypes.Timestamp_ns); err != nil {
		return in, err
	}
	names := []string{"value"}
	if functions := functionsOf(schema); len(functions) > 0 {
		names = names[:0]
		for _, f := range functions {
			names = append(names, f.Column())
		}
	}
	in.valueColumns = make([]int, len(names))
	for k, name := range names {
		if in.valueColumns[k], err = column(schema, name, arrow.PrimitiveTypes.Float64); err != nil {
			return in, err
		}
	}
	return in, nil
}

// advance makes rows available: false at the source's end or fault. What it shows is valid until the next call.
func (in *input) advance(s *stream) bool {
	for in.next >= len(in.times) {
		if n := len(in.times); n > 0 {
			in.last = int64(in.times[n-1])
		}
		in.times, in.next = nil, 0
		if !s.src.Next() {
			s.err = s.src.Err()
			return false
		}
		rec := s.src.Record()
		times := rec.Column(in.timeColumn).(*array.Timestamp)
		if times.NullN() > 0 {
			s.err = errors.New("the source has a row without a time")
			return false
		}
		in.times = times.TimestampValues()
		in.values = rec.Column(in.valueColumns[0]).(*array.Float64)
		if len(in.times) > 0 && int64(in.times[0]) < in.last {
			s.err = fmt.Errorf("the source goes back in time, from %s to %s", utc(in.last), utc(int64(in.times[0])))
			return false
		}
	}
	return true
}
