package encoding

import (
	"math"
	"math/bits"
	"slices"
)

// SearchInts finds, in a column of n ascending integers, the place of the first that is t or more; n where there is none. Where the form
// allows, only few are decoded. Of a column that does not ascend some place from 0 to n is found.
func SearchInts(b []byte, n int, t int64) (int, error) {
	if n <= 0 || n > Most || len(b) == 0 {
		return searchAll(b, n, t)
	}
	c := cursor{b: b[1:]}
	var l line
	switch b[0] {
	case formConstant:
		l = line{base: c.varint()}
	case formLine:
		l = line{base: c.varint(), step: c.varint(), unit: 1}
	case formPacked:
		l = line{base: c.varint(), unit: c.uvarint(), step: c.varint(), shift: c.shift(), width: uint(c.byte())}
		if c.err != nil || l.width > 64 { // or with exceptions
			return searchAll(b, n, t)
		}
		l.packed = c.bytes(packedSize(n, l.width))
	default:
		return searchAll(b, n, t)
	}
	if err := c.end("integers"); err != nil {
		return 0, err
	}
	i, j := l.between(n, t)
	for i < j {
		if k := int(uint(i+j) / 2); l.at(k) < t {
			i = k + 1
		} else {
			j = k
		}
	}
	return i, nil
}

// line is a column that is read at any place.
type line struct {
	base, unit, step uint64
	shift, width     uint
	packed           []byte
}

func (l *line) at(i int) int64 {
	return int64(l.base + l.unit*(residualAt(l.packed, i, l.width)+uint64(i)*l.step>>l.shift))
}

// between bounds the place of t: before i all is less, from j on nothing is.
func (l *line) between(n int, t int64) (i, j int) {
	over, slope := bits.Mul64(l.unit, l.step)
	above, spread := bits.Mul64(l.unit, maskOf(l.width))
	const most = 1 << 61
	if l.shift > 0 || over|above != 0 || slope == 0 || slope > most/Most || spread > most || int64(l.base) > math.MaxInt64-int64(slope*uint64(n)+spread) {
		return 0, n // what wraps around is no line
	}
	if t <= int64(l.base) {
		return 0, 0
	}
	ahead := uint64(t) - l.base
	j = int(min((ahead-1)/slope+1, uint64(n)))
	if ahead > spread {
		i = int(min((ahead-spread-1)/slope+1, uint64(n)))
	}
	return i, j
}

func searchAll(b []byte, n int, t int64) (int, error) {
	var v [Most]int64
	if n < 0 || n > Most {
		c := cursor{err: errMost}
		return 0, c.end("integers")
	}
	if err := Ints(v[:n], b); err != nil {
		return 0, err
	}
	i, _ := slices.BinarySearch(v[:n], t)
	return i, nil
}
