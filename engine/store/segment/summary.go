package segment

import (
	"bytes"
	"math"

	"decant/decimation"
	"decant/ingest"
)

// summary is what is known of rows without reading them: a block's, or a group's.
type summary struct {
	first, last    int64 // ns
	rows           int32
	minExp, maxExp int16 // of the non-zero values: v = m·2^e, |m| of 53 bits, the first set; minExp > maxExp where there is none
	kind           ingest.Kind
	digits         uint8
	strict         bool // no two rows have the same time
	distinct       bool // no row repeats another of the same time: only KeepLast drops some
	mixed          bool // a group whose blocks are of several kinds; kind is that of the first then, and there are no moments

	moments  []byte  // decimation's encoding; nil in version 1, and where there are no numbers. Mapped
	min, max float64 // version 1: of numbers and bools
}

// settled says whether policy keeps all rows that the summary stands for.
func (s *summary) settled(policy Duplicates) bool {
	return s.strict || policy != KeepLast && s.distinct
}

func (s *summary) exponents() decimation.Exponents {
	return decimation.Exponents{Low: s.minExp, High: s.maxExp}
}

func (s *summary) equal(o *summary) bool {
	return s.first == o.first && s.last == o.last && s.rows == o.rows && s.minExp == o.minExp && s.maxExp == o.maxExp && s.kind == o.kind &&
		s.digits == o.digits && s.strict == o.strict && s.distinct == o.distinct && s.mixed == o.mixed && s.min == o.min && s.max == o.max &&
		bytes.Equal(s.moments, o.moments)
}

// summarize describes rows of one kind, which are those of a block: time, value, text and sum are there.
func (c *columns) summarize() summary {
	s := summarizeColumns(c.kind, c.time, c.value)
	s.strict = strictlyAscending(c.time)
	s.distinct = s.strict || c.repeatless()
	if isNumber(c.kind) {
		var m decimation.Moments
		m.Add(c.value)
		s.moments = m.Append(nil)
	}
	return s
}

// repeatless says whether no row repeats another of the same time.
func (c *columns) repeatless() bool {
	var seen repeats
	for i := 0; i < c.n; i++ {
		if i == 0 || c.time[i] != c.time[i-1] {
			seen.reset()
		}
		same := i > 0 && c.time[i] == c.time[i-1] || i+1 < c.n && c.time[i] == c.time[i+1]
		if same && !seen.add(c.identity(i)) {
			return false
		}
	}
	return true
}

// summarizeColumns is what versions have in common: times that ascend, and values where the kind has them (else nil).
func summarizeColumns(kind ingest.Kind, times []int64, values []float64) summary {
	s := summary{
		first: times[0], last: times[len(times)-1], rows: int32(len(times)), kind: kind, digits: uint8(digitsOf(times, 0)),
	}
	bounds, _ := decimation.ExponentsOf(values)
	s.minExp, s.maxExp = bounds.Low, bounds.High
	return s
}

// grouping makes the summary of a group of those of its blocks.
type grouping struct {
	summary
	sums decimation.Moments
}

func (g *grouping) add(b *summary) error {
	if isNumber(b.kind) {
		if _, err := g.sums.MergeEncoded(b.moments); err != nil {
			return err
		}
	}
	if g.rows == 0 {
		g.summary = *b
		return nil
	}
	if g.last == b.first { // the rows on the two sides of the seam are not compared
		g.strict, g.distinct = false, false
	}
	g.last = b.last
	g.rows += b.rows
	g.minExp, g.maxExp = min(g.minExp, b.minExp), max(g.maxExp, b.maxExp)
	g.digits = max(g.digits, b.digits)
	g.strict, g.distinct = g.strict && b.strict, g.distinct && b.distinct
	g.mixed = g.mixed || g.kind != b.kind
	return nil
}

// finish gives the summary, and starts over.
func (g *grouping) finish() summary {
	s := g.summary
	s.moments = nil
	if s.mixed {
		s.minExp, s.maxExp = math.MaxInt16, math.MinInt16
	} else if isNumber(s.kind) {
		s.moments = g.sums.Append(nil)
	}
	g.summary = summary{}
	g.sums.Reset()
	return s
}

func strictlyAscending(times []int64) bool {
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			return false
		}
	}
	return true
}

// digitsOf gives the fewest of 0, 3, 6 and 9 fraction digits of a second that hold every time, and at least digits.
func digitsOf(times []int64, digits int) int {
	unit := unitOf(digits)
	for _, t := range times {
		for t%unit != 0 {
			digits += 3
			unit /= 1000
		}
		if digits == 9 {
			break
		}
	}
	return digits
}

func unitOf(digits int) int64 {
	switch digits {
	case 0:
		return 1e9
	case 3:
		return 1e6
	case 6:
		return 1e3
	}
	return 1
}
