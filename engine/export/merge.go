package export

import (
	"math"
	"math/bits"
	"slices"
)

// mergeRows is how many rows merge hands on at a time, at most.
const mergeRows = 1024

// stretch is rows lo ≤ row < hi of one cursor.
type stretch struct {
	c      *cursor
	lo, hi int
}

// merge brings the rows of several cursors into one order: by time, then series, then as each cursor gives them. It hands them on as runs
// of neighbouring rows of one cursor, so that what does not interleave is copied whole.
//
// The cursors are the leaves of a tree of losers. A cursor's entry has the time of its next row in its high bits, as ns since base, and the
// cursor's number in the low ones, so that an entry is found to come before another by one comparison. What is too far from base to tell has the
// entry far; when such a one comes to the top, base moves on.
//
// A cursor is opened only when it comes to the top, so series that follow each other in time are never open together.
type merge struct {
	cursors []*cursor // by series
	loser   []uint64  // of the match at each node; node i has the nodes 2i and 2i+1 below it, and leaves are behind all nodes
	top     uint64    // the winner of all
	base    int64     // ns; no row comes before it
	shift   int       // how many bits of an entry are the cursor's number
	far     uint64    // the time of an entry that is too far away; one more is the end
	runs    []stretch
}

// newMerge takes cursors in the order of their series.
func newMerge(cursors []*cursor) *merge {
	m := &merge{cursors: slices.Clone(cursors), shift: bits.Len(uint(max(len(cursors), 2) - 1))}
	m.far = 1<<(64-m.shift) - 2
	m.loser = make([]uint64, 1<<m.shift)
	m.rebase()
	return m
}

// next gives runs of at most limit rows in all. They stay valid until the next call. At the end there are none.
func (m *merge) next(limit int) ([]stretch, error) {
	m.runs = m.runs[:0]
	last := -1
	for rows := 0; rows < limit; {
		at, leaf := m.top>>m.shift, int(m.top&(1<<m.shift-1))
		if at >= m.far {
			if at > m.far {
				break
			}
			m.rebase()
			continue
		}
		c := m.cursors[leaf]
		if c.pos == c.n {
			if rows > 0 {
				break // the runs lie in records that reading on would take away
			}
			if err := m.refill(c, leaf); err != nil {
				return nil, err
			}
			continue
		}
		end := c.pos + 1
		if leaf == last { // where series interleave, it mostly is another's turn
			end = m.runEnd(c, leaf, min(c.n, c.pos+limit-rows))
			m.runs[len(m.runs)-1].hi = end
		} else {
			m.runs = append(m.runs, stretch{c, c.pos, end})
		}
		rows += end - c.pos
		c.pos, last = end, leaf
		if end < c.n {
			c.key = int64(c.times[end])
			m.play(leaf, m.entry(leaf))
		} // else the entry stays at the top until the next record is read
	}
	return m.runs, nil
}

// refill reads a cursor's next record, after opening it where it is not open yet.
func (m *merge) refill(c *cursor, leaf int) error {
	if err := c.begin(); err != nil {
		return c.explain(err)
	}
	more, err := c.load()
	if err != nil {
		return err
	}
	if !more {
		c.close()
		m.cursors[leaf] = nil
	}
	m.play(leaf, m.entry(leaf))
	return nil
}

// entry is what a cursor has in the tree.
func (m *merge) entry(leaf int) uint64 {
	if leaf >= len(m.cursors) || m.cursors[leaf] == nil {
		return (m.far+1)<<m.shift | uint64(leaf)
	}
	return min(uint64(m.cursors[leaf].key-m.base), m.far)<<m.shift | uint64(leaf)
}

// play puts a new entry in the place of the one that won last, which was the same leaf's.
func (m *merge) play(leaf int, entry uint64) {
	for node := (leaf + len(m.loser)) / 2; node > 0; node /= 2 {
		other := m.loser[node]
		m.loser[node] = max(entry, other)
		entry = min(entry, other)
	}
	m.top = entry
}

// rebase counts the entries from the earliest row on, and plays all matches anew.
func (m *merge) rebase() {
	m.base = math.MaxInt64
	for _, c := range m.cursors {
		if c != nil {
			m.base = min(m.base, c.key)
		}
	}
	m.top = m.winner(1)
}

// winner plays the matches at a node and below.
func (m *merge) winner(node int) uint64 {
	if node >= len(m.loser) {
		return m.entry(node - len(m.loser))
	}
	a, b := m.winner(2*node), m.winner(2*node+1)
	m.loser[node] = max(a, b)
	return min(a, b)
}

// runEnd is where the rows of the cursor at the top stop to come before those of all others; at most limit. Its next row does.
func (m *merge) runEnd(c *cursor, leaf, limit int) int {
	second := uint64(math.MaxUint64)
	for node := (leaf + len(m.loser)) / 2; node > 0; node /= 2 {
		second = min(second, m.loser[node])
	}
	bound := second >> m.shift // rows before it come first
	if bound > m.far {
		return limit
	}
	if bound < m.far && uint64(leaf) < second&(1<<m.shift-1) {
		bound++ // and those at it
	}
	first := func(i int) bool { return uint64(int64(c.times[i])-m.base) < bound }
	// Gallop: runs are short where series interleave and long where they don't.
	lo, step := c.pos, 1
	for lo+step < limit && first(lo+step) {
		lo += step
		step *= 2
	}
	hi := min(lo+step, limit)
	for lo++; lo < hi; {
		if middle := int(uint(lo+hi) / 2); first(middle) {
			lo = middle + 1
		} else {
			hi = middle
		}
	}
	return lo
}

// close releases the readers that are still open.
func (m *merge) close() {
	for _, c := range m.cursors {
		if c != nil {
			c.close()
		}
	}
	m.cursors, m.runs = nil, nil
}
