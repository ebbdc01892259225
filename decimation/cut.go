package decimation

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow/array"
)

const (
	// chunkSamples is about how many samples one goroutine takes at a time: a millisecond or so of work.
	chunkSamples = 1 << 20
	// Where a bucket has more than a 64th of those, summaries may stand for most of them. Reading is so little work then that a chunk is to be longer: by what a bucket's
	// two ends and a group of blocks take, counted in samples that are read in that time.
	wideShare  = 64
	endsTake   = 1 << 12 // samples, for each bucket
	groupShare = 256     // of a group's samples
)

// Extent says roughly where a series' samples are. It decides how the work is cut, never what comes out.
type Extent struct {
	First, Last int64 // ns
	Samples     int64 // 0 where it is not known
}

// cutter cuts a series into chunks for several goroutines.
type cutter struct {
	open   func(from, to int64) (array.RecordReader, error)
	spec   *Spec
	extent Extent
	size   int64 // samples of a chunk
}

// all are the chunks of the whole series. Long ones are on trial: one that meets more rows than summaries is cut after all.
func (c *cutter) all() []*chunk {
	each := c.extent.each(c.spec.Buckets.width)
	if each <= c.size/wideShare {
		return c.chunks(c.spec.From, c.spec.To, c.size)
	}
	longer := groupShare * each / (groupShare*endsTake + each) // 1 ÷ (endsTake ÷ each + 1 ÷ groupShare)
	chunks := c.chunks(c.spec.From, c.spec.To, max(1, longer)*c.size)
	for _, x := range chunks {
		x.trial = c
	}
	return chunks
}

// chunks cuts from ≤ t < to into chunks of about size samples.
func (c *cutter) chunks(from, to, size int64) []*chunk {
	cuts := c.spec.Buckets.align(c.extent.cut(from, to, size))
	chunks := make([]*chunk, len(cuts)-1)
	for i := range chunks {
		from, to := cuts[i], cuts[i+1]
		chunks[i] = &chunk{from: from, to: to, spec: c.spec, ready: make(chan struct{}, 1),
			source: func() (array.RecordReader, error) { return c.open(from, to) }}
	}
	return chunks
}

// each is about how many samples a bucket has.
func (e Extent) each(w Width) int64 {
	buckets := (float64(e.Last) - float64(e.First)) / (float64(w.N) * float64(w.unitSeconds()) * second)
	return int64(float64(e.Samples) / max(1, buckets))
}

// cut divides from ≤ t < to into stretches of about size samples each, were they evenly spread.
func (e Extent) cut(from, to, size int64) []int64 {
	first, last := max(e.First, from), min(e.Last, to-1)
	if first >= last {
		return []int64{from, to}
	}
	share := (float64(last) - float64(first)) / (float64(e.Last) - float64(e.First))
	n := uint64(max(1, int64(float64(e.Samples)*share)/size))
	width := max(1, (uint64(last)-uint64(first))/n) // ns
	cuts := []int64{from}
	for i := uint64(1); i < n; i++ {
		if at := int64(uint64(first) + i*width); at > cuts[len(cuts)-1] && at < to {
			cuts = append(cuts, at)
		}
	}
	return append(cuts, to)
}

// align moves cuts, but the first and the last, back to where a bucket starts, as far as they stay apart: one that is cut is read in two parts, with an edge each.
func (b Buckets) align(cuts []int64) []int64 {
	hint := 0
	for i := 1; i < len(cuts)-1; i++ {
		if start, _, err := b.find(cuts[i], &hint); err == nil && start > cuts[i-1] {
			cuts[i] = start
		}
	}
	return cuts
}

// failed tells whether a trial has read a chunk's worth of rows, and had more of them than summaries.
func (c *chunk) failed() bool { return c.rows > c.trial.size && c.rows > c.summed }

// giveUp ends a trial before a row that is later than all that were read. Chunks as of rows take its place from there on.
func (c *chunk) giveUp(at int64) {
	c.rest = c.trial.chunks(at, c.to, c.trial.size)
	c.finish()
}

// replace puts the chunks that a trial left behind it, and begins them.
func (r *bucketReader) replace(rest []*chunk) {
	r.chunks = slices.Insert(r.chunks, r.at+1, rest...)
	for _, c := range rest {
		r.started++
		r.submit(c)
	}
}
