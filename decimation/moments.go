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
	count    int64
	min, max float64
	narrow   narrow
	wide     *wide // nil until a value does not fit narrow
	scratch  *scratch
}

// chunk is how many values are tried before a new common exponent is chosen.
const chunk = 128

// errNotFinite is a NaN or an infinity among the values. Neither is a sample: they are refused where samples come in.
var errNotFinite = errors.New("a value is not a finite number")

// Add takes values (finite float64s).
func (m *Moments) Add(values []float64) {
	m.addExtremes(values)
	m.addSums(values, true)
	m.count += int64(len(values))
}

// addFor takes values for one function, which is then the only one that Result may be asked for.
func (m *Moments) addFor(f Function, values []float64) {
	switch f {
	case Min, Max:
		m.addExtremes(values)
	case Avg, Sum:
		m.addSums(values, false)
	default:
		m.addSums(values, true)
	}
	m.count += int64(len(values))
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

// Merge adds another's values. o stays as it is.
func (m *Moments) Merge(o *Moments) {
	if o.count == 0 {
		return
	}
	if m.count == 0 {
		m.min, m.max = o.min, o.max
	}
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
	}
	if math.IsInf(v, 0) {
		return 0, false, &OverflowError{Function: f}
	}
	return v + 0, true, nil // −0 + 0 is 0
}
