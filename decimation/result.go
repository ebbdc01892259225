package decimation

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
)

// scratch are the big integers of one Moments' results, kept because a result is needed once a bucket.
type scratch struct {
	sum, squares     big.Int
	numerator, right big.Int
	divisor, rest    big.Int
	top              big.Int
}

func (m *Moments) work() *scratch {
	if m.scratch == nil {
		m.scratch = new(scratch)
	}
	return m.scratch
}

// onlyFixed tells whether the fixed accumulator holds all.
func (m *Moments) onlyFixed() bool { return m.wide == nil || !m.wide.used }

// sum is the sum, rounded once; infinite where float64 can't hold it.
func (m *Moments) sum() float64 {
	if m.onlyFixed() {
		negative, sum := m.fixed.sum.magnitude()
		return normalise(sum[:], m.fixed.base).rounded(negative)
	}
	s := m.work()
	negative, exponent := m.exactSum(&s.sum)
	top, sticky, e := s.topBits(&s.sum)
	return round(negative, top, sticky, exponent+e)
}

// mean is sum ÷ count, rounded once. It lies between the extremes and so never overflows.
func (m *Moments) mean() float64 {
	if m.onlyFixed() {
		return m.fixed.mean(uint64(m.count))
	}
	s := m.work()
	negative, exponent := m.exactSum(&s.sum)
	s.divisor.SetUint64(uint64(m.count))
	return s.quotient(negative, &s.sum, &s.divisor, exponent)
}

// mostWordCount is the largest count n whose n × (n−1) fits a word.
const mostWordCount = 1 << 32

// variance is (n × Σx² − (Σx)²) ÷ (n × (n−1)), rounded once.
func (m *Moments) variance() float64 {
	if m.onlyFixed() {
		if q, ok := m.quickRatio(); ok {
			return rounded128(false, q.high, q.low, q.rest, q.exponent)
		}
		if m.count <= mostWordCount {
			return m.ratio().rounded(false)
		}
	}
	s := m.work()
	exponent := m.exactVariance(s)
	return s.quotient(false, &s.numerator, &s.divisor, exponent)
}

// quickRatio is the variance of values that the fixed accumulator holds all, as fixed.variance gives it.
func (m *Moments) quickRatio() (q ratio, ok bool) {
	if m.ratioCount != m.count { // else variance or deviation asked before
		m.lastRatio, m.ratioKnown = m.fixed.variance(uint64(m.count))
		m.ratioCount = m.count
	}
	return m.lastRatio, m.ratioKnown
}

// ratio is the variance of at most mostWordCount values that the fixed accumulator holds all.
func (m *Moments) ratio() number {
	n := uint64(m.count)
	numerator := m.fixed.numerator(n)
	return normalise(numerator[:], 2*m.fixed.base).over(n * (n - 1))
}

// deviation is the root of the exact variance, rounded once.
func (m *Moments) deviation() float64 {
	if m.onlyFixed() {
		if q, ok := m.quickRatio(); ok {
			if root, ok := q.root(); ok {
				return root
			}
		}
		if m.count <= mostWordCount {
			return m.ratio().root()
		}
	}
	s := m.work()
	exponent := m.exactVariance(s)
	if s.numerator.Sign() == 0 {
		return 0
	}
	// A quotient of 126 to 128 bits and an even exponent: its root has 63 or 64 bits, more than enough to round.
	shift := 127 - (s.numerator.BitLen() - s.divisor.BitLen())
	if (exponent-shift)%2 != 0 {
		shift--
	}
	s.scale(&s.numerator, &s.divisor, shift)
	s.top.QuoRem(&s.numerator, &s.divisor, &s.rest)
	sticky := s.rest.Sign() != 0
	low := s.rest.And(&s.top, mask64).Uint64()
	high := s.rest.Rsh(&s.top, 64).Uint64()
	root, exact := root128(high, low)
	return round(false, root, sticky || !exact, (exponent-shift)/2)
}

var mask64 = new(big.Int).SetUint64(math.MaxUint64)

// exactSum sets z to the sum's magnitude in units of 2^exponent.
func (m *Moments) exactSum(z *big.Int) (negative bool, exponent int) {
	if m.onlyFixed() {
		negative, sum := m.fixed.sum.magnitude()
		setWords(z, sum[:])
		return negative, m.fixed.base
	}
	m.spill()
	negative, exponent = integer(z, m.wide.sum[:])
	return negative, exponent + lowestUnit
}

// exactSquares sets z to the sum of squares in units of 2^exponent.
func (m *Moments) exactSquares(z *big.Int) (exponent int) {
	if m.onlyFixed() {
		setWords(z, m.fixed.squares[:])
		return 2 * m.fixed.base
	}
	m.spill()
	_, exponent = integer(z, m.wide.squares[:])
	return exponent + 2*lowestUnit
}

// exactVariance sets s.numerator and s.divisor: the variance is their quotient × 2^exponent.
func (m *Moments) exactVariance(s *scratch) (exponent int) {
	_, e := m.exactSum(&s.sum)
	exponent = m.exactSquares(&s.squares)
	s.divisor.SetInt64(m.count)
	s.numerator.Mul(&s.squares, &s.divisor)
	s.right.Mul(&s.sum, &s.sum)
	if e *= 2; e > exponent {
		s.right.Lsh(&s.right, uint(e-exponent))
	} else {
		s.numerator.Lsh(&s.numerator, uint(exponent-e))
		exponent = e
	}
	s.numerator.Sub(&s.numerator, &s.right)
	s.divisor.Mul(&s.divisor, s.rest.SetInt64(m.count-1))
	return exponent
}

// quotient is numerator ÷ divisor × 2^exponent, rounded once. Both are changed.
func (s *scratch) quotient(negative bool, numerator, divisor *big.Int, exponent int) float64 {
	if numerator.Sign() == 0 {
		return 0
	}
	// At least 64 bits of quotient; what the division leaves over is the sticky bit.
	shift := max(0, 65-(numerator.BitLen()-divisor.BitLen()))
	s.scale(numerator, divisor, shift)
	s.right.QuoRem(numerator, divisor, &s.rest)
	top, sticky, e := s.topBits(&s.right)
	return round(negative, top, sticky || s.rest.Sign() != 0, exponent-shift+e)
}

// scale multiplies numerator ÷ divisor by 2^shift.
func (s *scratch) scale(numerator, divisor *big.Int, shift int) {
	if shift >= 0 {
		numerator.Lsh(numerator, uint(shift))
	} else {
		divisor.Lsh(divisor, uint(-shift))
	}
}

// topBits are the 64 highest bits of a non-negative z, the power of two of the lowest of them, and whether any lower one is set.
func (s *scratch) topBits(z *big.Int) (top uint64, sticky bool, exponent int) {
	exponent = max(0, z.BitLen()-64)
	return s.top.Rsh(z, uint(exponent)).Uint64(), exponent > 0 && int(z.TrailingZeroBits()) < exponent, exponent
}

// setWords sets z to a number of which the lowest word comes first.
func setWords(z *big.Int, words []uint64) {
	var bytes [8 * len(int256{})]byte
	for i, w := range words {
		binary.BigEndian.PutUint64(bytes[len(bytes)-8*(i+1):], w)
	}
	z.SetBytes(bytes[:])
}

// round is the float64 nearest to m × 2^exponent, ties to even; sticky says that the true value is more than that, by less than 1.
// With sticky, m has at least 63 bits. The result is infinite beyond float64, and never −0.
func round(negative bool, m uint64, sticky bool, exponent int) float64 {
	if m == 0 {
		return 0
	}
	zeros := bits.LeadingZeros64(m)
	m <<= zeros
	exponent -= zeros
	keep := 53
	if highest := exponent + 63; highest < -1022 { // subnormal: fewer bits
		keep -= -1022 - highest
	}
	if keep < 0 {
		return 0
	}
	kept, dropped := m>>(64-keep), m<<keep
	const half = 1 << 63
	if dropped > half || dropped == half && (sticky || kept&1 == 1) {
		kept++
	}
	var v float64
	if e := exponent + 64 - keep; e > -1022 && e < 1023-53 {
		v = float64(kept) * math.Float64frombits(uint64(e+1023)<<52) // times 2^e
	} else {
		v = math.Ldexp(float64(kept), e)
	}
	if negative && v != 0 {
		return -v
	}
	return v
}

// root128 is the whole part of the root of hi:lo, and whether the root is whole. hi is at least 2^61.
func root128(hi, lo uint64) (root uint64, exact bool) {
	// The float64 root is right to 52 bits or so; one step of Newton's makes it right to within a few units.
	estimate := math.Sqrt(float64(hi)) * (1 << 32)
	root = math.MaxUint64
	if estimate < math.MaxUint64 {
		root = uint64(estimate)
	}
	if root > hi {
		q, _ := bits.Div64(hi, lo, root)
		sum, carry := bits.Add64(root, q, 0)
		root = sum>>1 | carry<<63
	}
	for {
		high, low := bits.Mul64(root, root)
		if high > hi || high == hi && low > lo {
			root--
			continue
		}
		// root² ≤ hi:lo; the next square is 2 × root + 1 further on.
		rest, borrow := bits.Sub64(lo, low, 0)
		over := hi - high - borrow
		if twiceHigh, twiceLow := root>>63, root<<1; over > twiceHigh || over == twiceHigh && rest > twiceLow {
			root++
			continue
		}
		return root, over|rest == 0
	}
}
