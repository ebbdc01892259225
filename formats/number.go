package formats

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
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
	n := len(dst)
	dst = slices.Grow(dst, fewDecimalsRoom)[:n+fewDecimalsRoom]
	room := (*[fewDecimalsRoom]byte)(dst[n:])
	i := 0
	if m < 0 {
		room[0] = '-'
		i, m = 1, -m
	}
	whole, fraction := uint32(uint64(m)/scale), uint32(uint64(m)%scale)
	if whole >= 1e6 {
		i += put(room, i, &bareDigits[whole/1e6])
		put(room, i, &threeDigits[whole/1e3%1e3])
		put(room, i+3, &threeDigits[whole%1e3])
		i += 6
	} else if whole >= 1e3 {
		i += put(room, i, &bareDigits[whole/1e3])
		put(room, i, &threeDigits[whole%1e3])
		i += 3
	} else {
		i += put(room, i, &bareDigits[whole])
	}
	if fraction != 0 {
		room[i] = '.'
		i++
		high, low := fraction/1e3, fraction%1e3
		significant := put(room, i, &threeDigits[high])
		if low != 0 {
			significant = 3 + put(room, i+3, &threeDigits[low])
		}
		i += significant
	}
	return dst[:n+i], true
}

// fewDecimalsRoom holds a sign, nine digits, a point, six digits, and what put writes beyond them.
const fewDecimalsRoom = 24

// digits are up to three digits of a number below 1000, and how many of them count.
type digits [4]byte

// put writes three digits to room[at:], at ≤ 15, and a byte beyond that means nothing. It says how many of them count.
func put(room *[fewDecimalsRoom]byte, at int, d *digits) int {
	*(*digits)(room[at&15:]) = *d
	return int(d[3])
}

// threeDigits has leading zeros; its trailing zeros do not count. bareDigits begins with the first digit that is not 0, or the last.
var threeDigits, bareDigits = digitTables()

func digitTables() (three, bare [1000]digits) {
	for n := range three {
		text := fmt.Sprintf("%03d", n)
		copy(three[n][:], text)
		three[n][3] = byte(len(strings.TrimRight(text, "0")))
		text = strconv.Itoa(n)
		copy(bare[n][:], text)
		bare[n][3] = byte(len(text))
	}
	return three, bare
}

func appendUint(dst []byte, u uint64) []byte {
	if u < 10 {
		return append(dst, byte('0'+u))
	}
	return strconv.AppendUint(dst, u, 10)
}
