package pdf

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// valueAxis is an axis of values with ticks at round numbers.
type valueAxis struct {
	lo, hi float64 // the ends: at or beyond the data
	ticks  []float64
	step   float64
}

// newValueAxis spans lo to hi with at most so many steps. A constant gets room on both sides.
func newValueAxis(lo, hi float64, most int) valueAxis {
	if lo == hi {
		room := max(math.Abs(lo)*0.05, math.SmallestNonzeroFloat64*16)
		if lo == 0 {
			room = 1
		}
		lo, hi = max(lo-room, -math.MaxFloat64), min(hi+room, math.MaxFloat64)
	}
	step := niceStep((hi/2-lo/2)/float64(most)) * 2
	first, last := math.Floor(lo/step), math.Ceil(hi/step)
	if first*step > lo { // the division was rounded
		first--
	}
	if last*step < hi {
		last++
	}
	a := valueAxis{lo: first * step, hi: last * step, step: step}
	const wholes = 1 << 52 // beyond, a float64 has no neighbours one apart
	steps := last - first
	if !(steps >= 1 && steps <= float64(most+2) && max(-first, last) < wholes) || math.IsInf(a.lo, 0) || math.IsInf(a.hi, 0) {
		// at the limits of float64 round numbers give out
		return valueAxis{lo: lo, hi: hi, ticks: []float64{lo, hi}}
	}
	for i := range int(steps) + 1 {
		a.ticks = append(a.ticks, (first+float64(i))*step)
	}
	return a
}

// niceStep is the smallest half of 1, 2, 2.5 or 5 times a power of ten that is not below v, so that twice it is round.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(2*v)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if m*power >= 2*v {
			return m * power / 2
		}
	}
	return 5 * power
}

// label prints a tick with the digits that tell it from its neighbours.
func (a valueAxis) label(v float64) string {
	if v == 0 {
		return "0"
	}
	size := max(math.Abs(a.lo), math.Abs(a.hi))
	if a.step == 0 {
		return shortExponent(strconv.FormatFloat(v, 'e', 5, 64))
	}
	decimals := 0
	for decimals < 18 && !isWhole(a.step*math.Pow10(decimals)) {
		decimals++
	}
	if size < 1e7 && decimals <= 6 {
		return strconv.FormatFloat(v, 'f', decimals, 64)
	}
	digits := min(17, 2+int(math.Ceil(math.Log10(size)-math.Log10(a.step))))
	return shortExponent(strconv.FormatFloat(v, 'e', digits, 64))
}

// shortExponent writes 1.50e+06 as 1.5e6.
func shortExponent(s string) string {
	mantissa, exponent, _ := strings.Cut(s, "e")
	mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	power, err := strconv.Atoi(exponent)
	if err != nil {
		return s
	}
	return mantissa + "e" + strconv.Itoa(power)
}

func isWhole(v float64) bool { return math.Abs(v-math.Round(v)) < 1e-6 && math.Round(v) != 0 }

// timeTick is a tick of a time axis: its label, and above it what is the same for many ticks, such as the year.
type timeTick struct {
	at             int64
	label, context string
}

// timeStep is a distance of time ticks.
type timeStep struct {
	unit  byte // n: nanoseconds, s m h d M y
	count int
	about float64 // ns
}

var timeSteps = func() (steps []timeStep) {
	add := func(unit byte, length time.Duration, counts ...int) {
		for _, n := range counts {
			steps = append(steps, timeStep{unit, n, float64(length) * float64(n)})
		}
	}
	for power := 1; power < 1e9; power *= 10 {
		add('n', 1, power, 2*power, 5*power)
	}
	const day = 24 * time.Hour
	add('s', time.Second, 1, 2, 5, 10, 15, 30)
	add('m', time.Minute, 1, 2, 5, 10, 15, 30)
	add('h', time.Hour, 1, 2, 3, 6, 12)
	add('d', day, 1, 2, 7, 14)
	add('M', 30*day, 1, 2, 3, 6)
	add('y', 365*day, 1, 2, 5, 10, 20, 50, 100)
	return steps
}()

// timeTicks are at most so many ticks (or one more) in from ≤ t ≤ to, at round times of the zone's clock and calendar.
func timeTicks(from, to int64, zone *time.Location, most int) []timeTick {
	span := distance(from, to)
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if span/s.about <= float64(most) {
			step = s
			break
		}
	}
	start := time.Unix(0, from).In(zone)
	first, last := time.Unix(0, from), time.Unix(0, to)
	var ticks []timeTick
	before := time.Unix(0, math.MinInt64)
	for i := range 4*most + 8 {
		t := step.at(start, i)
		if t.After(last) {
			break
		}
		if t.Before(first) || !t.After(before) { // in the hour that a clock goes back the same time comes twice
			continue
		}
		before = t
		label, context := step.print(t)
		ticks = append(ticks, timeTick{t.UnixNano(), label, context})
	}
	return ticks
}

// distance is to − from in ns, which may be beyond int64.
func distance(from, to int64) float64 {
	if to < from {
		return -distance(to, from)
	}
	return float64(uint64(to) - uint64(from))
}

// at is the i-th tick counted from the last one at or before start.
func (s timeStep) at(start time.Time, i int) time.Time {
	year, month, day := start.Date()
	hour, minute, second := start.Clock()
	zone := start.Location()
	switch s.unit {
	case 'n':
		ns := start.Nanosecond()
		return start.Add(time.Duration(i*s.count - ns%s.count))
	case 's':
		return time.Date(year, month, day, hour, minute, second-second%s.count+i*s.count, 0, zone)
	case 'm':
		return time.Date(year, month, day, hour, minute-minute%s.count+i*s.count, 0, 0, zone)
	case 'h':
		return time.Date(year, month, day, hour-hour%s.count+i*s.count, 0, 0, 0, zone)
	case 'd':
		days := int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
		const monday = 4 // 1970-01-05
		back := ((days-monday)%s.count + s.count) % s.count
		return time.Date(year, month, day-back+i*s.count, 0, 0, 0, 0, zone)
	case 'M':
		m := int(month) - 1
		return time.Date(year, time.Month(m-m%s.count+i*s.count+1), 1, 0, 0, 0, 0, zone)
	}
	return time.Date(year-year%s.count+i*s.count, 1, 1, 0, 0, 0, 0, zone)
}

func (s timeStep) print(t time.Time) (label, context string) {
	switch s.unit {
	case 'n':
		digits := 9
		for n := s.count; n%10 == 0; n /= 10 {
			digits--
		}
		return t.Format("05." + strings.Repeat("0", digits)), t.Format("2 Jan 2006 15:04")
	case 's':
		return t.Format("15:04:05"), t.Format("2 Jan 2006")
	case 'm', 'h':
		return t.Format("15:04"), t.Format("2 Jan 2006")
	case 'd':
		return t.Format("2 Jan"), t.Format("2006")
	case 'M':
		return t.Format("Jan"), t.Format("2006")
	}
	return t.Format("2006"), ""
}
