package segment

import (
	"context"
	"math"
	"sort"
)

// Before finds the last number or bool of one series with time < t (ns), as a scan would show it: of equal times the last one that policy
// leaves. ok is false where there is none.
func Before(ctx context.Context, runs []Run, t int64, policy Duplicates) (time int64, value float64, ok bool, err error) {
	err = Guard(readersOf(runs), func() error {
		for t > math.MinInt64 {
			if err := ctx.Err(); err != nil {
				return err
			}
			candidate, found, err := lastNumber(runs, t)
			if err != nil || !found {
				return err
			}
			// Under KeepLast a newer string may stand at this time; then the search goes on before it.
			last, err := settled(ctx, runs, candidate, policy)
			if err != nil {
				return err
			}
			if last.found {
				time, value, ok = candidate, last.value, true
				return nil
			}
			t = candidate
		}
		return nil
	})
	return time, value, ok, err
}

// lastNumber is the latest time before t at which any run has a number or a bool.
func lastNumber(runs []Run, t int64) (latest int64, found bool, err error) {
	latest = math.MinInt64
	for i := range runs {
		at, ok, err := runs[i].lastNumber(t, latest)
		if err != nil {
			return 0, false, err
		}
		if ok {
			latest, found = at, true
		}
	}
	return latest, found, nil
}

// lastNumber is the same of one run, where that is after floor. Groups and blocks of other kinds are passed over unread.
func (r *Run) lastNumber(t, floor int64) (at int64, found bool, err error) {
	if t = min(t, r.to); r.from > math.MinInt64 {
		floor = max(floor, r.from-1)
	}
	var c columns
	var blocks []block
	g := sort.Search(r.count(), func(g int) bool { first, _ := r.bounds(g); return first >= t }) - 1
	for ; g >= 0; g-- {
		_, last := r.bounds(g)
		if last <= floor {
			return 0, false, nil
		}
		if s := r.summary(g); s != nil && !s.mixed {
			if !isNumber(s.kind) {
				continue
			}
			if last < t {
				return last, true, nil
			}
		}
		if blocks, err = r.directory(g, blocks); err != nil {
			return 0, false, err
		}
		for k := len(blocks) - 1; k >= 0 && blocks[k].last > floor; k-- {
			if b := &blocks[k]; b.first >= t || r.rows == nil && !isNumber(b.kind) {
				continue
			} else if b.last < t && r.rows == nil {
				return b.last, true, nil
			}
			if at, found, err = r.lastNumberOf(g, k, &blocks[k], &c, t); err != nil || found {
				return at, found && at > floor, err
			}
		}
	}
	return 0, false, nil
}

// lastNumberOf is the latest time before t of a number or a bool in block b, number k of group g.
func (r *Run) lastNumberOf(g, k int, b *block, c *columns, t int64) (at int64, found bool, err error) {
	if err := r.load(g, k, b, c); err != nil {
		return 0, false, err
	}
	i, err := c.search(0, t)
	if err != nil {
		return 0, false, err
	}
	for i--; i >= 0; i-- {
		if isNumber(c.kindAt(i)) {
			at, err = c.timeAt(i)
			return at, err == nil, err
		}
	}
	return 0, false, nil
}

// settled is the last number or bool that policy leaves at one time.
func settled(ctx context.Context, runs []Run, at int64, policy Duplicates) (lastValue, error) {
	var last lastValue
	err := merge(ctx, runs, at, at+1, policy, &last)
	return last, err
}

// lastValue is the merger's sink that remembers the last number or bool.
type lastValue struct {
	value float64
	found bool
}

func (v *lastValue) whole(*summary) verdict { return declined }

func (v *lastValue) span(c *columns, i, j int) error {
	if err := c.need(needValue); err != nil {
		return err
	}
	for k := i; k < j; k++ {
		if isNumber(c.kindAt(k)) {
			v.value, v.found = c.value[k], true
		}
	}
	return nil
}
