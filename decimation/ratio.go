package decimation

import "math/bits"

// numerator is n × Σx² − (Σx)², in units of 2^(2 × base). A fixed accumulator of n values holds less than 2^63 × 2^window, and so it fits.
func (x *fixed) numerator(n uint64) (z [5]uint64) {
	var high, carry uint64
	for i, w := range x.squares {
		var low uint64
		next, low := bits.Mul64(w, n)
		z[i], carry = bits.Add64(low, high, 0)
		high = next + carry
	}
	z[4] = high

	_, sum := x.sum.magnitude()
	var square [6]uint64
	for i, a := range sum[:3] { // 159 bits
		high = 0
		for j, b := range sum[:3] {
			next, low := bits.Mul64(a, b)
			low, carry = bits.Add64(low, high, 0)
			next += carry
			square[i+j], carry = bits.Add64(square[i+j], low, 0)
			high = next + carry
		}
		square[i+3] = high
	}
	var borrow uint64
	for i := range z {
		z[i], borrow = bits.Sub64(z[i], square[i], borrow)
	}
	return z
}

// normalise gives the 192 highest bits of a number that is not zero (its lowest word first), the first of them set, highest word first, and
// the power of two of their lowest bit. sticky says that a lower one is set.
func normalise(words []uint64) (top [3]uint64, sticky bool, exponent int) {
	n := len(words)
	for n > 0 && words[n-1] == 0 {
		n--
	}
	if n == 0 {
		return top, false, 0
	}
	word := func(i int) uint64 {
		if i < 0 {
			return 0
		}
		return words[i]
	}
	at := uint(bits.LeadingZeros64(words[n-1]))
	for i := range top {
		top[i] = word(n-1-i)<<at | word(n-2-i)>>(64-at)
	}
	rest := word(n-4) << at
	for i := range max(0, n-4) {
		rest |= words[i]
	}
	return top, rest != 0, 64*(n-3) - int(at)
}

// ratio is words × 2^exponent ÷ divisor, rounded once.
func ratio(negative bool, words []uint64, divisor uint64, exponent int) float64 {
	top, sticky, e := quotient(words, divisor)
	return round(negative, top[0], sticky || top[1] != 0, exponent+e+64)
}

// rootRatio is the root of words × 2^exponent ÷ divisor, rounded once.
func rootRatio(words []uint64, divisor uint64, exponent int) float64 {
	top, sticky, e := quotient(words, divisor)
	if top[0] == 0 {
		return 0
	}
	if exponent += e; exponent&1 != 0 { // the root of a power of two needs an even one
		sticky = sticky || top[1]&1 != 0
		top[0], top[1] = top[0]>>1, top[0]<<63|top[1]>>1
		exponent++
	}
	root, exact := root128(top[0], top[1])
	return round(false, root, sticky || !exact, exponent/2)
}

// quotient is words ÷ divisor: its 128 highest bits (all zero where it is), the first of them set, the power of two of the last, and whether
// a lower one is set.
func quotient(words []uint64, divisor uint64) (top [2]uint64, sticky bool, exponent int) {
	numerator, sticky, exponent := normalise(words)
	if numerator[0] == 0 {
		return top, false, 0
	}
	// 192 bits by at most 64 are at least 128. What normalise cut off is less than one of the numerator's lowest bits: it changes no digit.
	var q [3]uint64
	rest := uint64(0)
	for i, w := range numerator {
		q[2-i], rest = bits.Div64(rest, w, divisor)
	}
	all, _, e := normalise(q[:])
	return [2]uint64{all[0], all[1]}, sticky || rest != 0 || all[2] != 0, exponent + e + 64
}
