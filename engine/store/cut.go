package store

import (
	"math"
	"time"
)

// cut divides time where a merged segment of so many bytes, between from and to (ns, both inclusive), would be much longer than target: in halves, and
// these again, each time at the last UTC midnight before the middle (in less than two days: hour, minute), so that retention finds whole files to drop. share says about which part
// of the bytes lies in a span. The pieces cover all time.
func cut(from, to int64, bytes, target float64, share func(span) (float64, error)) ([]span, error) {
	var at []int64
	var halve func(from, to int64, bytes float64) error
	halve = func(from, to int64, part float64) error {
		middle, ok := middleOf(from, to)
		if !ok || part <= 1.5*target {
			return nil
		}
		low, err := share(span{from, middle})
		if err != nil {
			return err
		}
		if err := halve(from, middle-1, low*bytes); err != nil {
			return err
		}
		at = append(at, middle)
		return halve(middle, to, part-low*bytes)
	}
	if err := halve(from, to, bytes); err != nil {
		return nil, err
	}
	pieces := []span{{math.MinInt64, math.MaxInt64}}
	for _, t := range at {
		last := &pieces[len(pieces)-1]
		last.to = t
		pieces = append(pieces, span{t, math.MaxInt64})
	}
	return pieces, nil
}

// middleOf is a round time behind from, about half the way to to.
func middleOf(from, to int64) (int64, bool) {
	half := from/2 + to/2
	for _, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		past := half % int64(unit)
		if past < 0 {
			past += int64(unit)
		}
		if t := half - past; t > from && t <= half {
			return t, true
		}
	}
	return 0, false
}
