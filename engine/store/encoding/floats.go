package encoding

import (
	"fmt"
	"math"
	"unsafe"
)

// AppendFloats appends a column of v, at most Most values, to b. No values take no bytes.
func AppendFloats(b []byte, v []float64) []byte {
	atMost(len(v))
	if len(v) == 0 {
		return b
	}
	start := len(b)
	b = appendALP(b, v)
	if size := len(b) - start; size == 0 || size*2 > 5*len(v) { // of good decimals little more is to be gained
		b = smaller(b, start, func(b []byte) []byte { return appendInts(append(b, formBits), floatBits(v)) })
		b = smaller(b, start, func(b []byte) []byte { return appendDistinct(b, v, 1) })
		b = smaller(b, start, func(b []byte) []byte { return appendRD(b, v) })
	} else if size > len(v) { // unless they are a few that lie far apart: codes, flags
		b = smaller(b, start, func(b []byte) []byte { return appendDistinct(b, v, sampledDistinct/4) })
	}
	if len(b) == start || len(b)-start > 1+8*len(v) {
		b = append(b[:start], formFloats)
		for _, x := range v {
			b = le.AppendUint64(b, math.Float64bits(x))
		}
	}
	return b
}

// Floats sets dst to the values of a column that AppendFloats made of as many, the same to the bit.
func Floats(dst []float64, b []byte) error {
	c := cursor{b: b}
	if len(dst) > Most {
		c.fail(errMost)
	} else if len(dst) > 0 {
		c.floats(dst)
	}
	return c.end("numbers")
}

func (c *cursor) floats(dst []float64) {
	switch form := c.byte(); form {
	case formFloats:
		b := c.bytes(8 * len(dst))
		if b == nil {
			return
		}
		for i := range dst {
			dst[i] = math.Float64frombits(le.Uint64(b[8*i:]))
		}
	case formBits:
		c.ints(floatBits(dst))
	case formALP:
		c.alp(dst)
	case formDistinct:
		c.distinct(dst)
	case formRD:
		c.rd(dst)
	default:
		if c.err == nil {
			c.fail(fmt.Errorf("its form %#x is none of numbers", form))
		}
	}
}

// floatBits are the bits of the same numbers.
func floatBits(v []float64) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

// exceptions replaces the numbers that come whole.
func (c *cursor) exceptions(dst []float64) {
	count, at := c.uvarint(), uint64(0)
	if count > uint64(len(dst)) {
		c.fail(errPlace)
	}
	for range count {
		at += c.uvarint()
		bits := c.uint64()
		if c.err != nil {
			return
		}
		if at >= uint64(len(dst)) {
			c.fail(errPlace)
			return
		}
		dst[at] = math.Float64frombits(bits)
	}
}

// appendExceptions appends the numbers of v at the places.
func appendExceptions(b []byte, v []float64, places []uint16) []byte {
	b = appendUvarint(b, uint64(len(places)))
	last := 0
	for _, at := range places {
		b = appendUvarint(b, uint64(int(at)-last))
		b = le.AppendUint64(b, math.Float64bits(v[at]))
		last = int(at)
	}
	return b
}
