package encoding

import (
	"math/bits"
	"slices"
)

// plan says how residuals are to be packed: as what lies between low and low + 2^width; the others are exceptions.
type plan struct {
	low        uint64
	width      uint
	exceptions int
	size       int // in bytes, about
}

// sampled is of how many values a median is taken.
const sampled = 33

// planOf finds a plan for x, at least one, which are signed modulo 2^64.
func planOf(x []uint64) plan {
	n := len(x)
	low, high := int64(x[0]), int64(x[0])
	for _, v := range x {
		low, high = min(low, int64(v)), max(high, int64(v))
	}
	all := plan{low: uint64(low), width: uint(bits.Len64(uint64(high) - uint64(low)))}
	all.size = 1 + packedSize(n, all.width)
	if all.width < 4 || n < 16 {
		return all
	}

	// How far some lie from one in the middle tells which width leaves few out. What it does leave out, of all, is counted then.
	middle := median(x)
	var far [65]int
	k := min(n, 128)
	for i := range k {
		d := x[i*n/k] - middle
		far[bits.Len64(d^uint64(int64(d)>>63))]++
	}
	best, near, out := all.size, all.width, k
	for w := uint(0); w+1 < all.width; w++ {
		out -= far[w]
		if size := 4 + packedSize(n, w+1) + out*n/k*(2+int(all.width-w)/7); size < best {
			best, near = size, w
		}
	}
	if near == all.width {
		return all
	}
	first := true
	some := plan{}
	for _, v := range x {
		d := v - middle
		if uint(bits.Len64(d^uint64(int64(d)>>63))) > near {
			some.exceptions++
			continue
		}
		if first {
			low, high, first = int64(v), int64(v), false
		}
		low, high = min(low, int64(v)), max(high, int64(v))
	}
	some.low, some.width = uint64(low), uint(bits.Len64(uint64(high)-uint64(low)))
	some.size = 4 + packedSize(n, some.width) + some.exceptions*(2+int(all.width-some.width)/7)
	if some.size+n/64 < all.size { // an exception takes longer to read than some bits more of all
		return some
	}
	return all
}

// median is about the median of x.
func median(x []uint64) uint64 {
	var few [sampled]int64
	k := min(len(x), sampled)
	for i := range k {
		few[i] = int64(x[i*len(x)/k])
	}
	slices.Sort(few[:k])
	return uint64(few[k/2])
}

// append appends x, each less p.low, packed. x is overwritten.
func (p plan) append(b []byte, x []uint64) []byte {
	for i := range x {
		x[i] -= p.low
	}
	if p.exceptions == 0 {
		return appendPacked(append(b, byte(p.width)), x, p.width)
	}
	b = appendPacked(append(b, byte(p.width)|exceptional), x, p.width)
	at := len(b)
	b = append(b, 0, 0)
	count, last := 0, 0
	for i, v := range x {
		if high := uint64(int64(v) >> p.width); high != 0 {
			b = appendUvarint(b, uint64(i-last))
			b = appendVarint(b, high)
			count, last = count+1, i
		}
	}
	le.PutUint16(b[at:], uint16(count))
	return b
}

// residuals sets dst[i] to base + i × step + unit × residual i.
func (c *cursor) residuals(dst []uint64, base, step, unit uint64) {
	head := c.byte()
	width := uint(head &^ exceptional)
	if width > 64 {
		c.fail(errWidth)
		return
	}
	packed := c.bytes(packedSize(len(dst), width))
	if c.err != nil {
		return
	}
	unpack(dst, packed, width, base, step, unit)
	if head&exceptional == 0 {
		return
	}
	count, at := int(c.uint16()), uint64(0)
	for range count {
		at += c.uvarint()
		high := c.varint()
		if c.err != nil {
			return
		}
		if at >= uint64(len(dst)) {
			c.fail(errPlace)
			return
		}
		dst[at] += unit * (high << width)
	}
}
