package encoding

import (
	"cmp"
	"math"
	"slices"
)

// Numbers of which each comes back often, as those of a coarse sensor that were converted to another unit, or codes that lie far apart, are places
// in a dictionary. It is sorted, so that places move as the numbers do.

// leastRepeats is how often a number must come on average.
const leastRepeats = 3

// sampledDistinct is of how many values is seen whether they repeat: of so many, one is to be expected where it is worth to look at all.
const sampledDistinct = 64

// appendDistinct appends v in this form, or nothing where too many numbers are different, or fewer than repeats of a sample come again.
func appendDistinct(b []byte, v []float64, repeats int) []byte {
	var buffer [Most]float64
	k := min(len(v), sampledDistinct)
	for i := range k {
		buffer[i] = v[i*len(v)/k]
	}
	if k-len(sortedDistinct(buffer[:k])) < repeats {
		return b
	}
	distinct := sortedDistinct(append(buffer[:0], v...))
	if len(distinct)*leastRepeats > len(v) {
		return b
	}
	var places [Most]uint64
	for i, x := range v {
		place, _ := slices.BinarySearchFunc(distinct, x, inOrder)
		places[i] = uint64(place)
	}
	b = appendUvarint(append(b, formDistinct), uint64(len(distinct)))
	return appendInts(appendInts(b, floatBits(distinct)), places[:len(v)])
}

func sortedDistinct(v []float64) []float64 {
	slices.SortFunc(v, inOrder)
	return slices.CompactFunc(v, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
}

// inOrder compares numbers, and the bits of those that are equal.
func inOrder(a, b float64) int {
	if c := cmp.Compare(a, b); c != 0 {
		return c
	}
	return cmp.Compare(math.Float64bits(a), math.Float64bits(b))
}

func (c *cursor) distinct(dst []float64) {
	k := c.uvarint()
	if k < 1 || k > uint64(len(dst)) {
		c.fail(errCode)
		return
	}
	var values [Most]uint64
	c.ints(values[:k])
	places := floatBits(dst)
	c.ints(places)
	all := uint64(0)
	for i, place := range places {
		all |= place
		places[i] = values[place%Most]
	}
	if all >= Most {
		c.fail(errCode)
	}
}
