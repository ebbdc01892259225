package segment

import (
	"context"
	"math"
)

// merger walks one series over its runs, by time, then arrival, with duplicates settled. It looks for the largest piece that needs no
// comparing and hands it to a sink:
//
//  1. The run whose next row is earliest leads; of several the oldest.
//  2. Its rows before the next row of every other run, and before its own next block, are its alone.
//  3. As far as no two of them have the same time they go to the sink as they are: a whole block by its summary, if the sink takes that, or
//     a span of its rows.
//  4. Where rows have the same time, in one run or several, they are gone through one by one in order of arrival, and the policy settles
//     which of them remain.
type merger struct {
	ctx     context.Context
	cursors []cursor // oldest arrival first
	policy  Duplicates
	group   group
	spare   spare
	steps   uint
}

// checkSteps is how often a merge looks whether it was cancelled.
const checkSteps = 256

// sink takes what the merger finds, in order.
type sink interface {
	// block takes a whole block by its summary alone, or declines.
	block(s *summary) bool
	// span takes rows i ≤ k < j of a block. They are valid, and do not change, while the runs are; c itself is valid until the sink
	// returns, unless it sets c.held.
	span(c *columns, i, j int) error
}

// group is the rows of one time, gone through.
type group struct {
	active bool
	time   int64
	run    int      // the run whose rows come next
	seen   repeats  // KeepAll: what was kept
	newest *columns // KeepLast: the newest so far, at row of it
	row    int
}

func newMerger(ctx context.Context, runs []Run, from, to int64, policy Duplicates) (*merger, error) {
	m := &merger{ctx: ctx, policy: policy, cursors: make([]cursor, 0, len(runs))}
	for _, run := range runs {
		var c cursor
		if err := c.init(run, from, to, &m.spare); err != nil {
			return nil, err
		}
		if !c.done {
			m.cursors = append(m.cursors, c)
		}
	}
	return m, nil
}

// merge hands all that runs hold in from ≤ t < to to a sink.
func merge(ctx context.Context, runs []Run, from, to int64, policy Duplicates, s sink) error {
	m, err := newMerger(ctx, runs, from, to, policy)
	for more := true; more && err == nil; {
		more, err = m.step(s)
	}
	return err
}

// step hands at most one piece to the sink. more is false when all is done.
func (m *merger) step(s sink) (more bool, err error) {
	if m.steps++; m.steps%checkSteps == 1 {
		if err := m.ctx.Err(); err != nil {
			return false, err
		}
	}
	if m.group.active {
		return true, m.stepGroup(s)
	}
	lead, limit := m.lead()
	if lead == nil {
		return false, nil
	}
	limit = min(limit, lead.after)
	if sum := lead.run.summary(lead.k); sum != nil && !lead.open && sum.strict && sum.last < min(limit, lead.to) && s.block(sum) {
		lead.skipBlock()
		return true, nil
	}
	if lead.head >= limit {
		m.startGroup(lead.head)
		return true, nil
	}
	if err := lead.lay(); err != nil {
		return false, err
	}
	i, j := lead.pos, lead.alone(limit)
	if i == j {
		m.startGroup(lead.head)
		return true, nil
	}
	if err := s.span(lead.cols, i, j); err != nil {
		return false, err
	}
	lead.skip(j)
	return true, nil
}

// lead gives the run whose next row is earliest, of several the oldest, and the earliest next row of the others.
func (m *merger) lead() (lead *cursor, limit int64) {
	limit = math.MaxInt64
	for i := range m.cursors {
		c := &m.cursors[i]
		switch {
		case c.done:
		case lead == nil:
			lead = c
		case c.head < lead.head:
			lead, limit = c, lead.head
		default:
			limit = min(limit, c.head)
		}
	}
	return lead, limit
}

// alone is where the rows end that come before limit and have each a time of their own.
func (c *cursor) alone(limit int64) int {
	j := c.end
	if c.last >= limit {
		if next := c.pos + 1; next < j && c.cols.time[next] >= limit { // runs that take turns
			return next
		}
		j = lowerBound(c.cols.time[:j], c.pos, limit)
	}
	if c.cols.strict {
		return j
	}
	for i := c.pos; i+1 < j; i++ {
		if c.cols.time[i] == c.cols.time[i+1] {
			return i
		}
	}
	return j
}

func (m *merger) startGroup(t int64) {
	m.group.active, m.group.time, m.group.run = true, t, 0
	m.group.seen.reset()
	m.group.row = -1
}

// stepGroup goes through the rows that one block has at the group's time.
func (m *merger) stepGroup(s sink) error {
	g := &m.group
	for g.run < len(m.cursors) && (m.cursors[g.run].done || m.cursors[g.run].head != g.time) {
		g.run++
	}
	if g.run == len(m.cursors) {
		g.active = false
		if g.row >= 0 {
			return s.span(g.newest, g.row, g.row+1)
		}
		return nil
	}
	c := &m.cursors[g.run]
	if err := c.lay(); err != nil {
		return err
	}
	j := c.pos
	for ; j < c.end && c.cols.time[j] == g.time; j++ {
		if m.policy == KeepAll && g.seen.add(c.cols.identity(j)) {
			if err := s.span(c.cols, j, j+1); err != nil {
				return err
			}
		}
	}
	if m.policy == KeepLast {
		g.newest, g.row = c.cols, j-1
		c.cols.held = true
	}
	c.skip(j)
	return nil
}
