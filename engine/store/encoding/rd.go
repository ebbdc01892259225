package encoding

import (
	"math"
	"slices"
)

// ALP-RD, of the same paper, for numbers that are no decimals. Those of one sensor differ little in their sign, exponent and first bits; what is
// right of these is noise, and stays as it is.

const (
	mostLeft   = 16 // bits left of the cut
	mostLefts  = 8  // of the dictionary
	leastRight = 64 - mostLeft
)

// appendRD appends v in this form, or nothing where no cut gains anything.
func appendRD(b []byte, v []float64) []byte {
	var sample [64]uint64
	k := min(len(v), len(sample))
	for i := range k {
		sample[i] = math.Float64bits(v[i*len(v)/k])
	}
	right, least := uint(0), 63*k
	var lefts []uint16
	for cut := uint(leastRight); cut < 64; cut++ {
		dictionary, misses := leftsOf(sample[:k], cut)
		if size := k*(int(cut)+lenOf(len(dictionary))) + misses*80 + 16*len(dictionary); size < least {
			right, least, lefts = cut, size, dictionary
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
		place := slices.Index(lefts, uint16(whole>>right))
		if place < 0 {
			out = append(out, uint16(i))
			place, whole = 0, 0
		}
		places[i], rights[i] = uint64(place), whole&maskOf(right)
	}
	b = append(b, formRD, byte(right), byte(len(lefts)))
	for _, l := range lefts {
		b = le.AppendUint16(b, l)
	}
	b = appendInts(appendInts(b, places[:len(v)]), rights[:len(v)])
	return appendExceptions(b, v, out)
}

// leftsOf are the most frequent bits left of a cut, and how many numbers have others.
func leftsOf(sample []uint64, cut uint) (lefts []uint16, misses int) {
	var left [64]uint16
	for i, x := range sample {
		left[i] = uint16(x >> cut)
	}
	slices.Sort(left[:len(sample)])
	type count struct {
		left uint16
		n    int
	}
	var counts []count
	for _, l := range left[:len(sample)] {
		if k := len(counts); k > 0 && counts[k-1].left == l {
			counts[k-1].n++
		} else {
			counts = append(counts, count{l, 1})
		}
	}
	slices.SortStableFunc(counts, func(a, b count) int { return b.n - a.n })
	for i, c := range counts {
		if i < mostLefts {
			lefts = append(lefts, c.left)
		} else {
			misses += c.n
		}
	}
	return lefts, misses
}

// lenOf is how many bits tell k things apart.
func lenOf(k int) (bits int) {
	for 1<<bits < k {
		bits++
	}
	return bits
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
