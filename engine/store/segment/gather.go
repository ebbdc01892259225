package segment

import (
	"context"
	"strings"
)

// gatherRows is how many rows a batch of Merge has, about: a few blocks.
const gatherRows = 16 * BlockRows

// Merge hands on what runs, oldest arrival first, hold of one series in from ≤ t < to (ns; math.MinInt64 and math.MaxInt64 are open ends), with all columns: by
// time, then arrival, duplicates settled by policy. It is what a Writer's Add takes. Rows are valid until yield returns; an error of yield
// ends the merge and is its error.
func Merge(ctx context.Context, runs []Run, from, to int64, policy Duplicates, yield func(Rows) error) error {
	g := gatherer{yield: yield}
	return Guard(readersOf(runs), func() error {
		if err := merge(ctx, runs, from, to, policy, &g); err != nil {
			return err
		}
		return g.hand()
	})
}

// gatherer is the merger's sink that copies all columns into Rows.
type gatherer struct {
	rows  Rows
	yield func(Rows) error
}

func (g *gatherer) whole(*summary) verdict { return declined }

func (g *gatherer) span(c *columns, i, j int) error {
	if err := c.need(needAll); err != nil {
		return err
	}
	for i < j {
		n := min(j-i, gatherRows-g.rows.Len())
		c.appendTo(&g.rows, i, i+n)
		if i += n; g.rows.Len() == gatherRows {
			if err := g.hand(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *gatherer) hand() error {
	if g.rows.Len() == 0 {
		return nil
	}
	if err := g.yield(g.rows); err != nil {
		return err
	}
	g.rows.clear()
	return nil
}

// clear forgets the rows and keeps the columns' memory.
func (r *Rows) clear() {
	r.Time, r.Kind, r.Number, r.Received, r.Protocol = r.Time[:0], r.Kind[:0], r.Number[:0], r.Received[:0], r.Protocol[:0]
	r.Text, r.Sum, r.HasSum, r.Update, r.HasUpdate = nil, nil, nil, nil, nil
}

// appendTo copies rows i ≤ k < j.
func (c *columns) appendTo(r *Rows, i, j int) {
	n := r.Len()
	r.Time = append(r.Time, c.time[i:j]...)
	r.Received = append(r.Received, c.received[i:j]...)
	for k := i; k < j; k++ {
		r.Kind = append(r.Kind, c.kindAt(k))
		r.Protocol = append(r.Protocol, c.protocolAt(k))
	}
	if c.value != nil {
		r.Number = append(r.Number, c.value[i:j]...)
	} else {
		r.Number = append(r.Number, make([]float64, j-i)...)
	}
	if r.Text != nil || c.texts != nil || c.offsets != nil {
		r.Text = grow(r.Text, n)
		for k := i; k < j; k++ {
			r.Text = append(r.Text, strings.Clone(c.textAt(k)))
		}
	}
	if r.HasSum != nil || c.sum != nil {
		r.Sum, r.HasSum = appendWhere(r.Sum, r.HasSum, n, c.sum, c.hasSumAt, i, j)
	}
	if r.HasUpdate != nil || c.update != nil {
		r.Update, r.HasUpdate = appendWhere(r.Update, r.HasUpdate, n, c.update, c.hasUpdateAt, i, j)
	}
}

// appendWhere adds rows i ≤ k < j of a column that not every row has, with 0 where a row has none.
func appendWhere[T int64 | float64](to []T, has []bool, n int, from []T, at func(int) bool, i, j int) ([]T, []bool) {
	to, has = grow(to, n), grow(has, n)
	for k := i; k < j; k++ {
		var v T
		there := at(k)
		if there {
			v = from[k]
		}
		to, has = append(to, v), append(has, there)
	}
	return to, has
}
