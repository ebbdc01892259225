package decimal

import (
	"cmp"
	"math"
	"math/big"
	"math/bits"
	"strconv"
)

// pow10 holds the powers of ten that int64 holds.
var pow10 = [19]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// floatPow10 holds the powers of ten that float64 holds exactly.
var floatPow10 = [23]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// Add is the exact sum.
func (d Decimal) Add(o Decimal) Decimal {
	if o.big == nil && o.m == 0 {
		return d
	}
	if d.big == nil && d.m == 0 {
		return o
	}
	if d.e < o.e {
		d, o = o, d
	}
	if d.big == nil && o.big == nil && d.e-o.e < len(pow10) {
		if m, ok := mul(d.m, pow10[d.e-o.e]); ok {
			if sum, ok := add(m, o.m); ok {
				return Decimal{m: sum, e: o.e}
			}
		}
	}
	sum := new(big.Int).Mul(d.int(), bigPow10(d.e-o.e))
	return Decimal{big: sum.Add(sum, o.int()), e: o.e}
}

// Float is the float64 nearest to d, half to even. Zero is +0. ok is false where d is beyond float64's range.
func (d Decimal) Float() (f float64, ok bool) {
	if d.big == nil && -1<<53 <= d.m && d.m <= 1<<53 {
		// Both operands are exact, so there is one rounding (Clinger 1990).
		if 0 <= d.e && d.e < len(floatPow10) {
			return float64(d.m) * floatPow10[d.e], true
		}
		if d.e < 0 && -d.e < len(floatPow10) {
			return float64(d.m) / floatPow10[-d.e], true
		}
	}
	if d.big != nil {
		return d.bigFloat()
	}
	var buf [32]byte
	text := strconv.AppendInt(buf[:0], d.m, 10)
	text = strconv.AppendInt(append(text, 'e'), int64(d.e), 10)
	f, err := strconv.ParseFloat(string(text), 64)
	return f + 0, err == nil // + 0: what rounds to -0 becomes 0
}

// bigFloat writes the digits behind a point: strconv.ParseFloat keeps 800 of them, and where those beyond stand before
// the point it forgets to count them.
func (d Decimal) bigFloat() (float64, bool) {
	digits := d.big.Append(nil, 10)
	text := make([]byte, 0, len(digits)+16)
	if digits[0] == '-' {
		text, digits = append(text, '-'), digits[1:]
	}
	text = append(append(text, '.'), digits...)
	text = strconv.AppendInt(append(text, 'e'), int64(d.e+len(digits)), 10)
	f, err := strconv.ParseFloat(string(text), 64)
	return f + 0, err == nil
}

// LessThan compares exactly: d < n.
func (d Decimal) LessThan(n int64) bool {
	floor, _, ok := d.floor(0)
	if !ok {
		return d.Sign() < 0
	}
	return floor < n // an integer is above all of [floor, floor+1) or below
}

// Int is d where it is an integer that int64 holds.
func (d Decimal) Int() (int64, bool) {
	floor, rest, ok := d.floor(0)
	return floor, ok && rest == restZero
}

// Nanos is base + d × 10^shift, rounded once to an integer, half to even: a time in ns, for a d in seconds with shift 9, in milliseconds with
// shift 6. ok is false where int64 can't hold it.
func (d Decimal) Nanos(base int64, shift int) (ns int64, ok bool) {
	floor, rest, ok := d.floor(shift)
	if !ok {
		return 0, false
	}
	ns, ok = add(base, floor)
	if ok && (rest == restAbove || rest == restHalf && ns&1 == 1) {
		ns, ok = add(ns, 1)
	}
	return ns, ok
}

// rest says what floor cut off: a number r with 0 ≤ r < 1.
type rest uint8

const (
	restZero  rest = iota
	restBelow      // 0 < r < 1/2
	restHalf
	restAbove
)

// floor is the greatest integer not above d × 10^shift, and what that leaves. ok is false where int64 can't hold it.
func (d Decimal) floor(shift int) (int64, rest, bool) {
	e := d.e + shift
	if d.big == nil && e >= 0 {
		if d.m == 0 {
			return 0, restZero, true
		}
		if e < len(pow10) {
			n, ok := mul(d.m, pow10[e])
			return n, restZero, ok
		}
		return 0, restZero, false
	}
	if d.big == nil && -e < len(pow10) {
		p := pow10[-e]
		quotient, r := d.m/p, d.m%p
		if r < 0 {
			quotient, r = quotient-1, r+p
		}
		return quotient, classify(r != 0, cmp.Compare(r, p-r)), true
	}
	if e >= 0 {
		n := new(big.Int).Mul(d.int(), bigPow10(e))
		return n.Int64(), restZero, n.IsInt64()
	}
	p := bigPow10(-e)
	quotient, r := new(big.Int).DivMod(d.int(), p, new(big.Int))
	return quotient.Int64(), classify(r.Sign() != 0, r.Cmp(new(big.Int).Sub(p, r))), quotient.IsInt64()
}

// classify names a remainder by how it compares with what is missing to one.
func classify(any bool, order int) rest {
	switch {
	case !any:
		return restZero
	case order < 0:
		return restBelow
	case order == 0:
		return restHalf
	}
	return restAbove
}

// int is d's mantissa as a big.Int, not to be changed.
func (d Decimal) int() *big.Int {
	if d.big != nil {
		return d.big
	}
	return big.NewInt(d.m)
}

func bigPow10(e int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(e)), nil)
}

// mul multiplies by a positive p. The smallest int64 counts as overflow, so that mantissas can be negated.
func mul(m, p int64) (int64, bool) {
	u := uint64(m)
	if m < 0 {
		u = -u
	}
	hi, lo := bits.Mul64(u, uint64(p))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if m < 0 {
		return -int64(lo), true
	}
	return int64(lo), true
}

func add(a, b int64) (int64, bool) {
	sum := a + b
	if (a > 0 && b > 0 && sum < 0) || (a < 0 && b < 0 && sum >= 0) || sum == math.MinInt64 {
		return 0, false
	}
	return sum, true
}
