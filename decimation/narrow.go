package decimation

import (
	"math"
	"math/bits"
)

// A float64 is (−1)^s × m × 2^(e−1075), with e its biased exponent and m its 53 significant bits (e ≥ 1; a subnormal has e = 1 and
// fewer bits).
const (
	exponentMask = 0x7ff
	fractionMask = 1<<52 - 1
	implicitBit  = 1 << 52
	// lowestUnit is the power of two that float64s are whole multiples of.
	lowestUnit = -1074
	// window is how far an exponent may be above the common one: 53 bits shifted by it fill 63.
	window = 10
)

// narrow sums values whose biased exponents are base to base+window, and zeros: each is an integer of at most 63 bits times
// 2^(base−1075).
//
//	sum      hi:lo       two's complement, 128 bits: 2^64 values fit
//	squares  q2:q1:q0    192 bits: 2^66 values fit
type narrow struct {
	base       uint64 // 0: none chosen yet. Never so high that an infinity would fit
	hi, lo     uint64
	q0, q1, q2 uint64
}

func (n *narrow) empty() bool { return n.hi|n.lo|n.q0|n.q1|n.q2 == 0 }

// clear forgets the sums. The common exponent stays: the next values are probably alike.
func (n *narrow) clear() { *n = narrow{base: n.base} }

// rebase chooses the common exponent so that v is in the middle of the window. A subnormal or infinite v has none. The sums must be empty.
func (n *narrow) rebase(v float64) bool {
	e := math.Float64bits(v) >> 52 & exponentMask
	if e == 0 || e == exponentMask {
		return false
	}
	n.base = min(max(e, window/2+1)-window/2, exponentMask-1-window)
	return true
}

// add takes values up to the first that does not fit, and says how many that were.
func (n *narrow) add(values []float64, squares bool) int {
	switch {
	case n.base == 0:
		return 0
	case squares:
		return n.addSquares(values)
	default:
		return n.addSum(values)
	}
}

func (n *narrow) addSum(values []float64) int {
	base, hi, lo := n.base, n.hi, n.lo
	count := len(values)
	for i, v := range values {
		b := math.Float64bits(v)
		shift := b>>52&exponentMask - base
		if shift > window {
			if v == 0 {
				continue
			}
			count = i
			break
		}
		x := (b&fractionMask | implicitBit) << shift
		sign := uint64(int64(b) >> 63) // all ones where negative
		var carry uint64
		lo, carry = bits.Add64(lo, (x^sign)-sign, 0)
		hi += sign + carry
	}
	n.hi, n.lo = hi, lo
	return count
}

// addSquares is addSum with the squares.
func (n *narrow) addSquares(values []float64) int {
	base, hi, lo := n.base, n.hi, n.lo
	q0, q1, q2 := n.q0, n.q1, n.q2
	count := len(values)
	for i, v := range values {
		b := math.Float64bits(v)
		shift := b>>52&exponentMask - base
		if shift > window {
			if v == 0 {
				continue
			}
			count = i
			break
		}
		x := (b&fractionMask | implicitBit) << shift
		sign := uint64(int64(b) >> 63)
		var carry uint64
		lo, carry = bits.Add64(lo, (x^sign)-sign, 0)
		hi += sign + carry
		high, low := bits.Mul64(x, x)
		q0, carry = bits.Add64(q0, low, 0)
		q1, carry = bits.Add64(q1, high, carry)
		q2 += carry
	}
	n.hi, n.lo = hi, lo
	n.q0, n.q1, n.q2 = q0, q1, q2
	return count
}

// merge adds another's sums. Both have the same base.
func (n *narrow) merge(o *narrow) {
	var carry uint64
	n.lo, carry = bits.Add64(n.lo, o.lo, 0)
	n.hi += o.hi + carry
	n.q0, carry = bits.Add64(n.q0, o.q0, 0)
	n.q1, carry = bits.Add64(n.q1, o.q1, carry)
	n.q2 += o.q2 + carry
}

// magnitude is the sum without its sign, in units of 2^unit.
func (n *narrow) magnitude() (negative bool, hi, lo uint64) {
	hi, lo = n.hi, n.lo
	if int64(hi) >= 0 {
		return false, hi, lo
	}
	lo, borrow := bits.Sub64(0, lo, 0)
	hi, _ = bits.Sub64(0, hi, borrow)
	return true, hi, lo
}

// position is the place of the sum's lowest bit above lowestUnit; that of the squares is twice as high above twice lowestUnit.
func (n *narrow) position() uint64 { return n.base - 1 }
