package decimation

import (
	"math"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow/array"
)

// chunk is a stretch of a series' time that one goroutine at a time decimates. Its first and its last bucket may reach beyond it, so they are
// handed on as they are; those between become rows.
type chunk struct {
	from, to int64 // ns; math.MinInt64 and math.MaxInt64 are open ends
	spec     *Spec
	source   func() (array.RecordReader, error) // nil where it is open already

	samples    samples
	needs      needs
	moments    *Moments // of the current bucket
	start, end int64    // the current bucket; before the first, one that ends where time begins
	first      bool     // the current bucket is the chunk's first
	span       int      // hint for Buckets.find
	total      Moments

	trial  *cutter // what cuts it further if it fails; nil where it is not on trial
	rows   int64   // that it read
	summed int64   // that summaries stood for

	due     bool          // advance is to be called by who waits
	stopped atomic.Bool   // nobody waits for rows any more
	ready   chan struct{} // where a pool calls it: a message a page

	// What advance leaves.
	head, open partial // the first bucket, once; the last bucket, when done
	page       *page
	done       bool
	rest       []*chunk // what is left of it, where it gave up
	err        error
}

// begin takes the samples' source, which the chunk owns then unless there is an error.
func (c *chunk) begin(src array.RecordReader) (err error) {
	if len(c.spec.Functions) == 0 {
		return errNoFunction
	}
	samples, err := newSamples(src)
	if err != nil {
		return err
	}
	c.samples = samples
	c.needs = c.spec.needs()
	c.moments, c.first, c.end = new(Moments), true, math.MinInt64
	c.page = newPage(len(c.spec.Functions))
	return nil
}

// wait returns when the page is made.
func (c *chunk) wait() {
	if c.ready != nil {
		<-c.ready
		return
	}
	if c.due {
		c.due = false
		c.advance()
	}
}

func (c *chunk) close() {
	if c.samples.src != nil {
		c.samples.src.Release()
		c.samples = samples{}
	}
	c.page.free()
	c.page = nil
}

// advance makes a page of up to a batch of rows.
func (c *chunk) advance() {
	if c.samples.src == nil && c.source != nil {
		src, err := c.source()
		if err == nil {
			if err = c.begin(src); err != nil {
				src.Release()
			}
		}
		if c.err = err; err != nil {
			return
		}
		c.enter()
	}
	limit := c.spec.ahead()
	for c.page.rows() < limit && !c.done && c.err == nil {
		more, err := c.samples.advance(c.until())
		switch {
		case err != nil:
			c.err = err
		case !more:
			c.finish()
		case c.samples.block.Summary != nil:
			c.err = c.takeSummary()
		default:
			c.err = c.take()
		}
	}
}

// enter makes the bucket that the chunk starts in the current one, so that summaries serve from the first row on: a source of its own gives no rows
// before. Where there is no such bucket, a sample there will tell.
func (c *chunk) enter() {
	if c.from == math.MinInt64 {
		return
	}
	if start, end, err := c.spec.Buckets.find(c.from, &c.span); err == nil {
		c.start, c.end = start, end
	}
}

// take reads the rows of one bucket from the current block. The end of a bucket is searched for once a block, so that the only work done for each row is
// its sum.
func (c *chunk) take() error {
	b, next := &c.samples.block, c.samples.next
	t := b.at(next)
	if t < c.from {
		c.samples.next = b.seek(next, c.from)
		return nil
	}
	if t >= c.to && c.to != math.MaxInt64 {
		c.finish()
		return nil
	}
	if c.trial != nil {
		if next == 0 && t > c.samples.last && c.failed() {
			c.giveUp(t)
			return nil
		}
		if next == 0 {
			c.rows += int64(len(b.Values))
		}
	}
	if t >= c.end {
		if err := c.leave(); err != nil {
			return err
		}
		var err error
		if c.start, c.end, err = c.spec.Buckets.find(t, &c.span); err != nil {
			return err
		}
	}
	stop := b.seek(next, min(c.end, c.to))
	b.prefetch(next, stop)
	c.add(next, stop)
	c.samples.next = stop
	return nil
}

// add accumulates the rows i to j−1 of the current block, without nulls.
func (c *chunk) add(i, j int) {
	b := &c.samples.block
	if b.Nulls == nil {
		c.moments.add(c.needs, b.Values[i:j], b.Bounds)
		return
	}
	for i < j {
		if b.Nulls.IsNull(i) {
			i++
			continue
		}
		end := i + 1
		for end < j && b.Nulls.IsValid(end) {
			end++
		}
		c.moments.add(c.needs, b.Values[i:end], b.Bounds)
		i = end
	}
}

// leave ends the current bucket: the first is handed on as it is, others become a row.
func (c *chunk) leave() error {
	if c.moments.Count() == 0 {
		return nil
	}
	if c.spec.Total != nil {
		c.total.Merge(c.moments)
	}
	if c.first {
		c.first = false
		c.head = partial{c.start, c.moments}
		c.moments = new(Moments)
		return nil
	}
	err := closeBucket(c.spec, c.start, c.moments, c.page)
	c.moments.Reset()
	return err
}

// finish hands the current bucket on as it is.
func (c *chunk) finish() {
	c.done = true
	if c.moments.Count() == 0 {
		return
	}
	if c.spec.Total != nil {
		c.total.Merge(c.moments)
	}
	c.open = partial{c.start, c.moments}
}
