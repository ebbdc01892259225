package encoding

import (
	"math"
	"math/bits"
)

// Line is a column of integers that is read at any place.
type Line struct {
	n                int
	base, unit, step uint64
	shift, width     uint
	packed           []byte // of the column
}

// LineOf takes apart a column of n integers, one to Most. ok is false where its form is not one to be read at any place. Nothing is decoded; the line points into b.
func LineOf(b []byte, n int) (l Line, ok bool, err error) {
	c := cursor{b: b}
	if n < 1 || n > Most {
		c.fail(errMost)
		return l, false, c.end("integers")
	}
	switch c.byte() {
	case formConstant:
		l = Line{n: n, base: c.varint()}
	case formLine:
		l = Line{n: n, base: c.varint(), step: c.varint(), unit: 1}
	case formPacked:
		l = Line{n: n, base: c.varint(), unit: c.uvarint(), step: c.varint(), shift: c.shift(), width: uint(c.byte())}
		if c.err != nil || l.width > 64 { // or with exceptions
			return l, false, nil
		}
		l.packed = c.bytes(packedSize(n, l.width))
	default:
		return l, false, nil
	}
	return l, true, c.end("integers")
}

// Search is the place of the first that is t or more in a line that ascends; its length where there is none.
func (l *Line) Search(t int64) int {
	i, j := l.between(t)
	for i < j {
		if k := int(uint(i+j) / 2); l.At(k) < t {
			i = k + 1
		} else {
			j = k
		}
	}
	return i
}

// At is integer i.
func (l *Line) At(i int) int64 {
	return int64(l.base + l.unit*(residualAt(l.packed, i, l.width)+uint64(i)*l.step>>l.shift))
}

// between bounds the place of t: before i all is less, from j on nothing is.
func (l *Line) between(t int64) (i, j int) {
	over, slope := bits.Mul64(l.unit, l.step)
	above, spread := bits.Mul64(l.unit, maskOf(l.width))
	const most = 1 << 61
	if l.shift > 0 || over|above != 0 || slope == 0 || slope > most/Most || spread > most || int64(l.base) > math.MaxInt64-int64(slope*uint64(l.n)+spread) {
		return 0, l.n // what wraps around is no line
	}
	if t <= int64(l.base) {
		return 0, 0
	}
	ahead := uint64(t) - l.base
	j = int(min((ahead-1)/slope+1, uint64(l.n)))
	if ahead > spread {
		i = int(min((ahead-spread-1)/slope+1, uint64(l.n)))
	}
	return i, j
}
