package formats

import (
	"math"
	"time"
)

// TimeStyle says how times are printed.
type TimeStyle struct {
	Format string // "iso" (also ""), "local", "unix", "unixMilli", or a strftime layout
	Digits int    // fraction digits: 0, 3, 6 or 9. Finer parts of a time are cut off
}

// IsNumber says whether times of this style are plain numbers: Unix seconds or milliseconds.
func (s TimeStyle) IsNumber() bool { return s.Format == "unix" || s.Format == "unixMilli" }

// IsLayout says whether the style is a strftime layout.
func (s TimeStyle) IsLayout() bool {
	switch s.Format {
	case "", "iso", "local", "unix", "unixMilli":
		return false
	}
	return true
}

// NamesZone says whether cells of this style tell their offset themselves, so that the header need not name the zone.
func (s TimeStyle) NamesZone() bool {
	switch s.Format {
	case "", "iso", "unix", "unixMilli":
		return true
	case "local":
		return false
	}
	pieces, err := parseLayout(s.Format)
	if err != nil {
		return false
	}
	for _, p := range pieces {
		if p.letter == 'z' || p.letter == colonZ || p.letter == 's' {
			return true
		}
	}
	return false
}

// TimePrinter prints times of one zone in one style. It remembers the current offset, date and minute, so it is fast for times that
// follow each other, and it is not safe for concurrent use.
type TimePrinter struct {
	zone   *time.Location
	utc    bool // the zone is UTC itself: its offset prints as Z
	format string
	layout []piece // of a strftime layout
	digits int

	stretch Stretch // around the last time printed
	suffix  []byte  // its offset

	day  int64 // local days since 1970-01-01 that date stands for
	date []byte

	minute minute // around the last time printed
}

// NewTimePrinter makes a printer. zone must not be nil. A format that CheckTimeFormat refuses prints as iso.
func NewTimePrinter(zone *time.Location, zoneName string, style TimeStyle) *TimePrinter {
	p := &TimePrinter{
		zone:   zone,
		utc:    zoneName == "UTC",
		format: style.Format,
		digits: style.Digits,
		day:    math.MinInt64,
	}
	if style.IsLayout() {
		if layout, err := parseLayout(style.Format); err == nil {
			p.layout = layout
		}
	}
	return p
}

// Append prints t (ns since 1970, UTC).
func (p *TimePrinter) Append(dst []byte, t int64) []byte {
	if m := &p.minute; m.from <= t && t < m.until {
		return m.append(dst, t, p.digits)
	}
	switch p.format {
	case "unix":
		return p.appendUnix(dst, t, 9)
	case "unixMilli":
		return p.appendUnix(dst, t, 6)
	}
	s, ns := t/1e9, t%1e9
	if ns < 0 {
		s, ns = s-1, ns+1e9
	}
	if !p.stretch.Holds(s) {
		p.enter(s)
	}
	local := s + p.stretch.Offset
	day := floorDiv(local, 86400)
	if day != p.day {
		p.turn(day)
	}
	clock := int(local - day*86400)
	if p.layout != nil {
		return p.appendLayout(dst, s, clock, ns)
	}
	p.minute.begin(p, s, clock)
	return p.minute.append(dst, t, p.digits)
}

// enter turns to the stretch that holds the second s.
func (p *TimePrinter) enter(s int64) {
	p.stretch = StretchAt(p.zone, s)
	if p.utc {
		p.suffix = append(p.suffix[:0], 'Z')
	} else {
		p.suffix = appendOffset(p.suffix[:0], int(p.stretch.Offset), ":")
	}
}

// turn prints the date of a local day.
func (p *TimePrinter) turn(day int64) {
	p.day = day
	year, month, mday := civil(day)
	p.date = appendPadded(p.date[:0], year, 4)
	p.date = appendPadded(append(p.date, '-'), month, 2)
	p.date = appendPadded(append(p.date, '-'), mday, 2)
}

// appendUnix prints t in units of 10^places ns, with the fraction digits that the style has left behind the point.
func (p *TimePrinter) appendUnix(dst []byte, t int64, places int) []byte {
	digits := p.digits - (9 - places)
	unit := pow10(places - max(digits, 0))
	// What is finer than the digits is cut off toward the past, as in the other styles.
	u := floorDiv(t, unit)
	if u < 0 {
		dst = append(dst, '-')
		u = -u
	}
	if digits <= 0 {
		return appendUint(dst, uint64(u))
	}
	one := pow10(digits)
	dst = appendUint(dst, uint64(u/one))
	return appendPadded(append(dst, '.'), int(u%one), digits)
}

// appendFraction prints the first digits (0 to 9) of ns as a fraction of a second.
func appendFraction(dst []byte, ns int64, digits int) []byte {
	return appendPadded(dst, int(ns/pow10(9-digits)), digits)
}

// appendOffset prints an offset as +hh:mm, with :ss where it has seconds, as local mean times before about 1900 do.
func appendOffset(dst []byte, offset int, separator string) []byte {
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = appendPadded(append(dst, sign), offset/3600, 2)
	dst = appendPadded(append(dst, separator...), offset/60%60, 2)
	if offset%60 != 0 {
		dst = appendPadded(append(dst, separator...), offset%60, 2)
	}
	return dst
}

// appendPadded prints n ≥ 0 with at least width digits.
func appendPadded(dst []byte, n, width int) []byte {
	var digits [20]byte
	i := len(digits)
	for n > 0 || width > 0 {
		i--
		digits[i] = byte('0' + n%10)
		n /= 10
		width--
	}
	return append(dst, digits[i:]...)
}

// civil gives the proleptic Gregorian date of a day counted from 1970-01-01. Years are counted from March, so that the
// leap day is a year's last; an era is 400 years of 146,097 days.
func civil(day int64) (year, month, mday int) {
	day += 719468 // from 0000-03-01
	era := floorDiv(day, 146097)
	inEra := day - era*146097
	y := (inEra - inEra/1460 + inEra/36524 - inEra/146096) / 365
	inYear := inEra - (365*y + y/4 - y/100)
	m := (5*inYear + 2) / 153
	year, month, mday = int(y+era*400), int(m)+3, int(inYear-(153*m+2)/5)+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, mday
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// pow10 is 10ⁿ, n from 0 to 9.
func pow10(n int) int64 { return powers[n] }

var powers = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}
