package decimation

import "fmt"

// Buckets is the tiling of the time line by one width in one zone: every instant is in exactly one bucket, and no bucket is empty
// of time. NewBuckets makes it; it is immutable.
//
//   - s, m and h buckets are aligned to the local wall clock, counted from local 1970-01-01, and cut where the zone's offset
//     changes: the hour that a clock repeats is two buckets, and one that a clock skips is none.
//   - d, w, M and y buckets are the calendar's. One starts at the first instant whose local date and time is at or past its nominal
//     start and ends where the next starts. So a day lasts 23 to 25 hours, a clock that goes back over midnight neither
//     splits a day nor opens it again, and a day that a zone left out (Apia, 2011-12-30) has no bucket.
//
// n-fold buckets count from 1970-01-01 (d), Monday 1969-12-29 (w), January of year 0 (M), year 0 (y). Shift moves the nominal starts of calendar
// buckets.
type Buckets struct {
	width    Width
	calendar bool
	step     int64 // s m h: seconds; d w: days; M y: months
	spans    []span

	offset          Period // of nominal starts:
	months, seconds int64  // its months, and then its days and time
}

// mondayBefore1970 is 1969-12-29 in days since 1970-01-01.
const mondayBefore1970 = -3

// NewBuckets makes the tiling. The width is one that ParseWidth gives.
func NewBuckets(w Width, zone *Zone) Buckets {
	b := Buckets{width: w, spans: zone.table()}
	switch w.Unit {
	case 's':
		b.step = w.N
	case 'm':
		b.step = w.N * 60
	case 'h':
		b.step = w.N * 3600
	case 'd', 'M':
		b.calendar, b.step = true, w.N
	case 'w':
		b.calendar, b.step = true, w.N*7
	case 'y':
		b.calendar, b.step = true, w.N*12
	}
	return b
}

// Width is the width that the tiling was made with.
func (b Buckets) Width() Width { return b.width }

// Find gives the bucket that holds t: start ≤ t < end (ns). A bucket that starts or ends outside int64 is an error.
func (b Buckets) Find(t int64) (start, end int64, err error) {
	hint := 0
	return b.find(t, &hint)
}

// find is Find with a guess at the span that holds t, which it corrects: neighbouring buckets mostly share one.
func (b Buckets) find(t int64, hint *int) (start, end int64, err error) {
	sec := floorDiv(t, second)
	if s := b.spans[*hint]; sec < s.start || sec >= s.end {
		*hint = spanAt(b.spans, sec)
	}
	var first, next int64
	if b.calendar {
		k := b.index(furthest(b.spans, sec, *hint))
		first, next = reaches(b.spans, b.nominal(k)), reaches(b.spans, b.nominal(k+1))
	} else {
		s := b.spans[*hint]
		first = floorDiv(sec+s.offset, b.step)*b.step - s.offset
		next = min(first+b.step, s.end)
		first = max(first, s.start)
	}
	if first < firstSecond || next > lastSecond {
		return 0, 0, fmt.Errorf("the %s bucket that holds %s is not wholly inside the time line: %w",
			b, utc(t), errTimeLine)
	}
	return first * second, next * second, nil
}

// Count is the number of buckets that meet [from, to); none where from ≥ to. It walks over the zone's changes of offset, not over
// buckets. A first or last bucket that starts or ends outside int64 is an error.
func (b Buckets) Count(from, to int64) (int64, error) {
	if from >= to {
		return 0, nil
	}
	for _, t := range [2]int64{from, to - 1} {
		if _, _, err := b.Find(t); err != nil {
			return 0, err
		}
	}
	first, last := floorDiv(from, second), floorDiv(to-1, second)
	i, j := spanAt(b.spans, first), spanAt(b.spans, last)
	if b.calendar {
		return b.countCalendar(first, last, i, j), nil
	}
	n := int64(0)
	for k := i; k <= j; k++ {
		s := b.spans[k]
		low, high := max(first, s.start), min(last, s.end-1)
		n += floorDiv(high+s.offset, b.step) - floorDiv(low+s.offset, b.step) + 1
	}
	return n, nil
}

// countCalendar counts the nominal buckets from the one that holds first to the one that holds last, without those that a jump of
// the clock skipped whole: where several start at one instant, only the last has any time in it.
func (b Buckets) countCalendar(first, last int64, i, j int) int64 {
	n := b.index(furthest(b.spans, last, j)) - b.index(furthest(b.spans, first, i)) + 1
	for k := i + 1; k <= j; k++ {
		if b.spans[k].offset-b.spans[k-1].offset < day {
			continue
		}
		at := b.spans[k].start
		starts := b.index(furthest(b.spans, at, k)) - b.index(furthest(b.spans, at-1, k-1))
		n -= max(0, starts-1)
	}
	return n
}

// index numbers calendar buckets: it is the last whose nominal start is at or before a local date and time. nominal is that start.
func (b Buckets) index(local int64) int64 {
	local -= b.seconds
	switch b.width.Unit {
	case 'd':
		return floorDiv(floorDiv(local, day), b.step)
	case 'w':
		return floorDiv(floorDiv(local, day)-mondayBefore1970, b.step)
	default:
		return floorDiv(monthNumber(local)-b.months, b.step)
	}
}

func (b Buckets) nominal(k int64) int64 {
	switch b.width.Unit {
	case 'd':
		return k*b.step*day + b.seconds
	case 'w':
		return (k*b.step+mondayBefore1970)*day + b.seconds
	default:
		return firstOfMonth(k*b.step+b.months) + b.seconds
	}
}
