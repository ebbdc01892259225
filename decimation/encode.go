package decimation

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"slices"
)

// The encoded form of Moments. It is the same for the same values in the same order, whatever they were merged from, and but for first and
// last for any order.
//
//	count    uvarint; after 0 there is nothing
//	min, max, first, last
//	         float64 each, little endian, finite; zeros are positive
//	sum      varint e, uvarint n, n bytes: an odd integer, lowest byte first, the last of them not 0, times 2^e; n = 0, and e = 0, is zero.
//	         The sign is the lowest bit of the uvarint: it holds 2n, or 2n+1 where the sum is negative
//	squares  the same, never negative
//
// Of a thousand values of one sensor that are some 60 bytes.

// mostBytes bounds the integers: 2^63 squares of float64s take 2^63 × 2^2048 ÷ 2^-2148, in bits.
const mostBytes = (63 + 2048 + 2148 + 7) / 8

var errEncoded = errors.New("decode moments: these bytes are not what Append writes")

// Append appends the encoded form to dst. m must have got its values by Add, Merge and Decode.
func (m *Moments) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(m.count))
	if m.count == 0 {
		return dst
	}
	for _, v := range [...]float64{m.min, m.max, m.first, m.last} {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v+0)) // −0 + 0 is 0
	}
	s := m.work()
	negative, exponent := m.exactSum(&s.sum)
	dst = appendInteger(dst, negative, &s.sum, exponent)
	exponent = m.exactSquares(&s.sum)
	return appendInteger(dst, false, &s.sum, exponent)
}

// appendInteger appends z × 2^exponent; it changes z.
func appendInteger(dst []byte, negative bool, z *big.Int, exponent int) []byte {
	if z.Sign() == 0 {
		return append(dst, 0, 0)
	}
	zeros := z.TrailingZeroBits()
	z.Rsh(z, zeros)
	n := (z.BitLen() + 7) / 8
	dst = binary.AppendVarint(dst, int64(exponent)+int64(zeros))
	sign := uint64(0)
	if negative {
		sign = 1
	}
	dst = binary.AppendUvarint(dst, uint64(n)<<1|sign)
	var buffer [mostBytes]byte
	z.FillBytes(buffer[:n]) // highest first
	slices.Reverse(buffer[:n])
	return append(dst, buffer[:n]...)
}

// Decode sets m to what the beginning of b encodes, and gives the rest of b. Bytes of another form, or of sums that the count and the extremes rule
// out, are an error, and m is empty then.
func (m *Moments) Decode(b []byte) (rest []byte, err error) {
	m.Reset()
	count, b, ok := readUvarint(b)
	if !ok || count > math.MaxInt64 {
		return nil, errEncoded
	}
	if count == 0 {
		return b, nil
	}
	if len(b) < 4*8 {
		return nil, errEncoded
	}
	var values [4]float64
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		if v := values[i]; math.IsNaN(v) || math.IsInf(v, 0) || v == 0 && math.Signbit(v) {
			return nil, errEncoded
		}
	}
	low, high := values[0], values[1]
	for _, v := range values {
		if v < low || v > high || count == 1 && v != low {
			return nil, errEncoded
		}
	}
	sum, b, ok := readInteger(b[4*8:])
	if !ok {
		return nil, errEncoded
	}
	squares, b, ok := readInteger(b)
	if !ok || squares.negative {
		return nil, errEncoded
	}
	magnitude := max(-low, high)
	if sum.compare(low, 1, count) < 0 || sum.compare(high, 1, count) > 0 || squares.compare(magnitude, magnitude, count) > 0 ||
		!m.restore(int64(count), magnitude, &sum, &squares) {
		m.Reset()
		return nil, errEncoded
	}
	m.count = int64(count)
	m.min, m.max, m.first, m.last = low, high, values[2], values[3]
	return b, nil
}

// encodedInteger is an integer, its lowest byte first, times 2^exponent.
type encodedInteger struct {
	negative bool
	exponent int
	bytes    []byte
}

// compare says whether x is less than (−1), equal to (0) or more than (1) a × b × n.
func (x *encodedInteger) compare(a, b float64, n uint64) int {
	bytes := slices.Clone(x.bytes)
	slices.Reverse(bytes)
	z := new(big.Float).SetInt(new(big.Int).SetBytes(bytes)) // as precise as it has bits
	if z.SetMantExp(z, x.exponent); x.negative {
		z.Neg(z)
	}
	const bits = 64 + 2*53
	bound := new(big.Float).SetPrec(bits).SetUint64(n)
	bound.Mul(bound, new(big.Float).SetFloat64(a))
	return z.Cmp(bound.Mul(bound, new(big.Float).SetFloat64(b)))
}

// words adds the integer's bits to a number in units of 2^unit, lowest word first, that has none of them.
func (x *encodedInteger) words(to []uint64, unit int) {
	shift := x.exponent - unit
	for i, b := range x.bytes {
		at := shift + 8*i
		to[at>>6] |= uint64(b) << (at & 63)
		if over := uint64(b) >> (64 - uint(at&63)); over != 0 {
			to[at>>6+1] |= over
		}
	}
}

// restore puts sums, which are within the bounds that count and extremes set, into the accumulator that holds them. magnitude is that of the
// largest value. It is false where no values have such sums: their variance would be negative.
func (m *Moments) restore(count int64, magnitude float64, sum, squares *encodedInteger) bool {
	m.fixed.clear()
	if magnitude == 0 {
		return len(sum.bytes)+len(squares.bytes) == 0
	}
	top := math.Ilogb(magnitude) + 1
	bottom := squares.exponent >> 1 // the shift rounds down
	if len(sum.bytes) > 0 {
		bottom = min(bottom, sum.exponent)
	}
	if len(squares.bytes) == 0 || bottom < lowestUnit { // some value is not zero, and none is finer than a subnormal
		return false
	}
	bottom = max(lowestUnit, min(bottom, top-53))
	bounds := Exponents{int16(bottom), int16(max(bottom, top-53))}
	if bounds.span() <= window && m.fixed.admit(bounds) {
		sum.words(m.fixed.sum[:], m.fixed.base)
		squares.words(m.fixed.squares[:], 2*m.fixed.base)
		if sum.negative {
			m.fixed.sum = m.fixed.sum.negated()
		}
		numerator := m.fixed.numerator(uint64(count))
		return int64(numerator[4]) >= 0
	}
	w := m.widen()
	w.clear()
	w.room(1)
	var words [(mostBytes + 15) / 8]uint64
	sum.words(words[:], lowestUnit)
	addWords(w.sum[:], 0, sum.negative, words[:]...)
	clear(words[:])
	squares.words(words[:], 2*lowestUnit)
	addWords(w.squares[:], 0, false, words[:]...)
	m.count = count
	s := m.work()
	m.exactVariance(s)
	return s.numerator.Sign() >= 0
}

func readUvarint(b []byte) (v uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 || n > 1 && b[n-1] == 0 { // longer than it has to be
		return 0, nil, false
	}
	return v, b[n:], true
}

func readInteger(b []byte) (x encodedInteger, rest []byte, ok bool) {
	u, b, ok := readUvarint(b)
	if !ok {
		return x, nil, false
	}
	exponent := int64(u>>1) ^ -int64(u&1) // binary's varint
	n, b, ok := readUvarint(b)
	if !ok || n>>1 > mostBytes || n>>1 > uint64(len(b)) || exponent < 2*lowestUnit || exponent > 2*1024+63 {
		return x, nil, false
	}
	x = encodedInteger{negative: n&1 == 1, exponent: int(exponent), bytes: b[:n>>1]}
	if len(x.bytes) == 0 {
		return x, b, n == 0 && exponent == 0
	}
	return x, b[n>>1:], x.bytes[0]&1 == 1 && x.bytes[len(x.bytes)-1] != 0
}
