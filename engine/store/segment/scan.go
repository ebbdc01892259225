package segment

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"decant/decimation"
	"decant/engine/store/encoding"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

const (
	// batchRows ends a batch of copied rows; it has less than a block more.
	batchRows = 2048
	// shareRows is the shortest span that is handed on without a copy: shorter ones cost more as a record than as a copy.
	shareRows = 128
	// lyingRows is the same for a stretch that is handed on as a block, which costs less.
	lyingRows = 16
)

// Scan reads one series in from ≤ t < to (ns; math.MinInt64 and math.MaxInt64 are open ends) out of runs, which come oldest arrival first:
// by time, then arrival, duplicates settled by policy. Each record has the asked-for columns, in the asked-for order:
//
//	time      timestamp[ns, UTC]
//	value     float64, null unless the sample is a number or a bool (0 or 1)
//	kind      uint8: ingest.Kind
//	text      binary: a string or bytes, else null
//	sum       float64, null where there is none
//	update    timestamp[ns, UTC], null where there is none; it is no moment but a period, as many ns long as SenML's ut says
//	received  timestamp[ns, UTC]
//	protocol  uint8: ingest.Protocol
//
// Only the columns asked for are decoded, into memory of mem. A record of rows of version 1 that no other run interferes with lies over the mapped file. The scan holds the runs'
// Readers until it is released; a record over a file does so for itself. Errors, that of an unknown column too, come by Err. The reader has NextBlock and NextUntil, for
// decimation.
func Scan(ctx context.Context, runs []Run, from, to int64, policy Duplicates, columns []string, mem memory.Allocator) array.RecordReader {
	s := &scanner{refs: 1, readers: readersOf(runs)}
	for _, r := range s.readers {
		r.Retain()
	}
	s.fields, s.schema, s.err = fieldsOf(columns)
	s.open = func() (*merger, error) { return newMerger(ctx, runs, from, to, policy) }
	s.copied = batch{fields: s.fields, mem: mem}
	for _, f := range s.fields {
		s.needs |= 1 << f
	}
	return s
}

// scanner is the merger's sink: what lies in a file as Arrow wants it, and is long enough, becomes a record over the map (shared), the rest is gathered (copied).
// For a reader of blocks what is long enough is handed on where it was decoded to, and what is known of whole blocks in place of them (lying).
type scanner struct {
	refs    int64
	readers []*Reader
	err     error
	done    bool

	fields  []field
	schema  *arrow.Schema
	open    func() (*merger, error)
	merger  *merger // nil before the first Next
	needs   need    // of fields
	copied  batch
	shared  arrow.Record         // handed on after copied
	blocks  bool                 // blocks are asked for, not records: these take the place of shared and record
	clocks  bool                 // with times that a clock tells, where that can be
	until   int64                // and summaries of what lies before it
	lying   decimation.Block     // handed on after copied
	clock   clock                // lying's
	lies    bool                 // there is lying
	flush   bool                 // copied is to be handed on before the merger goes on
	current decimation.Block     // the current one
	bounds  decimation.Exponents // current's, and
	summary decimation.Summary   // the same
	record  arrow.Record         // the current one
	arrays  []arrow.Array
}

func (s *scanner) Schema() *arrow.Schema { return s.schema }
func (s *scanner) Record() arrow.Record  { return s.record }
func (s *scanner) Err() error            { return s.err }
func (s *scanner) Retain()               { atomic.AddInt64(&s.refs, 1) }

func (s *scanner) Release() {
	if atomic.AddInt64(&s.refs, -1) != 0 {
		return
	}
	s.drop()
	s.copied.spans = nil
	for _, r := range s.readers {
		r.Release()
	}
	s.done, s.readers = true, nil
}

func (s *scanner) drop() {
	for _, rec := range []arrow.Record{s.record, s.shared} {
		if rec != nil {
			rec.Release()
		}
	}
	s.record, s.shared = nil, nil
}

// Next makes the next record. After a fault there is none, and Err tells it.
func (s *scanner) Next() bool {
	s.blocks = false
	return s.next() && s.record != nil
}

// NextBlock is Next for decimation.NewReader, where time and value are what was asked for: rows of numbers without a record around them.
// Rows of other kinds are left out or nulls. Only one of NextBlock and Next may be used.
func (s *scanner) NextBlock() (b decimation.Block, ok bool) {
	s.clocks = false
	return s.nextBlock(math.MinInt64)
}

// NextUntil is NextBlock, but gives the summary of groups and blocks that follow each other, as many as lie before until (ns) and in the scan's range and no other run
// interferes with. Times that are a line are not decoded.
func (s *scanner) NextUntil(until int64) (b decimation.Block, ok bool) {
	s.clocks = true
	return s.nextBlock(until)
}

func (s *scanner) nextBlock(until int64) (b decimation.Block, ok bool) {
	s.blocks, s.until = true, until
	if !s.next() {
		return b, false
	}
	if s.record == nil {
		return s.current, s.current.Values != nil || s.current.Summary != nil
	}
	for i, f := range s.fields {
		switch column := s.record.Column(i).(type) {
		case *array.Timestamp:
			if f == fieldTime {
				b.Times = column.TimestampValues()
				b.First, b.Last = int64(b.Times[0]), int64(b.Times[len(b.Times)-1])
			}
		case *array.Float64:
			if f == fieldValue {
				if b.Values = column.Float64Values(); column.NullN() > 0 {
					b.Nulls = column
				}
			}
		}
	}
	return b, true
}

// next makes the next record or block. It is false at a fault.
func (s *scanner) next() bool {
	if s.record != nil {
		s.record.Release()
		s.record = nil
	}
	s.current = decimation.Block{}
	if s.err != nil || s.done {
		return false
	}
	if err := Guard(s.readers, s.fill); err != nil {
		s.err = err
		s.drop()
		return false
	}
	return true
}

// fill sets record; it stays nil at the end.
func (s *scanner) fill() (err error) {
	if s.merger == nil {
		if s.merger, err = s.open(); err != nil {
			return err
		}
	}
	if err := s.merger.ctx.Err(); err != nil {
		return err
	}
	for {
		switch {
		case s.copied.rows > 0 && (s.shared != nil || s.lies || s.flush || s.done || s.copied.full()):
			s.record, s.flush = s.copied.take(s.schema, &s.merger.spare), false
			return nil
		case s.shared != nil:
			s.record, s.shared = s.shared, nil
			return nil
		case s.lies:
			s.current, s.lies = s.lying, false
			return nil
		case s.done:
			return nil
		}
		more, err := s.merger.step(s)
		if err != nil {
			return err
		}
		s.done = !more
	}
}

func (s *scanner) whole(sum *summary) verdict {
	switch {
	case !s.blocks:
		return declined
	case !isNumber(sum.kind):
		return accepted // a reader of blocks wants nothing of it
	case sum.moments == nil || sum.last >= s.until:
		return declined
	case s.copied.rows > 0:
		s.flush = true
		return later
	}
	if s.lies {
		s.summary.Rows += int(sum.rows)
		s.summary.Last, s.lying.Last = sum.last, sum.last
		s.summary.Moments = append(s.summary.Moments, sum.moments...)
		return accepted
	}
	s.summary = decimation.Summary{Rows: int(sum.rows), First: sum.first, Last: sum.last, Moments: append(s.summary.Moments[:0], sum.moments...)}
	s.lying, s.lies = decimation.Block{Summary: &s.summary, First: sum.first, Last: sum.last}, true
	return accepted
}

func (s *scanner) span(c *columns, i, j int) error {
	if s.blocks && c.kinds == nil {
		if !isNumber(c.kind) {
			return nil
		}
		if j-i >= lyingRows {
			return s.lay(c, i, j)
		}
	}
	if err := c.need(s.needs); err != nil {
		return err
	}
	if j-i < shareRows || !c.shareable(s.fields) {
		s.copied.add(c, i, j)
		return nil
	}
	s.arrays = s.arrays[:0]
	for _, f := range s.fields {
		s.arrays = append(s.arrays, c.share(f, i, j))
	}
	s.shared = array.NewRecord(s.schema, s.arrays, int64(j-i))
	for _, a := range s.arrays {
		a.Release()
	}
	return nil
}

// lay makes a block of rows i ≤ k < j.
func (s *scanner) lay(c *columns, i, j int) (err error) {
	lined := s.clocks && c.lined && c.missing&needTime != 0
	needs := needTime | needValue
	if lined {
		needs = needValue
	}
	if err = c.need(needs); err != nil {
		return err
	}
	s.lying = decimation.Block{Values: c.value[i:j], Ahead: c.ahead}
	if s.lying.First, err = c.timeAt(i); err != nil {
		return err
	}
	if s.lying.Last, err = c.timeAt(j - 1); err != nil {
		return err
	}
	if lined {
		s.clock = clock{c.line, i, j - i}
		s.lying.Clock = &s.clock
	} else {
		s.lying.Times = columnOf[arrow.Timestamp](bytesOf(c.time[i:j]))
	}
	if c.known {
		s.bounds = c.bounds
		s.lying.Bounds = &s.bounds
	}
	s.lies = true
	return nil
}

// clock is the line of rows from first on.
type clock struct {
	line     encoding.Line
	first, n int
}

func (c *clock) At(i int) int64     { return c.line.At(c.first + i) }
func (c *clock) Search(t int64) int { return min(max(0, c.line.Search(t)-c.first), c.n) }

// readersOf lists the segments that runs read.
func readersOf(runs []Run) []*Reader {
	var out []*Reader
	for _, run := range runs {
		if run.reader != nil {
			out = append(out, run.reader)
		}
	}
	return out
}

// field is a column that a scan can hand on.
type field uint8

const (
	fieldTime field = iota
	fieldValue
	fieldKind
	fieldText
	fieldSum
	fieldUpdate
	fieldReceived
	fieldProtocol
)

var timestamp = &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}

var fieldTypes = [...]arrow.Field{
	fieldTime:     {Name: "time", Type: timestamp},
	fieldValue:    {Name: "value", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	fieldKind:     {Name: "kind", Type: arrow.PrimitiveTypes.Uint8},
	fieldText:     {Name: "text", Type: arrow.BinaryTypes.Binary, Nullable: true},
	fieldSum:      {Name: "sum", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	fieldUpdate:   {Name: "update", Type: timestamp, Nullable: true},
	fieldReceived: {Name: "received", Type: timestamp},
	fieldProtocol: {Name: "protocol", Type: arrow.PrimitiveTypes.Uint8},
}

// fieldsOf finds the columns by name. The schema is there even where a name is unknown.
func fieldsOf(names []string) (fields []field, schema *arrow.Schema, err error) {
	var list []arrow.Field
names:
	for _, name := range names {
		for f, t := range fieldTypes {
			if t.Name == name {
				fields, list = append(fields, field(f)), append(list, t)
				continue names
			}
		}
		err = fmt.Errorf("scan: there is no column %q", name)
	}
	return fields, arrow.NewSchema(list, nil), err
}
