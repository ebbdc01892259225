package decimation

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// records reads what fill and delta have as source, decimated rows or raw samples, a checked record at a time.
type records struct {
	src          array.RecordReader
	timeColumn   int
	valueColumns []int // those of Schema, or else value
	last         int64 // the last time of the records so far
	ended        bool
}

// record is a record's columns at hand. It is valid until the next one, unless retained.
type record struct {
	arrow.Record
	times  []arrow.Timestamp
	values []*array.Float64 // of each value column
}

// anyValue tells whether a row has a value in any of the columns.
func (r *record) anyValue(row int) bool {
	for _, values := range r.values {
		if values.IsValid(row) {
			return true
		}
	}
	return false
}

// newRecords checks the source's columns. It does not own src.
func newRecords(src array.RecordReader) (r records, err error) {
	schema := src.Schema()
	r = records{src: src, last: math.MinInt64}
	if r.timeColumn, err = column(schema, "time", arrow.FixedWidthTypes.Timestamp_ns); err != nil {
		return r, err
	}
	names := []string{"value"}
	if functions := functionsOf(schema); len(functions) > 0 {
		names = names[:0]
		for _, f := range functions {
			names = append(names, f.Column())
		}
	}
	r.valueColumns = make([]int, len(names))
	for k, name := range names {
		if r.valueColumns[k], err = column(schema, name, arrow.PrimitiveTypes.Float64); err != nil {
			return r, err
		}
	}
	return r, nil
}

// next gives the next record that has rows: false at the source's end or fault.
func (r *records) next() (rec record, more bool, err error) {
	for !r.ended && r.src.Next() {
		rec = record{Record: r.src.Record()}
		if rec.NumRows() == 0 {
			continue
		}
		times := rec.Column(r.timeColumn).(*array.Timestamp)
		if times.NullN() > 0 {
			return record{}, false, errors.New("the source has a row without a time")
		}
		rec.times = times.TimestampValues()
		if first := int64(rec.times[0]); first < r.last {
			return record{}, false, fmt.Errorf("the source goes back in time, from %s to %s", utc(r.last), utc(first))
		}
		r.last = int64(rec.times[len(rec.times)-1])
		for _, at := range r.valueColumns {
			rec.values = append(rec.values, rec.Column(at).(*array.Float64))
		}
		return rec, true, nil
	}
	r.ended = true
	return record{}, false, r.src.Err()
}
