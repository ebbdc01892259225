package decimation

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

var errEncoded = errors.New("decode moments: these bytes are not what Append writes")

// mostBytes bounds the sums: 2^63 squares of float64s take 2^63 × 2^2048 ÷ 2^-2148, in bits.
const mostBytes = (63 + 2048 + 2148 + 7) / 8

// MergeEncoded adds what the beginning of b encodes, as if those values came after m's, and gives the rest of b. It is as good as Merge of what was
// encoded. Bytes of another form, or with sums that no values between their extremes have, are an error, and m stays as it is.
func (m *Moments) MergeEncoded(b []byte) (rest []byte, err error) {
	return m.mergeEncoded(needEnds|needExtremes|needSum|needSquares, b)
}

// MergeExtremes is MergeEncoded for Min, Max and Count alone: Result may be asked for no other function then.
func (m *Moments) MergeExtremes(b []byte) (rest []byte, err error) {
	return m.mergeEncoded(needExtremes, b)
}

// mergeEncoded is MergeEncoded for the functions that need no more than n; Result may then be asked for these alone.
func (m *Moments) mergeEncoded(n needs, b []byte) (rest []byte, err error) {
	var e encoded
	rest, ok := e.read(b)
	if !ok || e.count > math.MaxInt64-m.count {
		return nil, errEncoded
	}
	if e.count == 0 {
		return rest, nil
	}
	if e.notFinite {
		m.widen().notFinite, m.wide.used = true, true
		m.mergeValues(n, &e)
		return rest, nil
	}
	bounds, ok := e.bounds()
	if !ok {
		return nil, errEncoded
	}
	if bounds.span() > window {
		return rest, m.mergeWide(&e)
	}
	if !e.possible(n) {
		return nil, errEncoded
	}
	m.mergeValues(n, &e)
	switch {
	case n&(needSum|needSquares) == 0 || bounds.zero():
	case m.fixed.admit(bounds):
		m.fixed.sum.addBytes(e.sum, e.unit-m.fixed.base, e.negative)
		if n&needSquares != 0 {
			m.fixed.squares.addBytes(e.squares, 2*(e.unit-m.fixed.base), false)
		}
	default:
		x := fixed{base: e.unit, bounds: bounds}
		x.sum.addBytes(e.sum, 0, e.negative)
		x.squares.addBytes(e.squares, 0, false)
		m.widen().addFixed(&x)
	}
	return rest, nil
}

// mergeValues is Merge without the sums.
func (m *Moments) mergeValues(n needs, e *encoded) {
	first := m.count == 0
	if first {
		m.fixed.bounds = NoExponents
	}
	m.count += e.count
	if n&needEnds != 0 {
		if m.last = e.value(e.last); first {
			m.first = e.value(e.first)
		}
	}
	if n&needExtremes != 0 {
		low, high := e.value(e.min), e.value(e.max)
		if first {
			m.min, m.max = low, high
		}
		m.min, m.max = min(m.min, low), max(m.max, high)
	}
}

// mergeWide is MergeEncoded of sums that don't fit the fixed accumulator.
func (m *Moments) mergeWide(e *encoded) error {
	o := Moments{
		count: e.count, min: e.value(e.min), max: e.value(e.max), first: e.value(e.first), last: e.value(e.last), wide: &wide{used: true, added: 1},
	}
	o.fixed.bounds = NoExponents
	var words [(mostBytes + 15) / 8]uint64
	position := uint64(e.unit - lowestUnit)
	setBytes(words[:], e.sum)
	addWords(o.wide.sum[:], position, e.negative, words[:]...)
	clear(words[:])
	setBytes(words[:], e.squares)
	addWords(o.wide.squares[:], 2*position, false, words[:]...)
	if mean := o.mean(); mean < o.min || mean > o.max {
		return errEncoded
	}
	s := o.work()
	if o.exactVariance(s); s.numerator.Sign() < 0 {
		return errEncoded
	}
	m.Merge(&o)
	return nil
}

// encoded is what an encoded form says.
type encoded struct {
	count                 int64
	notFinite             bool    // nothing more is known
	min, max, first, last float64 // times power: value gives them
	power                 float64
	unit                  int
	negative              bool   // the sum is
	sum, squares          []byte // magnitudes in units of 2^unit and 2^(2 × unit), lowest byte first
}

// read takes the beginning of b apart.
func (e *encoded) read(b []byte) (rest []byte, ok bool) {
	count, b, ok := readUvarint(b)
	if e.count = int64(count); !ok || e.count < 0 {
		return nil, false
	}
	if e.count == 0 {
		return b, true
	}
	if len(b) > 0 && b[0] == formNotFinite {
		e.notFinite = true
		return b[1:], true
	}
	if b, ok = e.readValues(b); !ok {
		return nil, false
	}
	u, b, ok := readUvarint(b)
	e.unit = int(unzigzag(u))
	if !ok || e.unit < lowestUnit || e.unit > 2048 {
		return nil, false
	}
	n, b, ok := readUvarint(b)
	if e.sum, b, ok = readBytes(b, n>>1, ok); !ok || n == 1 {
		return nil, false
	}
	e.negative = n&1 == 1
	n, b, ok = readUvarint(b)
	e.squares, b, ok = readBytes(b, n, ok)
	return b, ok
}

// value is one of the four that power has yet to divide.
func (e *encoded) value(v float64) float64 { return v / e.power }

// readValues takes min, max, first and last.
func (e *encoded) readValues(b []byte) (rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, false
	}
	form, b := b[0], b[1:]
	switch {
	case int(form) < len(powers):
		b, ok = e.readDecimals(b, powers[form])
	case form == formFloats && len(b) >= 4*8:
		ok, e.power = true, 1
		for i, v := range [...]*float64{&e.min, &e.max, &e.first, &e.last} {
			*v = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
			ok = ok && math.Abs(*v) <= math.MaxFloat64 && (*v != 0 || !math.Signbit(*v)) && e.min <= *v
		}
		b, ok = b[4*8:], ok && e.first <= e.max && e.last <= e.max
	}
	return b, ok && (e.count > 1 || e.min == e.max)
}

func (e *encoded) readDecimals(b []byte, power float64) (rest []byte, ok bool) {
	u, b, ok := readUvarint(b)
	if !ok || u > 2*mostDigits {
		return nil, false
	}
	least := unzigzag(u)
	var most, first, last uint64 // above least
	if most, b, ok = readUvarint(b); !ok || most > uint64(mostDigits-least) {
		return nil, false
	}
	if first, b, ok = readUvarint(b); !ok || first > most {
		return nil, false
	}
	if last, b, ok = readUvarint(b); !ok || last > most {
		return nil, false
	}
	e.min, e.max, e.power = float64(least), float64(least+int64(most)), power
	e.first, e.last = float64(least+int64(first)), float64(least+int64(last))
	return b, true
}

// bounds bounds the exponents that the values must have had, as far as the accumulators mind. It is false where so many values below the extremes have not such large
// sums.
func (e *encoded) bounds() (Exponents, bool) {
	magnitude := math.Float64bits(e.value(max(-e.min, e.max))) << 1
	if magnitude == 0 {
		return NoExponents, len(e.sum) == 0 && len(e.squares) == 0 && e.unit == 0
	}
	high := exponentOf(magnitude)
	bounds := Exponents{int16(min(e.unit, int(high))), high}
	most := bounds.top() - e.unit // bits of a value
	n := bits.Len64(uint64(e.count))
	return bounds, len(e.squares) > 0 && bitLength(e.sum) <= n+most && bitLength(e.squares) <= n+2*most
}

// possible tells whether values such as e says can have such sums: their mean lies between the extremes, and their variance is not negative. It looks at what n needs,
// and exactly only where floats, which are right to some 50 bits, leave a doubt.
func (e *encoded) possible(n needs) bool {
	const doubt = 0x1p-40
	if n&(needSum|needSquares) == 0 {
		return true
	}
	count, sum := float64(e.count), floatOf(e.sum)
	all := sum * powerOfTwo(e.unit) * e.power // in the extremes' own measure
	if e.negative {
		all = -all
	}
	margin := doubt * count * max(-e.min, e.max)
	within := all-margin > count*e.min && all+margin < count*e.max
	if within && (n&needSquares == 0 || count*floatOf(e.squares) > sum*sum*(1+doubt)) {
		return true
	}
	return e.possibleExactly()
}

func (e *encoded) possibleExactly() bool {
	x := fixed{base: e.unit}
	x.sum.addBytes(e.sum, 0, false)
	x.squares.addBytes(e.squares, 0, false)
	mean := x.mean(uint64(e.count))
	if e.negative {
		mean = -mean
	}
	if mean < e.value(e.min) || mean > e.value(e.max) {
		return false
	}
	variance := x.numerator(uint64(e.count))
	return int64(variance[4]) >= 0
}

// powerOfTwo is 2^e, or not a number where that is not an ordinary float64.
func powerOfTwo(e int) float64 {
	if e < -1022 || e > 1023 {
		return math.NaN()
	}
	return math.Float64frombits(uint64(e+1023) << 52)
}

// floatOf is nearly a number of at most 32 bytes, lowest first.
func floatOf(b []byte) (v float64) {
	if len(b) > 16 {
		return floatOf(b[16:])*0x1p128 + floatOf(b[:16])
	}
	low, high := lowWords(b)
	return float64(high)*0x1p64 + float64(low)
}

// lowWords is a number of at most 16 bytes, lowest first.
func lowWords(b []byte) (low, high uint64) {
	switch n := len(b); {
	case n > 8: // the last eight bytes, without those that are in low
		return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:]) >> (8 * uint(16-n))
	case n == 8:
		return binary.LittleEndian.Uint64(b), 0
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<(8*uint(n-4)), 0
	}
	for i, v := range b {
		low |= uint64(v) << (8 * uint(i))
	}
	return low, 0
}

// addBytes adds a magnitude of at most 32 bytes, lowest first, times 2^by, which fits; or takes it off.
func (z *int256) addBytes(b []byte, by int, negative bool) {
	var x int256
	if len(b) > 16 || by >= 64 {
		setBytes(x[:], b)
		x.shift(by)
	} else {
		low, high := lowWords(b)
		at := uint(by)
		x[0], x[1], x[2] = low<<at, high<<at|low>>(64-at), high>>(64-at)
	}
	if negative {
		z.subtract(&x)
	} else {
		z.add(&x)
	}
}

// setBytes sets words, which are zeros and enough, to a number, both lowest first.
func setBytes(words []uint64, b []byte) {
	whole := len(b) / 8
	for i := range whole {
		words[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	switch rest := len(b) % 8; {
	case rest > 0 && whole > 0: // the last eight bytes, without those that are in words
		words[whole] = binary.LittleEndian.Uint64(b[len(b)-8:]) >> (64 - 8*rest)
	case rest > 0:
		for i, v := range b {
			words[0] |= uint64(v) << (8 * i)
		}
	}
}

// bitLength is that of a number whose last byte is its highest and not 0.
func bitLength(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	return 8*(len(b)-1) + bits.Len8(b[len(b)-1])
}

func readUvarint(b []byte) (v uint64, rest []byte, ok bool) {
	switch { // most have two bytes at most
	case len(b) > 0 && b[0] < 0x80:
		return uint64(b[0]), b[1:], true
	case len(b) > 1 && b[1] < 0x80 && b[1] != 0:
		return uint64(b[0]&0x7f) | uint64(b[1])<<7, b[2:], true
	}
	v, n := binary.Uvarint(b)
	if n <= 0 || b[n-1] == 0 { // longer than it has to be
		return 0, nil, false
	}
	return v, b[n:], true
}

// unzigzag makes a varint of a uvarint.
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// readBytes takes n bytes, the last of them not 0. With !ok it takes none.
func readBytes(b []byte, n uint64, ok bool) (taken, rest []byte, _ bool) {
	if !ok || n > mostBytes || n > uint64(len(b)) || n > 0 && b[n-1] == 0 {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}
