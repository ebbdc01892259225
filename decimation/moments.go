package decimation

import (
	"errors"
	"math"
)

// Moments is the exact accumulation of any number of float64 values: count, extremes, exact sum and exact sum of squares.
// Partial Moments merge exactly, in any order. The zero Moments is empty and ready for use; once used it must not be copied.
//
// Sums are integers, never floats. Values whose exponents lie close together, as those of one sensor mostly do, go to a narrow
// accumulator: a value is an integer of at most 63 bits times one common power of two, their sum has 128 bits, the sum of
// their squares 192. All others go to a wide one that spans every exponent (Neal 2015, arXiv:1505.05571). Which value went
// where leaves no trace: Result rounds the whole once.
type Moments struct {
	count       int64
	min, max    float64
	first, last float64
	narrow      narrow
	wide        *wide // nil until a value does not fit narrow
	scratch     *scratch
}

// chunk is how many values are tried before a new common exponent is chosen.
const chunk = 128

// errNotFinite is a NaN or an infinity among the values. Neither is a sample: they are refused where samples come in.
var errNotFinite = errors.New("a value is not a finite number")

// Add takes values (finite float64s).
func (m *Moments) Add(values []float64) {
	m.addFor(needExtremes|needSum|needSquares, values)
}

// addFor takes values for the functions that need no more than n; Result may then be asked for these alone.
func (m *Moments) addFor(n needs, values []float64) {
	if len(values) == 0 {
		return
	}
	if m.count == 0 {
		m.first = values[0]
	}
	m.last = values[len(values)-1]
	if n&needExtremes != 0 {
		m.addExtremes(values)
	}
	if n&(needSum|needSquares) != 0 {
		m.addSums(values, n&needSquares != 0)
	}
	m.count += int64(len(values))
}

// needs are the parts of Moments that a function is made of. Count, first and last are always kept.
type needs uint8

const (
	needExtremes needs = 1 << iota
	needSum
	needSquares
)

func (f Function) needs() needs {
	switch f {
	case Min, Max:
		return needExtremes
	case Avg, Sum:
		return needSum
	case Variance, Stddev:
		return needSum | needSquares
	}
	return 0
}

func (m *Moments) addExtremes(values []float64) {
	if len(values) == 0 {
		return
	}
	low, high := m.min, m.max
	if m.count == 0 {
		low, high = values[0], values[0]
	}
	for _, v := range values {
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
	}
	m.min, m.max = low, high
}

func (m *Moments) addSums(values []float64, squares bool) {
	for len(values) > 0 {
		part := values[:min(chunk, len(values))]
		values = values[len(part):]
		part = part[m.narrow.add(part, squares):]
		if len(part) == 0 {
			continue
		}
		// part[0] does not fit. Its neighbours are probably like it: try with a common exponent that suits it.
		m.spill()
		if m.narrow.rebase(part[0]) {
			part = part[m.narrow.add(part, squares):]
		}
		if len(part) > 0 {
			m.widen().add(part, squares)
		}
	}
}

// widen gives the wide accumulator.
func (m *Moments) widen() *wide {
	if m.wide == nil {
		m.wide = new(wide)
	}
	return m.wide
}

// spill moves what the narrow accumulator holds to the wide one.
func (m *Moments) spill() {
	if !m.narrow.empty() {
		m.widen().addNarrow(&m.narrow)
		m.narrow.clear()
	}
}

// Merge adds another's values, as if they came after m's: that matters to First and Last alone. o stays as it is.
func (m *Moments) Merge(o *Moments) {
	if o.count == 0 {
		return
	}
	if m.count == 0 {
		m.min, m.max, m.first = o.min, o.max, o.first
	}
	m.last = o.last
	m.min, m.max = min(m.min, o.min), max(m.max, o.max)
	m.count += o.count
	if m.narrow.empty() {
		m.narrow.base = o.narrow.base
	}
	if m.narrow.base == o.narrow.base {
		m.narrow.merge(&o.narrow)
	} else {
		m.widen().addNarrow(&o.narrow)
	}
	if o.wide != nil {
		m.widen().merge(o.wide)
	}
}

// Count is the number of values.
func (m *Moments) Count() int64 { return m.count }

// Reset forgets all values and keeps the memory.
func (m *Moments) Reset() {
	m.count = 0
	m.narrow.clear()
	if m.wide != nil {
		m.wide.clear()
	}
}

// Result rounds once: it is the float64 nearest to the true value, ties to even. ok is false where the function has no value (no
// values; variance and stddev of one). A zero is never negative. A result beyond float64 is an *OverflowError without a bucket.
func (m *Moments) Result(f Function) (v float64, ok bool, err error) {
	if m.wide != nil && m.wide.notFinite {
		return 0, false, errNotFinite
	}
	if m.count == 0 || m.count == 1 && (f == Variance || f == Stddev) {
		return 0, false, nil
	}
	switch f {
	case Min:
		v = m.min
	case Max:
		v = m.max
	case Sum:
		v = m.sum()
	case Avg:
		v = m.mean()
	case Variance:
		v = m.variance()
	case Stddev:
		v = m.deviation()
	case Count:
		v = float64(m.count)
	case First:
		v = m.first
	case Last:
		v = m.last
	}
	if math.IsInf(v, 0) {
		return 0, false, &OverflowError{Function: f}
	}
	return v + 0, true, nil // −0 + 0 is 0
}
