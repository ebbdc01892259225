package xlsx

import (
	"time"

	"decant/formats"
)

// firstSerial is 1900-03-01. Before it Excel counts a 29 February 1900 that never was.
const firstSerial = 61

// unixDay is the serial of 1970-01-01.
const unixDay = 25569

const secondsPerDay = 24 * 60 * 60

// wallClock turns instants into a zone's wall time.
type wallClock struct {
	zone    *time.Location
	unit    int64           // ns of the last fraction digit: finer parts are cut off
	stretch formats.Stretch // around the last instant
}

func newWallClock(zone *time.Location, digits int) *wallClock {
	c := &wallClock{zone: zone, unit: int64(time.Second)}
	for range digits {
		c.unit /= 10
	}
	return c
}

// serial is t (ns since 1970, UTC) as Excel counts days, in wall time; not ok before 1900-03-01.
func (c *wallClock) serial(t int64) (serial float64, ok bool) {
	s, ns := floorDiv(t, int64(time.Second))
	if !c.stretch.Holds(s) {
		c.stretch = formats.StretchAt(c.zone, s)
	}
	day, second := floorDiv(s+c.stretch.Offset, secondsPerDay)
	if day+unixDay < firstSerial {
		return 0, false
	}
	ns -= ns % c.unit
	return float64(day+unixDay) + float64(second*int64(time.Second)+ns)/(secondsPerDay*1e9), true
}

func floorDiv(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		return quotient - 1, rest + b
	}
	return quotient, rest
}

// timesAreNumbers says whether times of a style are cells of Unix times. One of nine fraction digits has more than a float64.
func timesAreNumbers(s formats.TimeStyle) bool { return s.IsNumber() && s.Digits <= 6 }

// timesAreDates says whether times of a style are date cells, where Excel's calendar has them. A date cell is a float64 of days: near the year 2026
// it tells times apart that are a microsecond apart, and Excel shows milliseconds at most.
func timesAreDates(s formats.TimeStyle) bool {
	return !s.IsNumber() && !s.IsLayout() && s.Digits <= 3
}

// dateLayout is the number format of date cells.
func dateLayout(digits int) string {
	if digits == 0 {
		return "yyyy-mm-dd hh:mm:ss"
	}
	return "yyyy-mm-dd hh:mm:ss.000"
}
