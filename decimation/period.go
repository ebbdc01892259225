package decimation

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/sosodev/duration"
)

// Period is an ISO 8601 duration that steps in a zone's calendar. No field is negative. The zero Period is no period.
type Period struct {
	Years, Months, Weeks, Days int64
	Clock                      int64 // ns: hours, minutes and seconds, elapsed time
}

// periodForm is what is taken of ISO 8601. The duration package would also take P, PT, P1M1M, P0.5M and -P1D.
var periodForm = regexp.MustCompile(`^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$`)

const (
	periodsAllowed = "write an ISO 8601 duration such as PT15M, P1D, P1W, P1M or P1DT12H: years, months, weeks and days in this order, " +
		"then T before hours, minutes and seconds; whole numbers without a sign, each at most once; only seconds may have a fraction, of at most nine digits"
	// maxPeriod bounds a period, in seconds: beyond it no two instants are that far from 1970.
	maxPeriod = float64(lastSecond)
)

// ParsePeriod reads an ISO 8601 duration. Signs, zero, repeated or misplaced fields, fractions but of seconds, and what is longer
// than 292 years are refused.
func ParsePeriod(s string) (Period, error) {
	if !periodForm.MatchString(s) || strings.HasSuffix(s, "P") || strings.HasSuffix(s, "T") {
		return Period{}, fmt.Errorf("%q is not a period; %s", s, periodsAllowed)
	}
	// The package reads floats, which hold every whole number within maxPeriod; the fraction is ours, to stay exact.
	whole, fraction := s, ""
	if i := strings.IndexByte(s, '.'); i >= 0 {
		whole, fraction = s[:i]+"S", strings.TrimRight(s[i+1:len(s)-1], "0")
	}
	if len(fraction) > 9 {
		return Period{}, fmt.Errorf("%q is finer than a nanosecond; %s", s, periodsAllowed)
	}
	d, err := duration.Parse(whole)
	if err == nil && nominalSeconds(d) >= maxPeriod || err != nil && strings.Contains(err.Error(), strconv.ErrRange.Error()) {
		return Period{}, fmt.Errorf("%q is too long: a period is shorter than 292 years", s)
	}
	if err != nil {
		return Period{}, fmt.Errorf("%q is not a period: %w; %s", s, err, periodsAllowed)
	}
	ns, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return Period{}, fmt.Errorf("%q is not a period: %w; %s", s, err, periodsAllowed)
	}
	p := Period{
		Years: int64(d.Years), Months: int64(d.Months), Weeks: int64(d.Weeks), Days: int64(d.Days),
		Clock: (int64(d.Hours)*3600+int64(d.Minutes)*60+int64(d.Seconds))*second + ns,
	}
	if p.IsZero() {
		return Period{}, fmt.Errorf("%q is zero; a period has a length, such as PT15M or P1D", s)
	}
	return p, nil
}

func nominalSeconds(d *duration.Duration) float64 {
	return d.Years*31556952 + d.Months*2629746 + d.Weeks*7*day + d.Days*day + d.Hours*3600 + d.Minutes*60 + d.Seconds
}

// IsZero tells whether p is no period.
func (p Period) IsZero() bool { return p == Period{} }

// Step is instant k: anchor + k × p in the zone's calendar (ns). k may be negative. Years and months come first, the day clamped to the
// month's end; then weeks and days of the local calendar; then the clock's part, as elapsed time. All of it is multiplied out
// from the anchor: 31 January and P1M give 28 February, then 31 March. A local time that does not exist is the first instant after
// the gap, one that exists twice the earlier. An instant outside int64 is an error.
func (p Period) Step(anchor int64, k int64, zone *Zone) (int64, error) {
	months, ok1 := multiply(k, p.Years*12+p.Months)
	days, ok2 := multiply(k, p.Weeks*7+p.Days)
	clock, ok3 := multiply(k, p.Clock)
	const mostMonths, mostDays = 12 * 1000, 366 * 1000
	if !ok1 || !ok2 || !ok3 || months > mostMonths || months < -mostMonths || days > mostDays || days < -mostDays {
		return 0, p.outside(anchor, k)
	}
	t := anchor
	if months != 0 || days != 0 {
		spans := zone.table()
		sec := floorDiv(anchor, second)
		local := sec + spans[spanAt(spans, sec)].offset
		date := floorDiv(local, day)
		timeOfDay := local - date*day
		year, month, dayOfMonth := civilDate(date)
		number := year*12 + month - 1 + months
		year = floorDiv(number, 12)
		month = number - year*12 + 1
		date = civilDays(year, month, min(dayOfMonth, daysIn(year, month))) + days
		var err error
		if t, err = localInstant(spans, date*day+timeOfDay, anchor-sec*second); err != nil {
			return 0, p.outside(anchor, k)
		}
	}
	if clock > 0 && t > math.MaxInt64-clock || clock < 0 && t < math.MinInt64-clock {
		return 0, p.outside(anchor, k)
	}
	return t + clock, nil
}

func (p Period) outside(anchor, k int64) error {
	return fmt.Errorf("%s, %d times from %s: %w", p, k, utc(anchor), errTimeLine)
}

// Align is the last instant at or before t at which the calendar of the zone begins a new unit of the period's largest kind: for
// P1M and P1M15D the first of the month, for P1W Monday, for PT15M the full minute. Widths do not count: P3M aligns to
// months, PT15M to minutes. A unit that starts or ends outside int64 is an error.
func (p Period) Align(t int64, zone *Zone) (int64, error) {
	unit := byte('s')
	switch {
	case p.Years > 0:
		unit = 'y'
	case p.Months > 0:
		unit = 'M'
	case p.Weeks > 0:
		unit = 'w'
	case p.Days > 0:
		unit = 'd'
	case p.Clock >= 3600*second:
		unit = 'h'
	case p.Clock >= 60*second:
		unit = 'm'
	}
	start, _, err := NewBuckets(Width{N: 1, Unit: unit}, zone).Find(t)
	return start, err
}

// String prints the period in its shortest ISO 8601 form: PT90M is PT1H30M. No period is PT0S.
func (p Period) String() string {
	if p.IsZero() {
		return "PT0S"
	}
	b := []byte("P")
	field := func(n int64, letter byte) {
		if n != 0 {
			b = append(strconv.AppendInt(b, n, 10), letter)
		}
	}
	field(p.Years, 'Y')
	field(p.Months, 'M')
	field(p.Weeks, 'W')
	field(p.Days, 'D')
	if p.Clock == 0 {
		return string(b)
	}
	b = append(b, 'T')
	field(p.Clock/(3600*second), 'H')
	field(p.Clock/(60*second)%60, 'M')
	seconds, ns := p.Clock/second%60, p.Clock%second
	if ns == 0 {
		field(seconds, 'S')
		return string(b)
	}
	b = strconv.AppendInt(b, seconds, 10)
	b = append(b, strings.TrimRight(fmt.Sprintf(".%09d", ns), "0")...)
	return string(append(b, 'S'))
}

// multiply is k × n and whether int64 holds it. n is not negative.
func multiply(k, n int64) (int64, bool) {
	if n == 0 {
		return 0, true
	}
	return k * n, k*n/n == k
}
