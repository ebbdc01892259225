package decimation

import (
	"math"
	"math/bits"
)

// fixed holds the sums of values whose exponents lie close together, as integers:
//
//	sum      in units of 2^base, two's complement
//	squares  in units of 2^(2 × base)
//
// Values are whole multiples of 2^base and below 2^(base+window), so 2^63 of them fit.
type fixed struct {
	base         int
	bounds       Exponents // of the values added; NoExponents where there are none
	sum, squares int256
}

// window is how many bits a value may have above base.
const window = 96

// clear forgets the sums. base stays: the next values are probably alike.
func (x *fixed) clear() { *x = fixed{base: x.base, bounds: NoExponents} }

// admit moves base, where it must, so that values within e fit beside those that were added. It is false where all are too far apart.
func (x *fixed) admit(e Exponents) bool {
	if int(e.Low) >= x.base && e.top() <= x.base+window {
		x.bounds = x.bounds.With(e)
		return true
	}
	all := x.bounds.With(e)
	if all.span() > window {
		return false
	}
	// In the middle, so that it seldom has to move again.
	x.rebase(max(lowestUnit, int(all.Low)-(window-all.span())/2))
	x.bounds = all
	return true
}

// rebase changes the unit. The sums are whole multiples of the new one, and fit.
func (x *fixed) rebase(base int) {
	by := x.base - base
	x.base = base
	x.sum.shift(by)
	x.squares.shift(2 * by)
}

// merge adds another's sums. It is false where the two are too far apart; x is then as before.
func (x *fixed) merge(o *fixed) bool {
	if o.bounds.zero() {
		return true
	}
	if !x.admit(o.bounds) {
		return false
	}
	sum, squares := o.sum, o.squares
	sum.shift(o.base - x.base)
	squares.shift(2 * (o.base - x.base))
	x.sum.add(&sum)
	x.squares.add(&squares)
	return true
}

// addSum adds a float64, a whole multiple of 2^base, to the sum.
func (x *fixed) addSum(v float64) { x.sum.addFloat(v, x.base) }

// addSquares does so with the sum of squares and its unit.
func (x *fixed) addSquares(v float64) { x.squares.addFloat(v, 2*x.base) }

// int256 is an integer of 256 bits in two's complement, its lowest word first.
type int256 [4]uint64

func (z *int256) add(o *int256) {
	var carry uint64
	z[0], carry = bits.Add64(z[0], o[0], 0)
	z[1], carry = bits.Add64(z[1], o[1], carry)
	z[2], carry = bits.Add64(z[2], o[2], carry)
	z[3] += o[3] + carry
}

func (z *int256) subtract(o *int256) {
	var borrow uint64
	z[0], borrow = bits.Sub64(z[0], o[0], 0)
	z[1], borrow = bits.Sub64(z[1], o[1], borrow)
	z[2], borrow = bits.Sub64(z[2], o[2], borrow)
	z[3] -= o[3] + borrow
}

// addFloat adds v, a whole multiple of 2^unit that fits.
func (z *int256) addFloat(v float64, unit int) {
	b := math.Float64bits(v)
	m, shift := b&fractionMask, int(b>>52&exponentMask)-1075-unit
	if b<<1 == 0 {
		return
	}
	if b>>52&exponentMask != 0 {
		m |= implicitBit
	} else {
		shift++ // subnormal
	}
	if shift < 0 { // its lowest bits are zeros
		m >>= uint(-shift)
		shift = 0
	}
	sign := uint64(int64(b) >> 63) // all ones where negative
	at := uint(shift) & 63
	low, high := m<<at, m>>(64-at)
	var carry uint64
	if sign != 0 {
		low, carry = bits.Sub64(0, low, 0)
		high = -high - carry
	}
	switch shift >> 6 {
	case 0:
		z[0], carry = bits.Add64(z[0], low, 0)
		z[1], carry = bits.Add64(z[1], high, carry)
		z[2], carry = bits.Add64(z[2], sign, carry)
		z[3] += sign + carry
	case 1:
		z[1], carry = bits.Add64(z[1], low, 0)
		z[2], carry = bits.Add64(z[2], high, carry)
		z[3] += sign + carry
	case 2:
		z[2], carry = bits.Add64(z[2], low, 0)
		z[3] += high + carry
	default:
		z[3] += low
	}
}

// shift multiplies by 2^by. Bits that fall out at either end are copies of the sign, or zeros.
func (z *int256) shift(by int) {
	w0, w1, w2, w3 := z[0], z[1], z[2], z[3]
	if by < 0 {
		sign := uint64(int64(w3) >> 63)
		for ; by <= -64; by += 64 {
			w0, w1, w2, w3 = w1, w2, w3, sign
		}
		at := uint(-by)
		w0, w1, w2, w3 = w0>>at|w1<<(64-at), w1>>at|w2<<(64-at), w2>>at|w3<<(64-at), w3>>at|sign<<(64-at)
	} else {
		for ; by >= 64; by -= 64 {
			w0, w1, w2, w3 = 0, w0, w1, w2
		}
		at := uint(by)
		w0, w1, w2, w3 = w0<<at, w1<<at|w0>>(64-at), w2<<at|w1>>(64-at), w3<<at|w2>>(64-at)
	}
	z[0], z[1], z[2], z[3] = w0, w1, w2, w3
}

// negated is 0 − z.
func (z *int256) negated() (m int256) {
	var borrow uint64
	m[0], borrow = bits.Sub64(0, z[0], 0)
	m[1], borrow = bits.Sub64(0, z[1], borrow)
	m[2], borrow = bits.Sub64(0, z[2], borrow)
	m[3] = -z[3] - borrow
	return m
}

// magnitude is the number without its sign.
func (z *int256) magnitude() (negative bool, m int256) {
	if int64(z[3]) < 0 {
		return true, z.negated()
	}
	return false, *z
}
