package decimation

import "math/bits"

// mean is the sum ÷ n, rounded once. Every bucket needs it, and most sums fit two words: those do without
// normalise and over, and without arrays, which the processor would have to write and read again.
func (x *fixed) mean(n uint64) float64 {
	w0, w1, w2, w3 := x.sum[0], x.sum[1], x.sum[2], x.sum[3]
	negative := int64(w3) < 0
	if negative {
		var borrow uint64
		w0, borrow = bits.Sub64(0, w0, 0)
		w1, borrow = bits.Sub64(0, w1, borrow)
		w2, borrow = bits.Sub64(0, w2, borrow)
		w3 = -w3 - borrow
	}
	if w2|w3 != 0 {
		return normalise([]uint64{w0, w1, w2, w3}, x.base).over(n).rounded(negative)
	}
	if w1 == 0 {
		if w0 == 0 {
			return 0
		}
		// The sum's leading bit goes to bit 127, so that the quotient has 64 bits or more.
		at := uint(bits.LeadingZeros64(w0))
		high, rest := w0<<at/n, w0<<at%n
		low, rest := bits.Div64(rest, 0, n)
		return rounded128(negative, high, low, rest, x.base-64-int(at))
	}
	at := uint(bits.LeadingZeros64(w1))
	top := w1<<at | w0>>1>>(63-at)
	high, rest := top/n, top%n
	low, rest := bits.Div64(rest, w0<<at, n)
	return rounded128(negative, high, low, rest, x.base-int(at))
}

// rounded128 is high:low × 2^exponent, of a division with a rest, rounded once. Where high is 0 all is.
func rounded128(negative bool, high, low, rest uint64, exponent int) float64 {
	if high == 0 {
		return 0
	}
	at := uint(bits.LeadingZeros64(high))
	return round(negative, high<<at|low>>1>>(63-at), rest|low<<at != 0, exponent+64-int(at))
}

// variance is (n × Σx² − (Σx)²) ÷ (n × (n−1)) to 64 bits or more: high:low × 2^exponent with a rest. high is not 0, but where the variance is. It
// serves n below 2^32 and sums of two words, squares of three, which are nearly all; else ok is false.
func (x *fixed) variance(n uint64) (q ratio, ok bool) {
	s0, s1, s2, s3 := x.sum[0], x.sum[1], x.sum[2], x.sum[3]
	if int64(s3) < 0 {
		var borrow uint64
		s0, borrow = bits.Sub64(0, s0, 0)
		s1, borrow = bits.Sub64(0, s1, borrow)
		s2, borrow = bits.Sub64(0, s2, borrow)
		s3 = -s3 - borrow
	}
	if s2|s3|x.squares[3]|n>>32 != 0 {
		return q, false
	}
	// n × Σx²
	var carry, borrow uint64
	a1, a0 := bits.Mul64(x.squares[0], n)
	high, low := bits.Mul64(x.squares[1], n)
	a1, carry = bits.Add64(a1, low, 0)
	a3, a2 := bits.Mul64(x.squares[2], n)
	a2, carry = bits.Add64(a2, high, carry)
	a3 += carry
	// (Σx)²
	b1, b0 := bits.Mul64(s0, s0)
	b3, b2 := bits.Mul64(s1, s1)
	high, low = bits.Mul64(s0, s1)
	for range 2 {
		b1, carry = bits.Add64(b1, low, 0)
		b2, carry = bits.Add64(b2, high, carry)
		b3 += carry
	}
	a0, borrow = bits.Sub64(a0, b0, 0)
	a1, borrow = bits.Sub64(a1, b1, borrow)
	a2, borrow = bits.Sub64(a2, b2, borrow)
	a3 -= b3 + borrow
	// Its two highest words, the first bit set.
	exponent := 2*x.base + 128
	if a3 == 0 {
		a3, a2, a1, a0, exponent = a2, a1, a0, 0, exponent-64
	}
	if a3 == 0 {
		a3, a2, a1, exponent = a2, a1, 0, exponent-64
	}
	if a3 == 0 {
		a3, a2, exponent = a2, 0, exponent-64
	}
	if a3 == 0 {
		return q, true
	}
	at := uint(bits.LeadingZeros64(a3))
	top, next, rest := a3<<at|a2>>1>>(63-at), a2<<at|a1>>1>>(63-at), a1<<at|a0
	divisor := n * (n - 1)
	q.exponent = exponent - int(at)
	var over uint64
	q.high, over = top/divisor, top%divisor
	q.low, over = bits.Div64(over, next, divisor)
	q.rest = over | rest
	if q.high == 0 { // the divisor is nearly 2^64
		return q, false
	}
	return q, true
}

// ratio is high:low × 2^exponent, and a rest that is less than the lowest bit.
type ratio struct {
	high, low, rest uint64
	exponent        int
}

// root is the ratio's root, rounded once; ok is false where its bits don't tell to which side.
func (q ratio) root() (v float64, ok bool) {
	if q.high == 0 {
		return 0, true
	}
	at := uint(bits.LeadingZeros64(q.high))
	high, low, exponent := q.high<<at|q.low>>1>>(63-at), q.low<<at, q.exponent-int(at)
	if exponent&1 != 0 { // the root of a power of two needs an even one
		high, low, exponent = high>>1, high<<63|low>>1, exponent+1
	}
	root, _ := root128(high, low)
	// The true root is root or more, by less than 2: the ratio has 64 bits or more. What is rounded off is 10 or 11 bits.
	dropped := bits.Len64(root) - 53
	half := uint64(1) << (dropped - 1)
	if rest := root & (half<<1 - 1); rest+2 >= half && rest <= half || exponent/2 < -1000 {
		return 0, false
	}
	return round(false, root, true, exponent/2), true
}

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

// number is the 192 highest bits of a magnitude that is not zero, the first of them set, highest word first; the power of two of the lowest; and
// whether a lower one is set. Of zero all is zero.
type number struct {
	top      [3]uint64
	exponent int
	sticky   bool
}

// normalise makes a number of words × 2^exponent, the lowest word first.
func normalise(words []uint64, exponent int) (n number) {
	last := len(words) - 1
	for last >= 0 && words[last] == 0 {
		last--
	}
	var w [4]uint64 // the highest words, highest first
	switch {
	case last >= 3:
		w = [4]uint64{words[last], words[last-1], words[last-2], words[last-3]}
		for _, lower := range words[:last-3] {
			n.sticky = n.sticky || lower != 0
		}
	case last == 2:
		w = [4]uint64{words[2], words[1], words[0]}
	case last == 1:
		w = [4]uint64{words[1], words[0]}
	case last == 0:
		w = [4]uint64{words[0]}
	default:
		return n
	}
	at := uint(bits.LeadingZeros64(w[0])) & 63
	n.top[0] = w[0]<<at | w[1]>>1>>(63-at)
	n.top[1] = w[1]<<at | w[2]>>1>>(63-at)
	n.top[2] = w[2]<<at | w[3]>>1>>(63-at)
	n.sticky = n.sticky || w[3]<<at != 0
	n.exponent = exponent + 64*(last-2) - int(at)
	return n
}

// over is n ÷ divisor, which is at least 1: all its 192 bits, of which 128 or more are right, and whether there would be more.
func (n number) over(divisor uint64) number {
	// What normalise cut off is less than one of the numerator's lowest bits: it changes no digit.
	var q [3]uint64
	q[2] = n.top[0] / divisor
	rest := n.top[0] % divisor
	q[1], rest = bits.Div64(rest, n.top[1], divisor)
	q[0], rest = bits.Div64(rest, n.top[2], divisor)
	quotient := normalise(q[:], n.exponent)
	quotient.sticky = n.sticky || rest != 0
	return quotient
}

// rounded is the number as a float64, rounded once.
func (n number) rounded(negative bool) float64 {
	return round(negative, n.top[0], n.sticky || n.top[1]|n.top[2] != 0, n.exponent+128)
}

// root is the number's root, rounded once. 128 of its bits are right.
func (n number) root() float64 {
	if n.top[0] == 0 {
		return 0
	}
	high, low, sticky, exponent := n.top[0], n.top[1], n.sticky || n.top[2] != 0, n.exponent+64
	if exponent&1 != 0 { // the root of a power of two needs an even one
		sticky = sticky || low&1 != 0
		high, low = high>>1, high<<63|low>>1
		exponent++
	}
	root, exact := root128(high, low)
	return round(false, root, sticky || !exact, exponent/2)
}
