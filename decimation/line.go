package decimation

import (
	"math"
	"math/big"
)

// between is the line from a to b at time t (a.t < t < b.t): the float64 nearest to
// (a.value × (b.t−t) + b.value × (t−a.t)) ÷ (b.t−a.t).
func (s *scratch) between(a, b point, t int64) float64 {
	if a.value == b.value {
		return a.value
	}
	// Differences of int64 need 64 bits without a sign.
	exponent := decompose(&s.numerator, a.value, uint64(b.t)-uint64(t), &s.rest)
	e := decompose(&s.right, b.value, uint64(t)-uint64(a.t), &s.rest)
	if e > exponent {
		s.right.Lsh(&s.right, uint(e-exponent))
	} else {
		s.numerator.Lsh(&s.numerator, uint(exponent-e))
		exponent = e
	}
	s.numerator.Add(&s.numerator, &s.right)
	negative := s.numerator.Sign() < 0
	s.numerator.Abs(&s.numerator)
	s.divisor.SetUint64(uint64(b.t) - uint64(a.t))
	return s.quotient(negative, &s.numerator, &s.divisor, exponent)
}

// decompose sets z to v × weight in units of 2^exponent.
func decompose(z *big.Int, v float64, weight uint64, scratch *big.Int) (exponent int) {
	b := math.Float64bits(v)
	m, e := b&fractionMask, int(b>>52&exponentMask)
	if e == 0 {
		e = 1
	} else {
		m |= implicitBit
	}
	z.Mul(z.SetUint64(m), scratch.SetUint64(weight))
	if v < 0 {
		z.Neg(z)
	}
	return e - 1 + lowestUnit
}
