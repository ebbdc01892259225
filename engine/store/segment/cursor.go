package segment

import (
	"math"
	"sort"
)

// cursor walks the rows of a run in from ≤ t < to. The group it stands in is entered only when it can't be taken whole, and the block laid open only when its rows
// are needed.
type cursor struct {
	run     Run
	to      int64
	g       int      // the group
	entered bool     // the rest is known:
	entries entries  // its directory, read up to the block after this one
	blocks  int      // of it
	k       int      // the block,
	near    [2]block // which is near[k%2], and in the other place the one after
	pos     int      // the row in it
	end     int      // rows of it before to; known when open
	open    bool
	done    bool
	head    int64 // time of the row it stands at
	after   int64 // first time of what comes after this block, or after this group when it is not entered
	last    int64 // time of row end−1, or later, but before to; known when open
	cols    *columns
	spare   *spare
}

// spare is columns that nobody points to any more, for a cursor that lays open a block: of many runs that follow each other few are open at a
// time.
type spare struct{ free []*columns }

func (s *spare) take() *columns {
	var c *columns
	if n := len(s.free); n > 0 {
		c, s.free = s.free[n-1], s.free[:n-1]
	} else {
		c = new(columns)
	}
	c.holders = 1
	return c
}

// hold keeps the columns as they are until drop.
func (c *columns) hold() { c.holders++ }

func (s *spare) drop(c *columns) {
	if c.holders--; c.holders == 0 {
		s.free = append(s.free, c)
	}
}

func (c *cursor) init(run Run, from, to int64, s *spare) error {
	from, to = max(from, run.from), min(to, run.to)
	*c = cursor{run: run, to: to, spare: s}
	c.g = run.search(from)
	if c.enterGroup(); c.done || c.head >= from {
		return nil
	}
	if err := c.enter(); err != nil {
		return err
	}
	for c.block().last < from {
		if err := c.next(); err != nil {
			return err
		}
	}
	if c.head >= from || c.done {
		return nil
	}
	if err := c.lay(); err != nil {
		return err
	}
	pos, err := c.cols.search(0, from)
	if err != nil {
		return err
	}
	return c.skip(pos)
}

// enterGroup stands at the first row of group g, which is not entered yet.
func (c *cursor) enterGroup() {
	c.entered, c.open = false, false
	if c.g == c.run.count() {
		c.done = true
		return
	}
	c.head, _ = c.run.bounds(c.g)
	c.after = c.afterGroup()
	c.done = c.head >= c.to
}

func (c *cursor) afterGroup() int64 {
	if c.g+1 == c.run.count() {
		return math.MaxInt64
	}
	first, _ := c.run.bounds(c.g + 1)
	return first
}

// enter opens the group's directory and stands at its first block.
func (c *cursor) enter() (err error) {
	c.entered, c.k = true, 0
	if c.run.reader == nil { // one block, of which no more is known than its times
		c.blocks = 1
		c.near[0].first, c.near[0].last = c.run.bounds(c.g)
		c.stand()
		return nil
	}
	if c.entries, err = c.run.entries(c.g); err != nil {
		return err
	}
	c.blocks = int(c.entries.group.blocks)
	if err := c.read(0); err != nil {
		return err
	}
	return c.look()
}

// read reads the entry of block k, the next in the directory.
func (c *cursor) read(k int) error {
	if !c.entries.next(&c.near[k%2]) {
		return c.run.noDirectory(c.g)
	}
	return nil
}

// look reads the entry of the block after this one, where there is one, and stands at the first row of this one.
func (c *cursor) look() error {
	if c.k+1 < c.blocks {
		if err := c.read(c.k + 1); err != nil {
			return err
		}
	}
	c.stand()
	return nil
}

// block is the one that the cursor stands in.
func (c *cursor) block() *block { return &c.near[c.k%2] }

// stand stands at its first row.
func (c *cursor) stand() {
	c.pos, c.open = 0, false
	c.head = c.block().first
	if c.k+1 < c.blocks {
		c.after = c.near[(c.k+1)%2].first
	} else {
		c.after = c.afterGroup()
	}
	c.done = c.head >= c.to
}

// next leaves the block.
func (c *cursor) next() error {
	if c.k++; c.k == c.blocks {
		c.g++
		c.enterGroup()
		return nil
	}
	return c.look()
}

// whole is the summary of all that lies between the cursor and after: a group's, a block's, or nil where the cursor stands inside a block or nothing is
// known.
func (c *cursor) whole() *summary {
	switch {
	case c.open || c.run.reader == nil:
		return nil
	case c.entered:
		return &c.block().summary
	}
	return c.run.summary(c.g)
}

// skipWhole leaves what whole stands for.
func (c *cursor) skipWhole() (err error) {
	if c.entered {
		err = c.next()
	} else {
		c.g++
		c.enterGroup()
	}
	c.rest()
	return err
}

// lay lays the block open. The group is entered.
func (c *cursor) lay() error {
	if c.open {
		return nil
	}
	if c.cols != nil && c.cols.holders > 1 {
		c.spare.drop(c.cols)
		c.cols = nil
	}
	if c.cols == nil {
		c.cols = c.spare.take()
	}
	k := c.block()
	if err := c.run.load(c.g, c.k, k, c.cols); err != nil {
		return err
	}
	// What the directory knows is not looked up in the block: that would decode it, or wait for memory.
	c.open, c.end, c.last = true, c.cols.n, k.last
	if c.last < c.to {
		return nil
	}
	c.last = c.to - 1
	var err error
	c.end, err = c.cols.search(c.pos, c.to)
	return err
}

// skip goes on to row pos of the open block.
func (c *cursor) skip(pos int) (err error) {
	switch c.pos = pos; {
	case pos < c.end:
		c.head, err = c.cols.timeAt(pos)
	case c.end < c.cols.n:
		c.done = true
	default:
		err = c.next()
	}
	c.rest()
	return err
}

// rest gives the columns away where they are no longer needed.
func (c *cursor) rest() {
	if c.done && c.cols != nil {
		c.spare.drop(c.cols)
		c.cols = nil
	}
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
