package decimation

import "math"

// A stretch of values is summed exactly with nothing but float64 additions (Demmel and Nguyen 2015, doi:10.1109/TC.2014.2345391;
// Rump, Ogita and Oishi 2008, doi:10.1137/050645671). A running sum that starts at 1.5 × 2^k stays in one binade, so all its roundings
// are to the same power of two q: what it takes of a value is a whole multiple of q, and what it leaves, at most q/2, is exact too:
//
//	next = sum + v          rounded to a multiple of q
//	low += v − (next − sum) exact, and so is the subtraction inside
//	sum  = next
//
// At the end sum − 1.5 × 2^k and low are the exact sum in two parts, as long as few enough values lie close enough together: for
// values below 2^top that are multiples of 2^bottom, 2^size of them need top − bottom ≤ 104 − 2 × size.
//
// A square is two floats, its rounded value p and the error e that a fused multiply-add gives (v² = p + e). Each is summed
// like that. p is a multiple of 2^(2 × bottom + 52), e one of 2^(2 × bottom) and at most 2^(2 × top − 54), hence
// top − bottom ≤ 78 − size.
const (
	mostSize  = 11 // values of a stretch: 2^11
	leastSize = 5

	sumBits    = 104
	squareBits = 78
	// Outside these bounds of exponents a constant would overflow, or e underflow.
	highestSum, highestSquare, lowestSquare = 1000, 500, -537
)

// Exponents bounds the exponents of values: each non-zero one is an integer of 53 bits, the first of them set, times 2^e with Low ≤ e ≤ High; a
// subnormal has fewer bits and e = −1074. Where all values are zero, Low is more than High.
type Exponents struct{ Low, High int16 }

// NoExponents is what no value, or zeros alone, have.
var NoExponents = Exponents{math.MaxInt16, math.MinInt16}

// With are the bounds of both.
func (e Exponents) With(o Exponents) Exponents {
	return Exponents{min(e.Low, o.Low), max(e.High, o.High)}
}

// zero tells whether there is no value but zero.
func (e Exponents) zero() bool { return e.Low > e.High }

// top is a power of two that all values are below in magnitude.
func (e Exponents) top() int { return int(e.High) + 53 }

// span is how many bits lie between the highest and the lowest that any value may have.
func (e Exponents) span() int { return e.top() - int(e.Low) }

// size is the logarithm of how many values can be summed in one stretch; ok is false where they are too far apart.
func (e Exponents) size(squares bool) (size int, ok bool) {
	size = (sumBits - e.span()) / 2
	ok = e.top() <= highestSum
	if squares {
		size = squareBits - e.span()
		ok = e.top() <= highestSquare && e.Low >= lowestSquare
	}
	return min(size, mostSize), ok && size >= leastSize
}

// suit tells whether values within e can be summed in stretches at all.
func (e Exponents) suit(squares bool) bool {
	_, ok := e.size(squares)
	return ok || e.zero()
}

// A float64 is (−1)^s × m × 2^(e−1075), with e its biased exponent and m its 53 significant bits (e ≥ 1; a subnormal has e = 1 and
// fewer bits).
const (
	exponentMask = 0x7ff
	fractionMask = 1<<52 - 1
	implicitBit  = 1 << 52
	// lowestUnit is the power of two that float64s are whole multiples of.
	lowestUnit = -1074
)

// ExponentsOf bounds the exponents of values. finite is false where one of them is not; the bounds say nothing then.
func ExponentsOf(values []float64) (e Exponents, finite bool) {
	least, most := uint32(math.MaxUint32), uint32(0)
	if n := len(values) &^ 7; n > 0 && vector {
		least, most = exponentsVector(&values[0], n)
		values = values[n:]
	}
	l, m := exponentsPlain(values)
	least, most = min(least, l), max(most, m)
	if least == math.MaxUint32 {
		return NoExponents, true
	}
	return Exponents{unbiased(least), unbiased(most)}, most != exponentMask
}

// exponentsPlain is the least and the most of the values' biased exponents. A zero counts as nothing and as 0.
func exponentsPlain(values []float64) (least, most uint32) {
	least = math.MaxUint32
	for _, v := range values {
		b := math.Float64bits(v) << 1
		e := uint32(b >> 53)
		most = max(most, e)
		if b != 0 {
			least = min(least, e)
		}
	}
	return least, most
}

// exponentOf is the power of two of the lowest bit of a float64 without its sign.
func exponentOf(shifted uint64) int16 { return unbiased(uint32(shifted >> 53)) }

func unbiased(e uint32) int16 { return int16(max(1, e)) - 1075 }

// start is what a running sum of 2^size values below 2^top starts at.
func start(top, size int) float64 { return math.Ldexp(1.5, top+size+2) }

// sumParts sums at most 2^size values. high + low is the exact sum.
func sumParts(values []float64, start float64) (high, low float64) {
	n := len(values) &^ 15
	if n == 0 || !vector {
		return sumPlain(values, start)
	}
	high, low = sumVector(&values[0], n, start)
	if n < len(values) {
		h, l := sumPlain(values[n:], start)
		high, low = high+h, low+l
	}
	return high, low
}

func sumPlain(values []float64, start float64) (high, low float64) {
	h0, h1, h2, h3 := start, start, start, start
	var l0, l1, l2, l3 float64
	for len(values) >= 4 {
		v := values[0]
		next := h0 + v
		l0 += v - (next - h0)
		h0 = next
		v = values[1]
		next = h1 + v
		l1 += v - (next - h1)
		h1 = next
		v = values[2]
		next = h2 + v
		l2 += v - (next - h2)
		h2 = next
		v = values[3]
		next = h3 + v
		l3 += v - (next - h3)
		h3 = next
		values = values[4:]
	}
	for _, v := range values {
		next := h0 + v
		l0 += v - (next - h0)
		h0 = next
	}
	return (h0 - start) + (h1 - start) + (h2 - start) + (h3 - start), l0 + l1 + l2 + l3
}

// starts are the constants of squareParts: for the values, for their squares, and for the squares' errors.
type starts struct{ value, square, fault float64 }

// parts are the exact sums of values and of their squares (the sum is high + low, that of the squares the other four), and the extremes,
// where they were asked for.
type parts struct {
	high, low             float64
	squareHigh, squareLow float64
	faultHigh, faultLow   float64
	min, max              float64
}

// squareParts sums at most 2^size values and their squares, and finds their extremes, which costs next to nothing where vectors do it.
func squareParts(values []float64, s *starts, extremes bool) (p parts) {
	n := len(values) &^ 3
	if n == 0 || !vector {
		return squarePlain(values, s, extremes)
	}
	squareVector(&values[0], n, s, &p)
	if n < len(values) {
		o := squarePlain(values[n:], s, extremes)
		p.min, p.max = min(p.min, o.min), max(p.max, o.max)
		p.high, p.low = p.high+o.high, p.low+o.low
		p.squareHigh, p.squareLow = p.squareHigh+o.squareHigh, p.squareLow+o.squareLow
		p.faultHigh, p.faultLow = p.faultHigh+o.faultHigh, p.faultLow+o.faultLow
	}
	return p
}

func squarePlain(values []float64, s *starts, extremes bool) parts {
	least, most := values[0], values[0]
	if extremes {
		least, most = extremesPlain(values, least, most)
	}
	h0, h1 := s.value, s.value
	q0, q1 := s.square, s.square
	e0, e1 := s.fault, s.fault
	var hl0, hl1, ql0, ql1, el0, el1 float64
	for len(values) >= 2 {
		v := values[0]
		next := h0 + v
		hl0 += v - (next - h0)
		h0 = next
		square := float64(v * v) // the conversion keeps compilers from fusing the product with a sum
		fault := math.FMA(v, v, -square)
		next = q0 + square
		ql0 += square - (next - q0)
		q0 = next
		next = e0 + fault
		el0 += fault - (next - e0)
		e0 = next

		v = values[1]
		next = h1 + v
		hl1 += v - (next - h1)
		h1 = next
		square = float64(v * v)
		fault = math.FMA(v, v, -square)
		next = q1 + square
		ql1 += square - (next - q1)
		q1 = next
		next = e1 + fault
		el1 += fault - (next - e1)
		e1 = next
		values = values[2:]
	}
	for _, v := range values {
		next := h0 + v
		hl0 += v - (next - h0)
		h0 = next
		square := float64(v * v)
		fault := math.FMA(v, v, -square)
		next = q0 + square
		ql0 += square - (next - q0)
		q0 = next
		next = e0 + fault
		el0 += fault - (next - e0)
		e0 = next
	}
	return parts{
		high: (h0 - s.value) + (h1 - s.value), low: hl0 + hl1,
		squareHigh: (q0 - s.square) + (q1 - s.square), squareLow: ql0 + ql1,
		faultHigh: (e0 - s.fault) + (e1 - s.fault), faultLow: el0 + el1,
		min: least, max: most,
	}
}

// extremesOf is the smallest and the largest of values, low and high.
func extremesOf(values []float64, low, high float64) (float64, float64) {
	if n := len(values) &^ 7; n > 0 && vector {
		l, h := extremesVector(&values[0], n)
		low, high = min(low, l), max(high, h)
		values = values[n:]
	}
	return extremesPlain(values, low, high)
}

func extremesPlain(values []float64, low, high float64) (float64, float64) {
	for _, v := range values {
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
	}
	return low, high
}
