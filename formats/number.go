package formats

import (
	"math"
	"strconv"
)

// AppendNumber prints v with the shortest digits that read back to it, as JavaScript prints numbers: plain for 0 and
// 1e-6 ≤ |v| < 1e21, else with an exponent (1e+21, 1e-7, 1.5e-9). −0 prints 0. A NaN or an infinity, which no column may
// hold, prints as JavaScript's does.
func AppendNumber(dst []byte, v float64) []byte {
	if short, ok := appendFewDecimals(dst, v); ok {
		return short
	}
	abs := math.Abs(v)
	switch {
	case abs >= 1e-6 && abs < 1e21:
		return strconv.AppendFloat(dst, v, 'f', -1, 64)
	case v != v:
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	dst = strconv.AppendFloat(dst, v, 'e', -1, 64)
	// Go writes at least two digits of the exponent, JavaScript only those it needs.
	if n := len(dst); dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// appendFewDecimals prints a number that is a decimal of at most fifteen digits, six of them behind the point: most of
// what sensors send, at a fraction of strconv's price.
//
// With m the nearest integer to v × 10⁶, m / 10⁶ is one correctly rounded division of two exact numbers. So if it gives
// v, the decimal m × 10⁻⁶ reads back to v. Two decimals of up to fifteen digits never read as the same float64;
// hence no other decimal as short or shorter does, and m without its trailing zeros is what strconv would print.
func appendFewDecimals(dst []byte, v float64) ([]byte, bool) {
	const scale = 1e6
	if !(v > -1e9 && v < 1e9) {
		return dst, false
	}
	scaled := v * scale
	m := int64(scaled + math.Copysign(0.5, scaled)) // any integer will do: the division is the proof
	if float64(m)/scale != v {
		return dst, false
	}
	if m < 0 {
		dst = append(dst, '-')
		m = -m
	}
	u := uint64(m)
	dst = appendUint(dst, u/scale)
	fraction := uint32(u % scale)
	if fraction == 0 {
		return dst, true
	}
	high, low := fraction/1000, fraction%1000
	dst = append(dst, '.', byte('0'+high/100), byte('0'+high/10%10), byte('0'+high%10))
	if low != 0 {
		dst = append(dst, byte('0'+low/100), byte('0'+low/10%10), byte('0'+low%10))
	}
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst, true
}

func appendUint(dst []byte, u uint64) []byte {
	if u < 10 {
		return append(dst, byte('0'+u))
	}
	return strconv.AppendUint(dst, u, 10)
}
