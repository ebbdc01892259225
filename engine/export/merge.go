package export

import "github.com/apache/arrow/go/v17/arrow"

// merge brings the rows of several cursors into one order: by time, then series, then as each cursor gives them. It hands them on as runs
// of neighbouring rows of one cursor, so that what does not interleave is copied whole.
//
// The cursors form a heap by (key, series). A cursor is opened only when it comes to the top, so series that follow each other in time
// are never open together.
type merge struct {
	heap    []*cursor
	current *cursor // whose run was handed on last; it is at the top
	end     int     // where that run ended
}

func newMerge(cursors []*cursor) *merge {
	m := &merge{heap: cursors}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m
}

// next gives a run of at most limit rows: c's rows lo ≤ row < hi. They stay valid until the next call. c is nil at the end.
func (m *merge) next(limit int) (c *cursor, lo, hi int, err error) {
	if err := m.advance(); err != nil {
		return nil, 0, 0, err
	}
	for len(m.heap) > 0 && m.heap[0].n == 0 {
		c := m.heap[0]
		if err := c.begin(); err != nil {
			return nil, 0, 0, c.explain(err)
		}
		if err := m.refill(c); err != nil {
			return nil, 0, 0, err
		}
	}
	if len(m.heap) == 0 {
		return nil, 0, 0, nil
	}
	c = m.heap[0]
	hi = m.runEnd(c, min(c.n, c.pos+limit))
	m.current, m.end = c, hi
	return c, c.pos, hi, nil
}

// advance passes the run that was handed on.
func (m *merge) advance() error {
	c := m.current
	if c == nil {
		return nil
	}
	m.current = nil
	c.pos = m.end
	if c.pos == c.n {
		return m.refill(c)
	}
	c.key = int64(c.times[c.pos])
	m.down(0)
	return nil
}

// refill reads the next record of the cursor at the top, or takes the cursor out.
func (m *merge) refill(c *cursor) error {
	more, err := c.load()
	if err != nil {
		return err
	}
	if !more {
		c.close()
		last := len(m.heap) - 1
		m.heap[0], m.heap[last] = m.heap[last], nil
		m.heap = m.heap[:last]
	}
	m.down(0)
	return nil
}

// runEnd is where the rows of the top cursor stop to come before those of all others; at most limit.
func (m *merge) runEnd(c *cursor, limit int) int {
	if len(m.heap) == 1 {
		return limit
	}
	second := m.heap[1]
	if len(m.heap) > 2 && before(m.heap[2], second) {
		second = m.heap[2]
	}
	bound := arrow.Timestamp(second.key) // rows before it come first
	if c.series < second.series {
		bound++ // and those at it; times end before the last int64
	}
	if pos := c.pos + 1; pos >= limit || c.times[pos] >= bound {
		return pos
	}
	// Gallop: runs are short where series interleave and long where they don't.
	step, lo := 1, c.pos+1
	for lo+step < limit && c.times[lo+step] < bound {
		lo += step
		step *= 2
	}
	hi := min(lo+step, limit)
	for lo++; lo < hi; {
		middle := int(uint(lo+hi) / 2)
		if c.times[middle] < bound {
			lo = middle + 1
		} else {
			hi = middle
		}
	}
	return lo
}

func before(a, b *cursor) bool {
	return a.key < b.key || a.key == b.key && a.series < b.series
}

// down restores the heap below i.
func (m *merge) down(i int) {
	h := m.heap
	if i >= len(h) {
		return
	}
	c := h[i]
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if right := child + 1; right < len(h) && before(h[right], h[child]) {
			child = right
		}
		if !before(h[child], c) {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = c
}

// close releases the readers that are still open.
func (m *merge) close() {
	for _, c := range m.heap {
		c.close()
	}
	m.heap, m.current = nil, nil
}
