package encoding

import (
	"math"
	"math/bits"
	"slices"
)

// ALP-RD, of the same paper, for numbers that are no decimals. Those of one sensor differ little in their sign, exponent and first bits; what is
// right of these is noise, and stays as it is. Where the first bits lie close to each other, whole bits packed as integers take no more, and
// are read three times as fast; this form is for those of both signs, or of some sizes far apart.

const (
	mostLeft   = 16 // bits left of the cut
	mostLefts  = 8  // of the dictionary
	leastRight = 64 - mostLeft
)

// appendRD appends v in this form, or nothing where no cut gains anything.
func appendRD(b []byte, v []float64) []byte {
	var sorted [64]uint64
	k := min(len(v), len(sorted))
	for i := range k {
		sorted[i] = math.Float64bits(v[i*len(v)/k])
	}
	slices.Sort(sorted[:k]) // and so is what is left of any cut
	var best, d lefts
	right, least := uint(0), 63*k
	for cut := uint(leastRight); cut < 64; cut++ {
		misses := d.count(sorted[:k], cut)
		if size := k*(int(cut)+bits.Len(uint(d.n-1))) + misses*80 + 16*d.n; size < least {
			right, least, best = cut, size, d
		}
	}
	if right == 0 {
		return b
	}

	var places, rights [Most]uint64
	var except [Most]uint16
	out := except[:0]
	for i, x := range v {
		whole := math.Float64bits(x)
		place := slices.Index(best.left[:best.n], uint16(whole>>right))
		if place < 0 {
			out = append(out, uint16(i))
			place, whole = 0, 0
		}
		places[i], rights[i] = uint64(place), whole&maskOf(right)
	}
	b = append(b, formRD, byte(right), byte(best.n))
	for _, l := range best.left[:best.n] {
		b = le.AppendUint16(b, l)
	}
	b = appendInts(appendInts(b, places[:len(v)]), rights[:len(v)])
	return appendExceptions(b, v, out)
}

// lefts is a dictionary of what stands left of a cut, the most frequent first, and how often each comes.
type lefts struct {
	n    int
	left [mostLefts]uint16
	come [mostLefts]int
}

// count makes the dictionary of sorted numbers, and returns how many of them have something else left of the cut.
func (d *lefts) count(sorted []uint64, cut uint) (misses int) {
	d.n = 0
	for i := 0; i < len(sorted); {
		left, start := sorted[i]>>cut, i
		for i < len(sorted) && sorted[i]>>cut == left {
			i++
		}
		misses += d.add(uint16(left), i-start)
	}
	return misses
}

// add puts one in its place, and returns how often that comes which gave way.
func (d *lefts) add(left uint16, times int) (out int) {
	at := d.n
	if d.n < mostLefts {
		d.n++
	} else if at--; d.come[at] < times {
		out = d.come[at]
	} else {
		return times
	}
	for ; at > 0 && d.come[at-1] < times; at-- {
		d.left[at], d.come[at] = d.left[at-1], d.come[at-1]
	}
	d.left[at], d.come[at] = left, times
	return out
}

func (c *cursor) rd(dst []float64) {
	right, k := uint(c.byte()), int(c.byte())
	if right < leastRight || right > 63 || k < 1 || k > mostLefts {
		c.fail(errRight)
		return
	}
	var lefts [mostLefts]uint64
	for i := range k {
		lefts[i] = uint64(c.uint16()) << right
	}
	var buffer [Most]uint64
	places := buffer[:len(dst)]
	c.ints(places)
	whole := floatBits(dst)
	c.ints(whole)
	all := uint64(0)
	for i, place := range places {
		all |= place
		whole[i] |= lefts[place%mostLefts]
	}
	if all >= mostLefts {
		c.fail(errCode)
	}
	c.exceptions(dst)
}
