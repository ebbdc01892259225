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
//  3. As far as no two of them have the same time they go to the sink as they are: a whole group or block by its summary, if the sink takes that (then rows of one time
//     may be among them, where the policy would keep them all), or a span of a block's rows.
//  4. Where rows have the same time, in one run or several, they are gone through one by one in order of arrival, and the policy settles
//     which of them remain.
type merger struct {
	ctx     context.Context
	cursors []cursor // oldest arrival first
	leading *cursor  // the last that lead gave, nil once others moved
	others  int64    // and the earliest next row of these
	policy  Duplicates
	moment  moment
	spare   spare
	steps   uint
}

// checkSteps is how often a merge looks whether it was cancelled.
const checkSteps = 256

// sink takes what the merger finds, in order.
type sink interface {
	// whole is asked whether a whole group or block is taken by its summary alone.
	whole(s *summary) verdict
	// span takes rows i ≤ k < j of a block. What columns of it the sink wants it decodes by need; they are valid until the sink returns, or as long as
	// it holds c.
	span(c *columns, i, j int) error
}

// verdict is what a sink says of a summary.
type verdict uint8

const (
	declined verdict = iota
	accepted
	later // it wants to hand on what it has first, and then be asked again
)

// moment is the rows of one time, gone through.
type moment struct {
	active bool
	time   int64
	run    int      // the run whose rows come next
	seen   repeats  // what was handed on, but under KeepLast
	newest *columns // the newest so far, at row of it, where it was not handed on and, but under KeepAll, may have to be; held
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
	if m.moment.active {
		return true, m.stepMoment(s)
	}
	lead, others := m.lead()
	if lead == nil {
		return false, nil
	}
	limit := min(others, lead.after)
	if m.undisturbed(lead, others) {
		switch s.whole(lead.whole()) {
		case accepted:
			err := lead.skipWhole()
			for err == nil && m.undisturbed(lead, others) && s.whole(lead.whole()) == accepted {
				err = lead.skipWhole()
			}
			return true, err
		case later:
			return true, nil
		}
	}
	if !lead.entered {
		if err := lead.enter(); err != nil {
			return false, err
		}
		return true, nil // perhaps a block is taken whole
	}
	if lead.head >= limit {
		m.startMoment(lead.head)
		return true, nil
	}
	if err := lead.lay(); err != nil {
		return false, err
	}
	i := lead.pos
	j, err := lead.alone(limit)
	if err != nil {
		return false, err
	}
	if i == j {
		m.startMoment(lead.head)
		return true, nil
	}
	if err := s.span(lead.cols, i, j); err != nil {
		return false, err
	}
	return true, lead.skip(j)
}

// undisturbed tells whether what the lead would skip whole has a summary that holds: no row of another run, of which the next is at others, nor one outside of the range is
// among its rows, and no duplicates are to be settled.
func (m *merger) undisturbed(lead *cursor, others int64) bool {
	if lead.done {
		return false
	}
	sum := lead.whole()
	return sum != nil && !sum.mixed && sum.settled(m.policy) && sum.last < min(others, lead.after, lead.to)
}

// lead gives the run whose next row is earliest, of several the oldest, and the earliest next row of the others.
func (m *merger) lead() (lead *cursor, others int64) {
	if lead = m.leading; lead != nil && !lead.done && lead.head < m.others {
		return lead, m.others
	}
	lead, others = nil, math.MaxInt64
	for i := range m.cursors {
		c := &m.cursors[i]
		switch {
		case c.done:
		case lead == nil:
			lead = c
		case c.head < lead.head:
			lead, others = c, lead.head
		default:
			others = min(others, c.head)
		}
	}
	m.leading, m.others = lead, others
	return lead, others
}

// alone is where the rows end that come before limit and have each a time of their own.
func (c *cursor) alone(limit int64) (int, error) {
	j := c.end
	if c.last >= limit || !c.cols.strict {
		if err := c.cols.need(needTime); err != nil {
			return 0, err
		}
	}
	if c.last >= limit {
		if next := c.pos + 1; next < j && c.cols.time[next] >= limit { // runs that take turns
			return next, nil
		}
		j = lowerBound(c.cols.time[:j], c.pos, limit)
	}
	if c.cols.strict {
		return j, nil
	}
	for i := c.pos; i+1 < j; i++ {
		if c.cols.time[i] == c.cols.time[i+1] {
			return i, nil
		}
	}
	return j, nil
}

func (m *merger) startMoment(t int64) {
	m.leading = nil
	m.moment.active, m.moment.time, m.moment.run = true, t, 0
	m.moment.seen.reset()
}

// stepMoment goes through the rows that one block has at the moment.
func (m *merger) stepMoment(s sink) error {
	g := &m.moment
	for g.run < len(m.cursors) && (m.cursors[g.run].done || m.cursors[g.run].head != g.time) {
		g.run++
	}
	if g.run == len(m.cursors) {
		g.active = false
		if g.newest == nil {
			return nil
		}
		err := s.span(g.newest, g.row, g.row+1)
		m.keep(nil, 0)
		return err
	}
	c := &m.cursors[g.run]
	if !c.entered {
		if err := c.enter(); err != nil {
			return err
		}
	}
	if err := c.lay(); err != nil {
		return err
	}
	if err := c.cols.need(needTime | needIdentity); err != nil {
		return err
	}
	j, first := c.pos, c.pos // of the rows that are not handed on, behind the last that is
	for ; j < c.end && c.cols.time[j] == g.time; j++ {
		if m.policy == KeepLast || !g.seen.add(c.cols.identity(j)) {
			continue
		}
		if err := s.span(c.cols, j, j+1); err != nil {
			return err
		}
		m.keep(nil, 0) // the newest up to now is handed on
		first = j + 1
	}
	if m.policy != KeepAll && j > first {
		m.keep(c.cols, j-1)
	}
	return c.skip(j)
}

// keep makes a row the newest one that was not handed on.
func (m *merger) keep(c *columns, row int) {
	if c != nil {
		c.hold()
	}
	if m.moment.newest != nil {
		m.spare.drop(m.moment.newest)
	}
	m.moment.newest, m.moment.row = c, row
}
