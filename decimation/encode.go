package decimation

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
	"slices"
)

// The encoded form of Moments. It is the same for the same values in the same order, whatever they were merged from, and but for first and
// last for any order.
//
//	count    uvarint; after 0 there is nothing
//	form     a byte, how min, max, first and last follow:
//	         0 to 15  as decimals, each the float64 nearest to a whole number d ÷ 10^form, |d| ≤ 2^53. min's d as varint; of max, first and last,
//	                  as uvarint, how much more their d is. form is the least with which all four can be had
//	         254      there is nothing after it: some value was not finite
//	         255      as float64, little endian, where decimals don't serve. Zeros are positive
//	unit     varint e, the largest with which the next two are whole; 0 where all values are zeros
//	sum      uvarint 2n, or 2n+1 where the sum is negative; then n bytes, lowest first and the last not 0: its magnitude ÷ 2^e
//	squares  uvarint n, then n bytes in the same way: the sum of squares ÷ 2^(2e)
//
// uvarint and varint are those of encoding/binary, no longer than they have to be. Of a thousand values of one sensor that are some 40 bytes.
const (
	formNotFinite = 254
	formFloats    = 255
	mostDigits    = 1 << 53 // a float64 holds all whole numbers up to it
)

// powers are those of ten that decimals are divided by; float64 holds each exactly.
var powers = [16]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// Append appends the encoded form to dst. m must have got its values by Add, Merge and MergeEncoded.
func (m *Moments) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(m.count))
	switch {
	case m.count == 0:
		return dst
	case m.wide != nil && m.wide.notFinite:
		return append(dst, formNotFinite)
	}
	dst = appendValues(dst, &[4]float64{m.min + 0, m.max + 0, m.first + 0, m.last + 0}) // −0 + 0 is 0
	if m.onlyFixed() {
		return m.fixed.append(dst)
	}
	return m.appendWide(dst)
}

// appendValues appends the smallest of values and three more.
func appendValues(dst []byte, values *[4]float64) []byte {
	digits, form, ok := inDecimals(values)
	if !ok {
		dst = append(dst, formFloats)
		for _, v := range values {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
		}
		return dst
	}
	dst = append(dst, form)
	dst = binary.AppendVarint(dst, digits[0])
	for _, d := range digits[1:] {
		dst = binary.AppendUvarint(dst, uint64(d-digits[0]))
	}
	return dst
}

// inDecimals finds the least form with which every value is digits ÷ 10^form.
func inDecimals(values *[4]float64) (digits [4]int64, form byte, ok bool) {
forms:
	for form, power := range powers {
		for i, v := range values {
			d := math.RoundToEven(v * power)
			if math.Abs(d) > mostDigits {
				return digits, 0, false // a larger power is no better
			}
			if d/power != v {
				continue forms
			}
			digits[i] = int64(d)
		}
		return digits, byte(form), true
	}
	return digits, 0, false
}

// append appends unit, sum and squares.
func (x *fixed) append(dst []byte) []byte {
	if x.squares == (int256{}) {
		return append(dst, 0, 0, 0)
	}
	negative, sum := x.sum.magnitude()
	squares := x.squares
	by := min(sum.trailingZeros(), squares.trailingZeros()/2)
	sum.shift(-by)
	squares.shift(-2 * by)
	dst = binary.AppendVarint(dst, int64(x.base+by))
	dst = sum.appendBytes(dst, 1, negative)
	return squares.appendBytes(dst, 0, false)
}

// trailingZeros is how many of the lowest bits are 0.
func (z *int256) trailingZeros() int {
	for i, w := range z {
		if w != 0 {
			return 64*i + bits.TrailingZeros64(w)
		}
	}
	return 64 * len(z)
}

// appendBytes appends how many bytes a magnitude has, with room for a sign below, and the bytes.
func (z *int256) appendBytes(dst []byte, room uint, negative bool) []byte {
	var bytes [8 * len(int256{})]byte
	n := 0
	for i, w := range z {
		binary.LittleEndian.PutUint64(bytes[8*i:], w)
		if w != 0 {
			n = 8*i + (bits.Len64(w)+7)/8
		}
	}
	return append(appendLength(dst, n, room, negative), bytes[:n]...)
}

func appendLength(dst []byte, n int, room uint, negative bool) []byte {
	length := uint64(n) << room
	if negative {
		length++
	}
	return binary.AppendUvarint(dst, length)
}

// appendWide is append where the wide accumulator holds something.
func (m *Moments) appendWide(dst []byte) []byte {
	s := m.work()
	negative, exponent := m.exactSum(&s.sum)
	squares := m.exactSquares(&s.squares)
	if s.squares.Sign() == 0 {
		return append(dst, 0, 0, 0)
	}
	unit := (squares + int(s.squares.TrailingZeroBits())) >> 1 // rounds down
	if s.sum.Sign() != 0 {
		unit = min(unit, exponent+int(s.sum.TrailingZeroBits()))
	}
	dst = binary.AppendVarint(dst, int64(unit))
	dst = appendInteger(dst, &s.sum, exponent-unit, 1, negative)
	return appendInteger(dst, &s.squares, squares-2*unit, 0, false)
}

// appendInteger is appendBytes for z × 2^by, which is whole. It changes z.
func appendInteger(dst []byte, z *big.Int, by int, room uint, negative bool) []byte {
	if by < 0 {
		z.Rsh(z, uint(-by))
	} else {
		z.Lsh(z, uint(by))
	}
	n := (z.BitLen() + 7) / 8
	dst = appendLength(dst, n, room, negative)
	at := len(dst)
	dst = append(dst, make([]byte, n)...)
	z.FillBytes(dst[at:]) // highest first
	slices.Reverse(dst[at:])
	return dst
}
