package decimation

import (
	"errors"
	"math"
	"time"
)

// The time line: int64 nanoseconds since 1970, about 1677-09-21T00:12:44Z to 2262-04-11T23:47:16Z.
const (
	second      = 1_000_000_000 // ns
	firstSecond = math.MinInt64 / second
	lastSecond  = math.MaxInt64 / second
	firstYear   = 1677
	lastYear    = 2262

	// maxOffset is more than any offset from UTC, in seconds, and more than any change of one.
	maxOffset = 2 * day
)

// errTimeLine is an instant that int64 nanoseconds can't hold.
var errTimeLine = errors.New("times reach from 1677-09-21T00:12:44Z to 2262-04-11T23:47:16Z; choose a range inside 1678 to 2262")

// span is a stretch of time with one offset: start ≤ t < end, in Unix seconds. The first starts at math.MinInt64, the last ends at
// math.MaxInt64. Neighbours differ in their offset, also where the database has two entries (another abbreviation).
type span struct {
	start, end int64
	offset     int64 // local = UTC + offset, seconds
}

// spansOf lists a zone's offsets. A zone with yearly rules has about six hundred spans until 2262.
func spansOf(loc *time.Location) []span {
	t := time.Unix(firstSecond-1, 0).In(loc)
	_, offset := t.Zone()
	spans := []span{{start: math.MinInt64, end: math.MaxInt64, offset: int64(offset)}}
	for {
		_, next := t.ZoneBounds()
		if next.IsZero() || next.Unix() > lastSecond {
			return spans
		}
		if !next.After(t) {
			// Under yearly rules, bounds away from a change are only about the year's: on the last day of a leap year they don't hold t.
			next = t.Add(day * time.Second)
		}
		t = next
		last := &spans[len(spans)-1]
		if _, offset = t.Zone(); int64(offset) == last.offset {
			continue
		}
		last.end = t.Unix()
		spans = append(spans, span{start: last.end, end: math.MaxInt64, offset: int64(offset)})
	}
}

// spanAt is the index of the span that holds a Unix second.
func spanAt(spans []span, sec int64) int {
	low, high := 0, len(spans)
	for high-low > 1 {
		mid := (low + high) / 2
		if spans[mid].start <= sec {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// reaches is the first Unix second at which the local date and time is at or past local. Where local is in a gap, that is the
// first second after the gap; where it exists twice, the earlier.
func reaches(spans []span, local int64) int64 {
	for i := spanAt(spans, local-maxOffset); ; i++ {
		s := spans[i]
		if t := max(s.start, local-s.offset); t < s.end || i == len(spans)-1 {
			return t
		}
	}
}

// furthest is the latest local date and time that clocks have shown up to and including a Unix second; i is its span. It differs
// from the local time itself only after a clock went back.
func furthest(spans []span, sec int64, i int) int64 {
	local := sec + spans[i].offset
	for i--; i >= 0 && spans[i].end > sec-2*maxOffset; i-- {
		local = max(local, spans[i].end-1+spans[i].offset)
	}
	return local
}

// localInstant is the instant (ns) at which clocks show local and ns; after a gap it is the gap's end.
func localInstant(spans []span, local, ns int64) (int64, error) {
	sec := reaches(spans, local)
	if sec+spans[spanAt(spans, sec)].offset != local {
		ns = 0
	}
	return instant(sec, ns)
}

// instant is sec and ns (0 to 999,999,999) in nanoseconds.
func instant(sec, ns int64) (int64, error) {
	if sec < firstSecond || sec > lastSecond || sec == lastSecond && ns > math.MaxInt64%second {
		return 0, errTimeLine
	}
	return sec*second + ns, nil
}
