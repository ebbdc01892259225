package segment

import (
	"math"
	"sort"

	"decant/decimation"
)

// Run is one sorted run of one series: from a segment (Reader.Run), or from memory. It is a value; it holds nothing.
type Run struct {
	reader *Reader
	first  int // the run's first block in the reader's index
	blocks []block

	rows *Rows // in memory

	from, to int64 // ns: rows outside from ≤ t < to are not part of the run; math.MinInt64 and math.MaxInt64 are open ends
}

// MemoryRun is a run over rows in memory, which must be sorted and must not change while the run is in use. Appending to the slices
// that they were taken from is no change.
func MemoryRun(rows Rows) Run { return Run{rows: &rows, from: math.MinInt64, to: math.MaxInt64} }

// Clip is the part of the run in from ≤ t < to (ns; math.MinInt64 and math.MaxInt64 are open ends). Whatever reads it keeps to that part; clipping again
// narrows it. It reads nothing.
func (r Run) Clip(from, to int64) Run {
	r.from, r.to = max(r.from, from), min(r.to, to)
	return r
}

// memoryRows is how many rows a block in memory has. It is laid open by looking at all of them.
const memoryRows = 2048

// count is the number of blocks. Memory is cut into blocks as a segment is, shorter ones that may mix kinds.
func (r *Run) count() int {
	if r.rows == nil {
		return len(r.blocks)
	}
	return (r.rows.Len() + memoryRows - 1) / memoryRows
}

// bounds are the first and last time of block k; nothing is read for it.
func (r *Run) bounds(k int) (first, last int64) {
	if r.reader != nil {
		return r.blocks[k].first, r.blocks[k].last
	}
	i, j := r.memoryBlock(k)
	return r.rows.Time[i], r.rows.Time[j-1]
}

func (r *Run) memoryBlock(k int) (i, j int) {
	return k * memoryRows, min((k+1)*memoryRows, r.rows.Len())
}

// load lays open block k. A mapped block is checked when this process touches it first.
func (r *Run) load(k int, c *columns) error {
	if r.reader != nil {
		return r.reader.open(r.first+k, c)
	}
	i, j := r.memoryBlock(k)
	c.memory(r.rows, i, j)
	return nil
}

// summary is what the index knows of block k; nil in memory.
func (r *Run) summary(k int) *summary {
	if r.reader == nil {
		return nil
	}
	return &r.blocks[k].summary
}

// open lays open a block. Two goroutines may both check it the first time: that costs time, nothing else.
func (r *Reader) open(i int, c *columns) error {
	k := &r.index[i]
	b := r.data[k.offset : k.offset+int64(k.length) : k.offset+int64(k.length)]
	word, bit := &r.sound[i/32], uint32(1)<<(i%32)
	sound := word.Load()&bit != 0
	if !sound && checksum(b) != k.crc {
		return r.corrupt(k.offset, "a block does not match its checksum")
	}
	if err := c.parse(k, b); err != nil {
		return r.corrupt(k.offset, "a block can't be: "+err.Error())
	}
	if !sound {
		if err := c.checkContent(k); err != nil {
			return r.corrupt(k.offset, "a block can't be: "+err.Error())
		}
		word.Or(bit)
	}
	c.reader = r
	c.first, c.last = k.first, k.last
	if next, values := k.offset+int64(k.length), blockHeader+padded(8*c.n); next+int64(values) < int64(len(r.data)) {
		c.ahead = [2]*byte{&r.data[next], &r.data[next+int64(values)]}
	}
	c.bounds, c.known = decimation.Exponents{Low: k.minExp, High: k.maxExp}, true
	return nil
}

// cursor walks the rows of a run in from ≤ t < to. The block it stands in is laid open only when its rows are needed.
type cursor struct {
	run   Run
	to    int64
	k     int // the block
	pos   int // the row in it
	end   int // rows of it before to; known when open
	open  bool
	done  bool
	head  int64 // time of the row it stands at
	after int64 // first time of the block after this one
	last  int64 // time of row end−1; known when open
	cols  *columns
	spare *spare
}

// spare is columns that a cursor is done with, for one that begins: of many runs that follow each other few are open at a time.
type spare struct{ cols *columns }

func (c *cursor) init(run Run, from, to int64, s *spare) error {
	from, to = max(from, run.from), min(to, run.to)
	n := run.count()
	*c = cursor{run: run, to: to, spare: s}
	c.k = sort.Search(n, func(k int) bool { _, last := run.bounds(k); return last >= from })
	if c.k == n {
		c.done = true
		return nil
	}
	if c.enter(); c.done || c.head >= from {
		return nil
	}
	if err := c.lay(); err != nil {
		return err
	}
	c.pos = lowerBound(c.cols.time, 0, from)
	c.settle()
	return nil
}

// enter stands at the first row of block k.
func (c *cursor) enter() {
	c.pos, c.open = 0, false
	if c.k == c.run.count() {
		c.done = true
		return
	}
	c.head, _ = c.run.bounds(c.k)
	c.after = math.MaxInt64
	if c.k+1 < c.run.count() {
		c.after, _ = c.run.bounds(c.k + 1)
	}
	c.done = c.head >= c.to
}

// lay lays the block open.
func (c *cursor) lay() error {
	if c.open {
		return nil
	}
	if c.cols == nil || c.cols.held {
		if c.cols, c.spare.cols = c.spare.cols, nil; c.cols == nil {
			c.cols = new(columns)
		}
	}
	if err := c.run.load(c.k, c.cols); err != nil {
		return err
	}
	// What the index knows is not looked up in the block: that would wait for memory.
	_, c.last = c.run.bounds(c.k)
	c.open, c.end = true, c.cols.n
	if c.last >= c.to {
		c.end = lowerBound(c.cols.time, c.pos, c.to)
		c.last = c.cols.time[max(0, c.end-1)]
	}
	return nil
}

// settle finds the row to stand at after pos has moved.
func (c *cursor) settle() {
	switch {
	case c.pos < c.end:
		c.head = c.cols.time[c.pos]
	case c.end < c.cols.n:
		c.done = true
	default:
		c.k++
		c.enter()
	}
}

// skip goes on to row pos of the open block.
func (c *cursor) skip(pos int) {
	c.pos = pos
	c.settle()
	if c.done && !c.cols.held {
		c.spare.cols, c.cols = c.cols, nil
	}
}

// skipBlock leaves the block.
func (c *cursor) skipBlock() {
	c.k++
	c.enter()
}

// lowerBound is the first row from i on with time ≥ t. It gallops: in merges the answer is mostly near.
func lowerBound(times []int64, i int, t int64) int {
	step := 1
	low, high := i, len(times)
	for low+step <= len(times) && times[low+step-1] < t {
		low += step
		step *= 2
	}
	high = min(high, low+step)
	return low + sort.Search(high-low, func(k int) bool { return times[low+k] >= t })
}
