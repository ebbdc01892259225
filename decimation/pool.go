package decimation

import (
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Pool decimates series on several cores. Readers of one Pool share its goroutines: a long series is read in several chunks at a time, and of
// many series each is read ahead. Results do not depend on the number of cores.
type Pool struct {
	slots chan struct{}
	guard func(func() error) error
}

// NewPool makes a pool of so many goroutines; with one, the goroutine that reads does all. guard, where given, is called with each piece of work,
// which reads samples in the goroutine that guard is called in; with one goroutine it is not called.
func NewPool(cores int, guard func(func() error) error) *Pool {
	return &Pool{slots: make(chan struct{}, max(1, cores)), guard: guard}
}

// Cores is how many goroutines the pool has.
func (p *Pool) Cores() int { return cap(p.slots) }

// NewReader decimates one series as the function NewReader does. open gives the series' samples in from ≤ t < to (ns; math.MinInt64 and math.MaxInt64 are
// open ends). It and what it returns are used by several goroutines, each source by one at a time; errors of open come by the reader's Err. Where the pool has several
// goroutines, reading begins at once, and goes on until some records lie ready. Release waits for what is being read.
func (p *Pool) NewReader(open func(from, to int64) (array.RecordReader, error), spec Spec, extent Extent) (array.RecordReader, error) {
	return p.newReader(open, spec, extent, chunkSamples, memory.DefaultAllocator)
}

func (p *Pool) newReader(open func(from, to int64) (array.RecordReader, error), spec Spec, extent Extent, size int64, mem memory.Allocator) (array.RecordReader, error) {
	if len(spec.Functions) == 0 {
		return nil, errNoFunction
	}
	if p.Cores() == 1 {
		whole := &chunk{from: spec.From, to: spec.To, spec: &spec, source: func() (array.RecordReader, error) { return open(spec.From, spec.To) }}
		return newBucketReader(&spec, []*chunk{whole}, nil, 1, mem), nil
	}
	cutter := &cutter{open: open, spec: &spec, extent: extent, size: size}
	return newBucketReader(&spec, cutter.all(), p, p.Cores(), mem), nil
}

// run has one of the pool's goroutines make a chunk's next page.
func (p *Pool) run(c *chunk) {
	go func() {
		p.slots <- struct{}{}
		if !c.stopped.Load() {
			c.err = p.guarded(func() error {
				c.advance()
				return c.err
			})
		}
		<-p.slots
		c.ready <- struct{}{}
	}()
}

func (p *Pool) guarded(work func() error) error {
	if p.guard == nil {
		return work()
	}
	return p.guard(work)
}
