package decimation

import (
	"errors"
	"math"
)

// Moments is the exact accumulation of any number of float64 values: count, extremes, first and last, exact sum and exact sum of
// squares. Partial Moments merge exactly, in any order. The zero Moments is empty and ready for use; once used it must not be copied. It is
// for one goroutine at a time, also to ask for results.
//
// Sums are integers in the end, never floats. Values whose exponents lie within some twenty to forty of each other, as those of one
// sensor do, are added up in stretches of up to 2,048 without a rounding (deposit.go), and each stretch's sums go to a fixed-point
// accumulator. All others go to a wide one that spans every exponent (Neal 2015, arXiv:1505.05571). Which value went
// where leaves no trace: Result rounds the whole once.
type Moments struct {
	count       int64
	min, max    float64
	first, last float64
	fixed       fixed
	wide        *wide // nil until a value does not fit fixed
	scratch     *scratch
	prepared    prepared
	lastRatio   ratio
	ratioKnown  bool
	ratioCount  int64 // the count that lastRatio is of; 0 for none
}

// errNotFinite is a NaN or an infinity among the values. Neither is a sample: they are refused where samples come in.
var errNotFinite = errors.New("a value is not a finite number")

// Add takes values (finite float64s).
func (m *Moments) Add(values []float64) {
	m.add(needExtremes|needSum|needSquares, values, nil)
}

// add takes values for the functions that need no more than n; Result may then be asked for these alone. bounds are the values'
// exponents where they are known.
func (m *Moments) add(n needs, values []float64, bounds *Exponents) {
	if len(values) == 0 {
		return
	}
	if m.count == 0 {
		m.first, m.min, m.max = values[0], values[0], values[0]
		m.fixed.bounds = NoExponents
	}
	m.count += int64(len(values))
	if n&needExtremes != 0 && n&needSquares == 0 {
		m.min, m.max = extremesOf(values, m.min, m.max)
	}
	switch {
	case n&(needSum|needSquares) == 0:
	case bounds != nil && bounds.suit(n&needSquares != 0):
		m.addSums(n, values, *bounds)
	default: // those of a whole block may be wide where these values are not
		m.addUnknown(n, values)
	}
	m.last = values[len(values)-1] // now that it is in the cache
}

// addUnknown adds values whose exponents are not known.
func (m *Moments) addUnknown(n needs, values []float64) {
	for len(values) > 0 {
		stretch := values[:min(1<<mostSize, len(values))]
		values = values[len(stretch):]
		e, finite := ExponentsOf(stretch)
		if !finite {
			m.widen().notFinite, m.wide.used = true, true
			return
		}
		m.addSums(n, stretch, e)
	}
}

// short is how many values are worth another look at their exponents where those of a longer stretch are too far apart.
const short = 128

// addSums adds values whose exponents lie within e, and with their squares the extremes.
func (m *Moments) addSums(n needs, values []float64, e Exponents) {
	squares := n&needSquares != 0
	size, ok := e.size(squares)
	switch {
	case e.zero():
		m.min, m.max = min(m.min, 0), max(m.max, 0)
	case ok:
		m.makeRoom(e)
		m.deposit(n, values, e, size)
	case len(values) <= short:
		m.widen().add(values, squares)
		if squares && n&needExtremes != 0 {
			m.min, m.max = extremesOf(values, m.min, m.max)
		}
	default:
		for len(values) > 0 {
			part := values[:min(short, len(values))]
			values = values[len(part):]
			e, _ := ExponentsOf(part)
			m.addSums(n, part, e)
		}
	}
}

// makeRoom makes the fixed accumulator take values within e, which span no more than it holds.
func (m *Moments) makeRoom(e Exponents) {
	if !m.fixed.admit(e) {
		m.spill()
		m.fixed.admit(e)
	}
}

// deposit adds values to the fixed accumulator, 2^size at a time.
func (m *Moments) deposit(n needs, values []float64, e Exponents, size int) {
	p := m.prepare(e.top(), size)
	for len(values) > 0 {
		stretch := values[:min(1<<size, len(values))]
		values = values[len(stretch):]
		if n&needSquares == 0 {
			high, low := sumParts(stretch, p.starts.value)
			m.fixed.addSum(high)
			m.fixed.addSum(low)
			continue
		}
		sums := squareParts(stretch, &p.starts, n&needExtremes != 0)
		if n&needExtremes != 0 {
			m.min, m.max = min(m.min, sums.min), max(m.max, sums.max)
		}
		m.fixed.addSum(sums.high)
		m.fixed.addSum(sums.low)
		m.fixed.addSquares(sums.squareHigh)
		m.fixed.addSquares(sums.squareLow)
		m.fixed.addSquares(sums.faultHigh)
		m.fixed.addSquares(sums.faultLow)
	}
}

// prepared are the constants of the last deposit: the next one mostly has the same.
type prepared struct {
	top, size int
	starts    starts
}

func (m *Moments) prepare(top, size int) *prepared {
	if p := &m.prepared; p.top != top || p.size != size {
		*p = prepared{top, size, starts{start(top, size), start(2*top, size), start(2*top-54, size)}}
	}
	return &m.prepared
}

// widen gives the wide accumulator.
func (m *Moments) widen() *wide {
	if m.wide == nil {
		m.wide = new(wide)
	}
	return m.wide
}

// spill moves what the fixed accumulator holds to the wide one.
func (m *Moments) spill() {
	if !m.fixed.bounds.zero() {
		m.widen().addFixed(&m.fixed)
	}
	m.fixed.clear()
}

// needs are the parts of Moments that a function is made of. The count is always kept.
type needs uint8

const (
	needEnds needs = 1 << iota // first and last
	needExtremes
	needSum
	needSquares
)

func (f Function) needs() needs {
	switch f {
	case First, Last:
		return needEnds
	case Min, Max:
		return needExtremes
	case Avg, Sum:
		return needSum
	case Variance, Stddev:
		return needSum | needSquares
	}
	return 0
}

// Merge adds another's values, as if they came after m's: that matters to First and Last alone. o stays as it is.
func (m *Moments) Merge(o *Moments) {
	if o.count == 0 {
		return
	}
	if m.count == 0 {
		m.min, m.max, m.first = o.min, o.max, o.first
		m.fixed.bounds = NoExponents
	}
	m.last = o.last
	m.min, m.max = min(m.min, o.min), max(m.max, o.max)
	m.count += o.count
	if !m.fixed.merge(&o.fixed) {
		m.widen().addFixed(&o.fixed)
	}
	if o.wide != nil && o.wide.used {
		m.widen().merge(o.wide)
	}
}

// Count is the number of values.
func (m *Moments) Count() int64 { return m.count }

// Reset forgets all values and keeps the memory.
func (m *Moments) Reset() {
	m.count, m.ratioCount = 0, 0
	m.fixed.clear()
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
