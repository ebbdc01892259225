package decimation

import (
	"fmt"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// stream is what FillReader and DeltaReader share: they own their source, hand out one record at a time, and stop for good at a fault.
type stream struct {
	references atomic.Int64
	schema     *arrow.Schema
	src        array.RecordReader
	record     arrow.Record
	err        error
}

// open makes s one that src is read through.
func (s *stream) open(src array.RecordReader, schema *arrow.Schema) {
	s.src, s.schema = src, schema
	s.references.Store(1)
}

func (s *stream) Retain()               { s.references.Add(1) }
func (s *stream) Schema() *arrow.Schema { return s.schema }
func (s *stream) Record() arrow.Record  { return s.record }
func (s *stream) Err() error            { return s.err }

// release lets go of one reference and tells whether it was the last.
func (s *stream) release() (last bool) {
	if s.references.Add(-1) != 0 {
		return false
	}
	s.drop()
	s.src.Release()
	return true
}

// drop lets go of the record handed out last.
func (s *stream) drop() {
	if s.record != nil {
		s.record.Release()
		s.record = nil
	}
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
