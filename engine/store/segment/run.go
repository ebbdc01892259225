package segment

import (
	"math"
	"sort"
)

// Run is one sorted run of one series: from a segment (Reader.Run), or from memory. It is a value; it holds nothing.
type Run struct {
	reader *Reader
	base   int // the run's first group in the reader's index
	groups []group

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

// count is the number of groups. Memory is cut into groups of one block, which may mix kinds.
func (r *Run) count() int {
	if r.rows == nil {
		return len(r.groups)
	}
	return (r.rows.Len() + memoryRows - 1) / memoryRows
}

// bounds are the first and last time of group g; nothing is read for it.
func (r *Run) bounds(g int) (first, last int64) {
	if r.reader != nil {
		return r.groups[g].first, r.groups[g].last
	}
	i, j := r.memoryBlock(g)
	return r.rows.Time[i], r.rows.Time[j-1]
}

func (r *Run) memoryBlock(g int) (i, j int) {
	return g * memoryRows, min((g+1)*memoryRows, r.rows.Len())
}

// search is the first group whose last time is t or later.
func (r *Run) search(t int64) int {
	return sort.Search(r.count(), func(g int) bool { _, last := r.bounds(g); return last >= t })
}

// summary is what the index knows of group g; nil in memory.
func (r *Run) summary(g int) *summary {
	if r.reader == nil {
		return nil
	}
	return &r.groups[g].summary
}

// entries opens the directory of group g, which lies in a file.
func (r *Run) entries(g int) (entries, error) { return r.reader.entries(r.base + g) }

func (r *Run) noDirectory(g int) error { return r.reader.noDirectory(r.base + g) }

// directory gives the blocks of group g. One in memory has no more than its times.
func (r *Run) directory(g int, into []block) ([]block, error) {
	if r.reader != nil {
		return r.reader.directory(r.base+g, into)
	}
	first, last := r.bounds(g)
	return append(into[:0], block{summary: summary{first: first, last: last}}), nil
}

// load lays open block k of group g, which is number i in its directory. What lies in a file is checked when this process touches it first.
func (r *Run) load(g, i int, k *block, c *columns) error {
	if r.reader != nil {
		return r.reader.open(r.base+g, i, k, c)
	}
	from, to := r.memoryBlock(g)
	c.memory(r.rows, from, to)
	return nil
}

// open lays open block k, number i of group g. Two goroutines may both check it the first time: that costs time, nothing else.
func (r *Reader) open(g, i int, k *block, c *columns) error {
	b := r.data[k.offset : k.offset+int64(k.length) : k.offset+int64(k.length)]
	word, bit := &r.sound[g], uint64(1)<<i
	sound := word.Load()&bit != 0
	if !sound && checksum(b) != k.crc {
		return r.corrupt(k.offset, "a block does not match its checksum")
	}
	err := r.lay(k, b, c)
	if err == nil && !sound {
		if err = c.checkContent(k); err == nil {
			word.Or(bit)
		}
	}
	if err != nil {
		return r.corrupt(k.offset, "a block can't be: "+err.Error())
	}
	c.first, c.last = k.first, k.last
	c.bounds, c.known = k.exponents(), true
	return nil
}

func (r *Reader) lay(k *block, b []byte, c *columns) error {
	if r.version > 1 {
		err := c.lay(k, b)
		c.file, c.offset = r, k.offset
		return err
	}
	if err := c.parseV1(k, b); err != nil {
		return err
	}
	c.reader = r
	if next, values := k.offset+int64(k.length), blockHeaderV1+padded(8*c.n); next+int64(values) < int64(len(r.data)) {
		c.ahead = [2]*byte{&r.data[next], &r.data[next+int64(values)]}
	}
	return nil
}
