package decimation

import "fmt"

// Shift moves calendar buckets in local time: with PT6H a day lasts from six to six, with P3M a year begins in April. A bucket's nominal start
// is moved by the offset's months, then its days, then its time, in the local calendar; all else stays as Buckets says. A Shift takes the place of
// an earlier one, and the zero Period of none.
//
// An offset is whole seconds and shorter than the bucket: the longest that it can last is less than the shortest that a bucket can, by the
// calendar (P27D for 1M, P11M for 1y). Days and weeks are moved by weeks, days and time alone, since months differ in length; s, m and h buckets
// follow the wall clock and have no offset. An error says what is allowed; the caller says where.
func (b Buckets) Shift(offset Period) (Buckets, error) {
	months, seconds := offset.nominal()
	switch {
	case offset.IsZero():
	case !b.calendar:
		return Buckets{}, fmt.Errorf("%s: buckets of %s follow the wall clock and take no offset; leave it out, or choose days, weeks, months or years (d w M y)",
			offset, b.width)
	case offset.Clock%second != 0:
		return Buckets{}, fmt.Errorf("%s has a fraction of a second; an offset is whole seconds, such as PT6H or P1DT12H", offset)
	case months > 0 && b.inDays():
		return Buckets{}, fmt.Errorf("%s: months and years differ in length, so buckets of %s are moved by weeks, days and time alone, such as PT6H or P1DT12H",
			offset, b.width)
	default:
		_, longest := monthsLast(months)
		longest += seconds
		if shortest := b.shortest(); longest >= shortest {
			return Buckets{}, fmt.Errorf("%s is not shorter than %s: it lasts up to %s, and the shortest such bucket %s; choose a shorter offset or wider buckets",
				offset, b.width, length(longest), length(shortest))
		}
	}
	b.offset, b.months, b.seconds = offset, months, seconds
	return b, nil
}

// Offset is what Shift moved the tiling by; zero where it did not.
func (b Buckets) Offset() Period { return b.offset }

// String is the width, and after a + the offset where there is one: 1d+PT6H.
func (b Buckets) String() string {
	if b.offset.IsZero() {
		return b.width.String()
	}
	return b.width.String() + "+" + b.offset.String()
}

// inDays tells whether the tiling counts days, not months.
func (b Buckets) inDays() bool { return b.width.Unit == 'd' || b.width.Unit == 'w' }

// shortest is the least number of seconds that a calendar bucket nominally lasts.
func (b Buckets) shortest() int64 {
	if b.inDays() {
		return b.step * day
	}
	least, _ := monthsLast(b.step)
	return least
}

// monthsLast is the least and the most that n months of the calendar last, in seconds. The calendar repeats every 400 years.
func monthsLast(n int64) (least, most int64) {
	least = firstOfMonth(n) - firstOfMonth(0)
	for first := range int64(400 * 12) {
		seconds := firstOfMonth(first+n) - firstOfMonth(first)
		least, most = min(least, seconds), max(most, seconds)
	}
	return least, most
}

// nominal is the period on a calendar without a zone: its months, and all the rest in seconds, without a fraction.
func (p Period) nominal() (months, seconds int64) {
	return p.Years*12 + p.Months, (p.Weeks*7+p.Days)*day + p.Clock/second
}

// length prints seconds as days and time, in ISO 8601: P27DT12H.
func length(seconds int64) string {
	return Period{Days: seconds / day, Clock: seconds % day * second}.String()
}
