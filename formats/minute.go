package formats

import (
	"math"
	"slices"
)

// minute is what all times of a minute print alike. The zero minute holds no time.
type minute struct {
	from, until int64 // ns: it holds from ≤ t < until, less than a minute where the zone's offset changes
	start       int64 // ns: when its second 0 is, or would be
	text        [40]byte
	width       int // of text
	seconds     int // where the seconds stand in text, and behind them the fraction
}

// begin turns to the minute of the Unix second s, which the printer's stretch and date hold for. clock is the second of the local day.
func (m *minute) begin(p *TimePrinter, s int64, clock int) {
	text := append(m.text[:0], p.date...)
	if p.format == "local" {
		text = append(text, ' ')
	} else {
		text = append(text, 'T')
	}
	text = appendPadded(text, clock/3600, 2)
	text = appendPadded(append(text, ':'), clock/60%60, 2)
	text = append(text, ':')
	m.seconds = len(text)
	text = append(text, "00"...)
	if p.digits > 0 {
		text = append(text, ".000000000"[:1+p.digits]...)
	}
	if p.format != "local" {
		text = append(text, p.suffix...)
	}
	m.width = len(text)

	zero := s - int64(clock%60)
	from, until := max(zero, p.stretch.From), min(zero+60, p.stretch.Until)
	// The minutes at both ends of int64 reach beyond it. A start that wraps is still right as a difference.
	m.start, m.from, m.until = zero*1e9, math.MinInt64, math.MaxInt64
	if from >= math.MinInt64/int64(1e9) {
		m.from = from * 1e9
	}
	if until <= math.MaxInt64/int64(1e9) {
		m.until = until * 1e9
	}
}

// append prints a time of the minute with so many fraction digits.
func (m *minute) append(dst []byte, t int64, digits int) []byte {
	n := len(dst)
	dst = slices.Grow(dst, len(m.text))[:n+len(m.text)]
	line := (*[len(m.text)]byte)(dst[n:])
	*line = m.text
	since := uint64(t - m.start)
	second := since / 1e9
	at := line[m.seconds:]
	at[0], at[1] = byte('0'+second/10), byte('0'+second%10)
	if digits > 0 {
		ns := uint32(since - second*1e9)
		ms := &threeDigits[ns/1e6]
		at[3], at[4], at[5] = ms[0], ms[1], ms[2]
		if digits > 3 {
			us := &threeDigits[ns/1e3%1e3]
			at[6], at[7], at[8] = us[0], us[1], us[2]
			if digits > 6 {
				rest := &threeDigits[ns%1e3]
				at[9], at[10], at[11] = rest[0], rest[1], rest[2]
			}
		}
	}
	return dst[:n+m.width]
}
