package encoding

import "math/bits"

// SearchInts finds, in a column of n ascending integers, the place of the first that is t or more; n where there is none. Where the form
// allows, only few are decoded. Of a column that does not ascend some place from 0 to n is found.
func SearchInts(b []byte, n int, t int64) (int, error) {
	if n <= 0 || n > Most || len(b) == 0 || b[0] != formPacked {
		return searchAll(b, n, t)
	}
	c := cursor{b: b[1:]}
	base, unit, step := c.varint(), c.uvarint(), c.varint()
	shift := c.shift()
	width := uint(c.byte())
	if c.err != nil || width > 57 {
		return searchAll(b, n, t) // exceptions, too
	}
	packed := c.bytes(packedSize(n, width))
	if err := c.end("integers"); err != nil {
		return 0, err
	}
	i, j := 0, n
	if shift == 0 {
		i, j = between(base, unit, step, width, n, t)
	}
	for i < j {
		k := int(uint(i+j) / 2)
		if int64(base+unit*(residualAt(packed, k, width)+(uint64(k)*step>>shift))) < t {
			i = k + 1
		} else {
			j = k
		}
	}
	return i, nil
}

// between bounds the place of t on a line, of which residuals of width bits are above: before i all is less, from j on nothing is.
func between(base, unit, step uint64, width uint, n int, t int64) (i, j int) {
	over, slope := bits.Mul64(unit, step)
	above, spread := bits.Mul64(unit, maskOf(width))
	length, total := bits.Mul64(slope, uint64(n))
	if over|above|length != 0 || slope == 0 || total > 1<<62 || spread > 1<<62 || int64(base) > 1<<62 || int64(base) < -1<<62 {
		return 0, n // what wraps around can't be told from a line
	}
	if t <= int64(base) {
		return 0, 0
	}
	if t > int64(base+total+spread) {
		return n, n
	}
	ahead := uint64(t) - base
	j = int(min((ahead+slope-1)/slope, uint64(n)))
	if ahead > spread {
		i = int(min((ahead-spread+slope-1)/slope, uint64(n)))
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
	i, j := 0, n
	for i < j {
		if k := int(uint(i+j) / 2); v[k] < t {
			i = k + 1
		} else {
			j = k
		}
	}
	return i, nil
}
