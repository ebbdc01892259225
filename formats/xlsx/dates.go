package xlsx

import (
	"math"
	"math/bits"
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

// appendSerial prints a serial as formats.AppendNumber does, the shortest digits that read back to it, at a fraction of the price.
//
// From 2^15 to 2^16 (1989 to 2079) a float64 has 15 bits of the day behind its first and 37 of the fraction. The decimals of 11 places stand further
// apart than those float64s, so at most one of them reads back as the serial, and without its zeros it is the shortest that does.
// The decimals of 12 places stand closer: the nearest always reads back.
func appendSerial(dst []byte, serial float64) []byte {
	const (
		fractionBits = 37
		half         = 1 << (fractionBits - 1)
	)
	if !(serial >= 1<<15 && serial < 1<<16) {
		return formats.AppendNumber(dst, serial)
	}
	fraction := math.Float64bits(serial) & (1<<fractionBits - 1)
	dst = appendDigits(dst, uint64(serial), 5)
	if fraction == 0 {
		return dst
	}
	dst = append(dst, '.')
	nearest, off := scale(fraction, 1e11, half, fractionBits)
	if off > 1e11/2 || off == 1e11/2 && fraction&1 != 0 {
		nearest, _ = scale(fraction, 1e12, half, fractionBits)
		return appendDigits(dst, nearest, 12)
	}
	dst = appendDigits(dst, nearest, 11)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// scale is the integer nearest to fraction × by / 2^shift, and how far off it is, times 2^shift. half is half of 2^shift.
func scale(fraction, by, half uint64, shift uint) (nearest, off uint64) {
	high, low := bits.Mul64(fraction, by)
	low, carry := bits.Add64(low, half, 0)
	high += carry
	rest := low & (2*half - 1)
	if rest < half {
		off = half - rest
	} else {
		off = rest - half
	}
	return high<<(64-shift) | low>>shift, off
}

// appendDigits prints u with so many digits, 12 at most.
func appendDigits(dst []byte, u uint64, n int) []byte {
	const pairs = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849" +
		"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"
	var digits [12]byte
	for i := len(digits); i > len(digits)-n; i -= 2 {
		pair := u % 100
		u /= 100
		digits[i-2], digits[i-1] = pairs[2*pair], pairs[2*pair+1]
	}
	return append(dst, digits[len(digits)-n:]...)
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
