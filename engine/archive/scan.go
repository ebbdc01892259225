package archive

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/engine/export"
)

// Scan reads a series in from ≤ t < to by time, then arrival. Beside the columns of export.Snapshot it knows update: timestamp[ns, UTC], the period in ns that SenML's ut gives, null where there is none.
// Nothing is read before the first Next, and then a row group at a time. The records lie in Go's memory.
func (s *Snapshot) Scan(ctx context.Context, id export.SeriesID, from, to int64, columns ...string) (array.RecordReader, error) {
	schema := make([]arrow.Field, len(columns))
	for i, name := range columns {
		t, ok := fieldTypes[name]
		if !ok {
			return nil, fmt.Errorf("scan: there is no column %q", name)
		}
		schema[i] = arrow.Field{Name: name, Type: t, Nullable: true}
	}
	series, parts, err := s.partsOf(id, from, to)
	if err != nil {
		return nil, err
	}
	r := &scanner{ctx: ctx, snap: s, series: series, parts: parts, from: from, to: to, schema: arrow.NewSchema(schema, nil), fields: columns}
	if at := slices.Index(columns, "time"); at != 0 {
		r.fields = append([]string{"time"}, columns...)
		r.hidden = true
	}
	r.refs.Store(1)
	return r, nil
}

// scanner is Scan's reader: a day after the other.
type scanner struct {
	refs     atomic.Int64
	ctx      context.Context
	snap     *Snapshot
	series   export.Series
	parts    []*Part // left
	from, to int64
	schema   *arrow.Schema
	fields   []string // the time first
	hidden   bool     // which nobody asked for there

	day    stream // nil before the first and between two
	record arrow.Record
	err    error
}

func (r *scanner) Schema() *arrow.Schema { return r.schema }
func (r *scanner) Record() arrow.Record  { return r.record }
func (r *scanner) Err() error            { return r.err }
func (r *scanner) Retain()               { r.refs.Add(1) }

func (r *scanner) Release() {
	if r.refs.Add(-1) == 0 {
		r.drop()
	}
}

func (r *scanner) drop() {
	if r.record != nil {
		r.record.Release()
		r.record = nil
	}
}

func (r *scanner) Next() bool {
	r.drop()
	for r.err == nil {
		if r.day == nil && !r.nextDay() {
			return false
		}
		var b *batch
		if b, r.err = r.day.next(); r.err != nil {
			return false
		}
		if b != nil {
			arrays := b.arrays
			if r.hidden {
				arrays = arrays[1:]
			}
			r.record = array.NewRecord(r.schema, arrays, int64(b.rows))
			return true
		}
		r.day = nil
	}
	return false
}

// nextDay opens the parts of the next day that has rows.
func (r *scanner) nextDay() bool {
	for len(r.parts) > 0 {
		if r.err = r.ctx.Err(); r.err != nil {
			return false
		}
		n := 1
		for n < len(r.parts) && r.parts[n].Day == r.parts[0].Day {
			n++
		}
		var d *day
		d, r.err = r.snap.dayOf(r.ctx, r.series, r.parts[:n], r.from, r.to)
		r.parts = r.parts[n:]
		if r.err != nil {
			return false
		}
		if d != nil {
			r.day = r.snap.stream(r.ctx, d, r.from, r.to, r.snap.last, r.fields)
			return true
		}
	}
	return false
}
