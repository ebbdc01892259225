package payload

import (
	"errors"
	"time"

	"decant/ingest"
	"decant/ingest/payload/decimal"
)

// Local turns a date and time of day without an offset into ns since 1970, UTC. It decides about times that a zone skips or repeats.
type Local func(year, month, day, hour, minute, second, nsec int) (int64, error)

var (
	errRange  = errors.New("time is outside the years 1678 to 2262")
	errTooBig = errors.New("a time of 10^14 or more is neither Unix seconds nor milliseconds (below 10^11 counts as seconds, below 10^14 as milliseconds)")
	errISO    = errors.New("not a time in ISO 8601, as 2026-09-01T12:30:00.5+02:00")
)

// inRange checks what Nanos returns.
func inRange(ns int64, ok bool) (int64, error) {
	if !ok || ns < ingest.MinTime || ns > ingest.MaxTime {
		return 0, errRange
	}
	return ns, nil
}

// UTC is the Local of times that are UTC.
func UTC(year, month, day, hour, minute, second, nsec int) (int64, error) {
	seconds := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC).Unix()
	if seconds < 0 { // toward zero, so that the whole seconds of the earliest times fit, too
		seconds, nsec = seconds+1, nsec-1e9
	}
	return inRange(decimal.FromInt(seconds).Nanos(int64(nsec), 9))
}

// CheckDate refuses dates and times of day that no calendar has.
func CheckDate(year, month, day, hour, minute, second int) error {
	switch {
	case month < 1 || month > 12:
		return errors.New("month is not within 1 to 12")
	case day < 1 || day > daysIn(year, month):
		return errors.New("the month has no such day")
	case hour > 23 || minute > 59 || second > 59 || hour < 0 || minute < 0 || second < 0:
		return errors.New("time of day is not within 00:00:00 to 23:59:59")
	}
	return nil
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// ParseISO reads a time in ISO 8601's extended form: a date of year and month or more, then T or a blank and a time of day of hours and minutes
// or more, with a fraction of any length (rounded to ns, half to even), then Z or an offset. Without an offset local decides; nil is UTC.
// The result is in ns since 1970, UTC.
func ParseISO(text []byte, local Local) (int64, error) {
	p := isoText{rest: text}
	year, month, day, hour, minute, second, nsec := p.digits(4), 0, 1, 0, 0, 0, 0
	p.expect('-')
	month = p.digits(2)
	if p.take('-') {
		day = p.digits(2)
		if p.take('T') || p.take('t') || p.take(' ') {
			hour = p.digits(2)
			p.expect(':')
			minute = p.digits(2)
			if p.take(':') {
				second = p.digits(2)
				if p.take('.') || p.take(',') {
					nsec = p.fraction()
				}
			}
		}
	}
	offset, hasOffset := p.offset()
	if p.bad || len(p.rest) > 0 {
		return 0, errISO
	}
	if err := CheckDate(year, month, day, hour, minute, second); err != nil {
		return 0, err
	}
	if hasOffset {
		return UTC(year, month, day, hour, minute, second-offset, nsec)
	}
	if local == nil {
		local = UTC
	}
	return local(year, month, day, hour, minute, second, nsec)
}

// isoText is what is left of a time. It is sticky: after a fault bad stays set.
type isoText struct {
	rest []byte
	bad  bool
}

func (p *isoText) take(c byte) bool {
	if len(p.rest) > 0 && p.rest[0] == c {
		p.rest = p.rest[1:]
		return true
	}
	return false
}

func (p *isoText) expect(c byte) {
	if !p.take(c) {
		p.bad = true
	}
}

// digits reads a number of exactly n digits.
func (p *isoText) digits(n int) int {
	if len(p.rest) < n {
		p.bad = true
		return 0
	}
	value := 0
	for _, c := range p.rest[:n] {
		if c-'0' > 9 {
			p.bad = true
			return 0
		}
		value = value*10 + int(c-'0')
	}
	p.rest = p.rest[n:]
	return value
}

// fraction reads the digits after the point, as ns.
func (p *isoText) fraction() int {
	n := 0
	for n < len(p.rest) && p.rest[n]-'0' <= 9 {
		n++
	}
	if n == 0 {
		p.bad = true
		return 0
	}
	nsec := Fraction(p.rest[:n])
	p.rest = p.rest[n:]
	return nsec
}

// Fraction turns the digits after the point of a second into ns, half to even. The result may be 10^9.
func Fraction(digits []byte) int {
	nsec := 0
	for i := range 9 {
		nsec *= 10
		if i < len(digits) {
			nsec += int(digits[i] - '0')
		}
	}
	if len(digits) <= 9 || digits[9] < '5' {
		return nsec
	}
	above := digits[9] > '5'
	for _, c := range digits[10:] {
		above = above || c != '0'
	}
	if above || nsec%2 == 1 {
		nsec++
	}
	return nsec
}

// offset reads Z, ±hh, ±hhmm or ±hh:mm, in seconds east.
func (p *isoText) offset() (seconds int, ok bool) {
	if p.take('Z') || p.take('z') {
		return 0, true
	}
	sign := 1
	switch {
	case p.take('+'):
	case p.take('-'):
		sign = -1
	default:
		return 0, false
	}
	hours, minutes := p.digits(2), 0
	if p.take(':') || len(p.rest) > 0 {
		minutes = p.digits(2)
	}
	if hours > 23 || minutes > 59 {
		p.bad = true
	}
	return sign * (hours*3600 + minutes*60), true
}
