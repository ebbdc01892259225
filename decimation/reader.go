package decimation

import (
	"errors"
	"sync/atomic"

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
	Ahead     int        // how many rows a Pool may have ready of each stretch that it reads, at least Batch; 0 stands for eight times as many
	Total     *Moments   // where given, it takes what the functions need of all values, extremes and sum always; complete at the reader's end
}

// batch is how many rows a record has at most.
func (s *Spec) batch() int {
	if s.Batch <= 0 || s.Batch > batchRows {
		return batchRows
	}
	return s.Batch
}

// ahead is how many rows a page has at most.
func (s *Spec) ahead() int {
	if s.Ahead <= 0 {
		return 8 * s.batch()
	}
	return max(s.Ahead, s.batch())
}

// needs are what the functions are made of.
func (s *Spec) needs() (n needs) {
	for _, f := range s.Functions {
		n |= f.needs()
	}
	if s.Total != nil {
		n |= needEnds | needExtremes | needSum
	}
	return n
}

var errNoFunction = errors.New("decimation without a function")

// NewReader decimates one series. src has the columns time (timestamp[ns], ascending, no null) and value (float64; a null takes no part);
// others are not looked at. Where src has Blocks, they are read instead of its records. The rows have Schema(spec.Functions): one for each bucket
// that holds a value, by time. A variance or stddev of one value is null. A result beyond float64 stops the reader with an *OverflowError.
//
// The reader owns src and releases it, also when NewReader itself returns an error. It holds at most one record of src and Batch rows
// of its own; a record is valid until the next call of Next unless retained.
func NewReader(src array.RecordReader, spec Spec) (array.RecordReader, error) {
	return newReader(src, spec, memory.DefaultAllocator)
}

func newReader(src array.RecordReader, spec Spec, mem memory.Allocator) (array.RecordReader, error) {
	spec.Ahead = spec.batch()
	c := &chunk{from: spec.From, to: spec.To, spec: &spec}
	if err := c.begin(src); err != nil {
		src.Release()
		return nil, err
	}
	return newBucketReader(&spec, []*chunk{c}, nil, 1, mem), nil
}

// bucketReader puts together what its chunks, which follow each other in time, make of their samples. A bucket that several of them
// hold parts of is merged.
type bucketReader struct {
	references atomic.Int64
	schema     *arrow.Schema
	spec       *Spec
	mem        memory.Allocator
	pool       *Pool // nil: chunks are read when their rows are due
	chunks     []*chunk
	ahead      int // chunks that are being read at a time

	started int     // chunks that were given to the pool
	at      int     // the chunk that rows are taken from
	row     int     // the first row of its page that was not taken
	fetched bool    // its page is here, and nobody works at it
	open    partial // the bucket that the chunks before ended in
	page    *page
	record  arrow.Record
	err     error
}

func newBucketReader(spec *Spec, chunks []*chunk, pool *Pool, ahead int, mem memory.Allocator) *bucketReader {
	r := &bucketReader{schema: Schema(spec.Functions), spec: spec, mem: mem, pool: pool, chunks: chunks, ahead: ahead, page: newPage(len(spec.Functions))}
	r.references.Store(1)
	r.start()
	return r
}

func (r *bucketReader) Retain()               { r.references.Add(1) }
func (r *bucketReader) Schema() *arrow.Schema { return r.schema }
func (r *bucketReader) Record() arrow.Record  { return r.record }
func (r *bucketReader) Err() error            { return r.err }

func (r *bucketReader) Release() {
	if r.references.Add(-1) != 0 {
		return
	}
	r.drop()
	for _, c := range r.chunks[r.at:] {
		c.stopped.Store(true)
	}
	for i, c := range r.chunks[r.at:] {
		if r.pool != nil && r.at+i < r.started && !(i == 0 && r.fetched) {
			c.wait() // the pool may be at it
		}
		c.close()
	}
	r.page.free()
	r.page = nil
}

// drop lets go of the record handed out last.
func (r *bucketReader) drop() {
	if r.record != nil {
		r.record.Release()
		r.record = nil
	}
}

// Next makes the next record of up to Batch buckets.
func (r *bucketReader) Next() bool {
	r.drop()
	for r.err == nil && r.page.rows() < r.spec.batch() && r.at < len(r.chunks) {
		r.take()
	}
	if r.err == nil && r.at == len(r.chunks) && r.page.rows() < r.spec.batch() {
		r.err = r.open.close(r.spec, r.page)
	}
	if r.err != nil || r.page.rows() == 0 {
		return false
	}
	r.record = r.page.record(r.schema, r.mem)
	return true
}

// take moves rows of the current chunk to the page, and goes on to the next chunk where there are no more.
func (r *bucketReader) take() {
	c := r.chunks[r.at]
	if !r.fetched {
		c.wait()
		r.fetched, r.row = true, 0
	}
	if c.err != nil {
		r.err = c.err
		return
	}
	if c.head.moments != nil { // its first bucket, which may be the one that the chunk before ended in
		if r.err = r.join(&c.head); r.err != nil {
			return
		}
	}
	if r.row < c.page.rows() {
		if r.err = r.open.close(r.spec, r.page); r.err == nil {
			r.row = r.page.take(c.page, r.row, r.spec.batch())
		}
		return
	}
	if !c.done {
		r.fetched = false
		r.submit(c)
		return
	}
	if c.open.moments != nil {
		if r.err = r.join(&c.open); r.err != nil {
			return
		}
	}
	if r.spec.Total != nil {
		r.spec.Total.Merge(&c.total)
	}
	c.close()
	r.replace(c.rest)
	r.at, r.fetched = r.at+1, false
	r.start()
}

// join takes a part of a bucket into the open one, which ends first where it is another.
func (r *bucketReader) join(p *partial) error {
	if r.open.moments != nil && r.open.start == p.start {
		r.open.moments.Merge(p.moments)
		*p = partial{}
		return nil
	}
	err := r.open.close(r.spec, r.page)
	r.open, *p = *p, partial{}
	return err
}

// start gives the pool chunks to read, or begins the current one.
func (r *bucketReader) start() {
	for r.started < min(r.at+r.ahead, len(r.chunks)) {
		r.started++
		r.submit(r.chunks[r.started-1])
	}
}

// submit has a chunk make its next page.
func (r *bucketReader) submit(c *chunk) {
	if c.page != nil {
		c.page.clear()
	}
	if r.pool == nil {
		c.due = true
		return
	}
	r.pool.run(c)
}

// partial is a bucket that is not finished: where it starts (ns) and its samples up to now. Without moments there is none.
type partial struct {
	start   int64
	moments *Moments
}

// close ends a bucket with a row, where it holds a value.
func (p *partial) close(spec *Spec, to *page) error {
	if p.moments == nil {
		return nil
	}
	m := p.moments
	p.moments = nil
	return closeBucket(spec, p.start, m, to)
}

func closeBucket(spec *Spec, start int64, m *Moments, to *page) error {
	if m.Count() == 0 {
		return nil
	}
	to.row(start, m.Count())
	for k, f := range spec.Functions {
		v, ok, err := m.Result(f)
		if err != nil {
			if over := (*OverflowError)(nil); errors.As(err, &over) {
				over.Bucket = start
			}
			return err
		}
		to.value(k, v, ok)
	}
	return nil
}
