package schedule

import (
	"errors"

	"decant/decimation"
)

// Recurrence is a sequence of instants: Start and any number of periods Every, forwards and backwards, in the calendar of Zone.
type Recurrence struct {
	Start int64 // ns: instant 0
	Every decimation.Period
	Zone  *decimation.Zone
}

// Instant is instant k (ns). One outside int64 is an error.
func (r Recurrence) Instant(k int64) (int64, error) {
	if r.Every.IsZero() {
		return 0, errNoPeriod
	}
	return r.Every.Step(r.Start, k, r.Zone)
}

// Last is the instant that was last at a moment: the largest k with instant k ≤ t, and that instant. k may be negative. Where every instant
// that int64 holds is later, it is an error.
func (r Recurrence) Last(t int64) (k, at int64, err error) {
	k, err = r.first(t, func(at int64) bool { return at > t })
	if err != nil {
		return 0, 0, err
	}
	k--
	at, err = r.Instant(k)
	return k, at, err
}

// Next is the first run that is due at a moment or later: the smallest k ≥ 1 with instant k ≥ t, and that instant. Where none is within
// int64, it is an error.
func (r Recurrence) Next(t int64) (k, at int64, err error) {
	k, err = r.first(t, func(at int64) bool { return at >= t })
	if err != nil {
		return 0, 0, err
	}
	k = max(k, 1)
	at, err = r.Instant(k)
	return k, at, err
}

// Range is what run k covers: from instant k−1, included, to instant k.
func (r Recurrence) Range(k int64) (from, to int64, err error) {
	if to, err = r.Instant(k); err != nil {
		return 0, 0, err
	}
	if from, err = r.Instant(k - 1); err != nil {
		return 0, 0, err
	}
	return from, to, nil
}

// first is the smallest k whose instant is late, near a moment t. late holds for all instants after one for which it holds. An instant beyond
// int64's end is late, one before its beginning is not.
func (r Recurrence) first(t int64, late func(at int64) bool) (int64, error) {
	if r.Every.IsZero() {
		return 0, errNoPeriod
	}
	isLate := func(k int64) bool {
		at, err := r.Every.Step(r.Start, k, r.Zone)
		if err != nil {
			return k > 0
		}
		return late(at)
	}
	// Calendar periods differ in length, but over four centuries k of them differ from k × their mean by less than two. So the bounds meet after a
	// step or two, and where float64 rounds the guess, after a few more.
	const farthest = 1 << 62
	guess := int64(max(-farthest, min(farthest, (float64(t)-float64(r.Start))/meanLength(r.Every))))
	early, end := guess, guess
	for step := int64(1); isLate(early); step *= 2 {
		if step > farthest/2 {
			return 0, errTooShort
		}
		end, early = early, early-step
	}
	for step := int64(1); end == early || !isLate(end); step *= 2 {
		if step > farthest/2 {
			return 0, errTooShort
		}
		early, end = end, end+step
	}
	for end-early > 1 {
		if middle := early + (end-early)/2; isLate(middle) {
			end = middle
		} else {
			early = middle
		}
	}
	return end, nil
}

// meanLength is a period's length in ns where years, months and days have their Gregorian mean.
func meanLength(p decimation.Period) float64 {
	const day = 86400e9
	return float64(p.Years)*365.2425*day + float64(p.Months)*365.2425/12*day + float64(p.Weeks*7+p.Days)*day + float64(p.Clock)
}

var (
	errNoPeriod = errors.New("a recurrence needs a period")
	errTooShort = errors.New("the period is too short to count it over the whole time line")
)
