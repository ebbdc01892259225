package decimation

import (
	"sync"

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

// page is decimated rows in the making, with the columns of Schema.
type page struct {
	times  []arrow.Timestamp
	counts []int64
	values []cells // a function each
}

type cells struct {
	values []float64
	valid  []bool
}

// pages are those that no reader needs any more: each is as long as a batch, and of many series read side by side each has two.
var pages = sync.Pool{New: func() any { return new(page) }}

// newPage is an empty page for so many functions. free gives it back.
func newPage(functions int) *page {
	p := pages.Get().(*page)
	for len(p.values) < functions {
		p.values = append(p.values, cells{})
	}
	p.values = p.values[:functions]
	p.clear()
	return p
}

func (p *page) free() {
	if p != nil {
		p.values = p.values[:cap(p.values)]
		pages.Put(p)
	}
}

func (p *page) rows() int { return len(p.times) }

// row begins a row; a value for each function follows.
func (p *page) row(t, count int64) {
	p.times = append(p.times, arrow.Timestamp(t))
	p.counts = append(p.counts, count)
}

// value gives the last row the value of function k.
func (p *page) value(k int, v float64, ok bool) {
	c := &p.values[k]
	c.values = append(c.values, v)
	c.valid = append(c.valid, ok)
}

// take moves rows of another page here, from the one at i on, until here are limit. It gives the first row that was not taken.
func (p *page) take(o *page, i, limit int) int {
	j := min(o.rows(), i+max(0, limit-p.rows()))
	p.times = append(p.times, o.times[i:j]...)
	p.counts = append(p.counts, o.counts[i:j]...)
	for k := range p.values {
		p.values[k].values = append(p.values[k].values, o.values[k].values[i:j]...)
		p.values[k].valid = append(p.values[k].valid, o.values[k].valid[i:j]...)
	}
	return j
}

// clear forgets the rows and keeps the memory.
func (p *page) clear() {
	p.times, p.counts = p.times[:0], p.counts[:0]
	for k := range p.values {
		p.values[k].values, p.values[k].valid = p.values[k].values[:0], p.values[k].valid[:0]
	}
}

// record copies the rows to a record, which the caller releases, and clears the page.
func (p *page) record(schema *arrow.Schema, mem memory.Allocator) arrow.Record {
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	b.Field(0).(*array.TimestampBuilder).AppendValues(p.times, nil)
	for k, c := range p.values {
		b.Field(1+k).(*array.Float64Builder).AppendValues(c.values, c.valid)
	}
	b.Field(1+len(p.values)).(*array.Int64Builder).AppendValues(p.counts, nil)
	p.clear()
	return b.NewRecord()
}
