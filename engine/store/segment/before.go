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

// lastNumber is the same of one run, where that is after floor. Blocks of other kinds are passed over unread.
func (r *Run) lastNumber(t, floor int64) (at int64, found bool, err error) {
	if t = min(t, r.to); r.from > math.MinInt64 {
		floor = max(floor, r.from-1)
	}
	n := r.count()
	k := sort.Search(n, func(k int) bool { first, _ := r.bounds(k); return first >= t }) - 1
	for ; k >= 0; k-- {
		_, last := r.bounds(k)
		if last <= floor {
			return 0, false, nil
		}
		if s := r.summary(k); s != nil && !isNumber(s.kind) {
			continue
		}
		if s := r.summary(k); s != nil && last < t {
			return last, true, nil
		}
		var c columns
		if err := r.load(k, &c); err != nil {
			return 0, false, err
		}
		for i := lowerBound(c.time, 0, t) - 1; i >= 0 && c.time[i] > floor; i-- {
			if isNumber(c.kindAt(i)) {
				return c.time[i], true, nil
			}
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

func (v *lastValue) block(*summary) bool { return false }

func (v *lastValue) span(c *columns, i, j int) error {
	for k := i; k < j; k++ {
		if isNumber(c.kindAt(k)) {
			v.value, v.found = c.value[k], true
		}
	}
	return nil
}
