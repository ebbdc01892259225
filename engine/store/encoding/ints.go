package encoding

import (
	"fmt"
	"unsafe"
)

// Most is how many values a column has at most.
const Most = 1024

// AppendInts appends a column of v, at most Most values, to b. No values take no bytes.
func AppendInts(b []byte, v []int64) []byte {
	atMost(len(v))
	if len(v) == 0 {
		return b
	}
	return appendInts(b, words(v))
}

// Ints sets dst to the values of a column that AppendInts made of as many.
func Ints(dst []int64, b []byte) error {
	c := cursor{b: b}
	if len(dst) > Most {
		c.fail(errMost)
	} else if len(dst) > 0 {
		c.ints(words(dst))
	}
	return c.end("integers")
}

func atMost(n int) {
	if n > Most {
		panic(fmt.Sprintf("encoding: a column of %d values; there may be %d", n, Most))
	}
}

// words are the same integers without a sign: arithmetic on them is modulo 2^64.
func words(v []int64) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

func appendInts(b []byte, v []uint64) []byte {
	start := len(b)
	return smaller(appendFlat(b, v), start, func(b []byte) []byte { return appendRuns(b, v) })
}

// appendFlat is appendInts without runs.
func appendFlat(b []byte, v []uint64) []byte {
	var u, work [Most]uint64
	start := len(b)
	if unit := unitsOf(u[:len(v)], v); unit == 0 {
		b = appendVarint(append(b, formConstant), v[0])
	} else {
		b = chooseShape(u[:len(v)], work[:len(v)]).append(b, v[0], unit, u[:len(v)])
	}
	if len(b)-start > 1+8*len(v) {
		b = append(b[:start], formRaw)
		for _, x := range v {
			b = le.AppendUint64(b, x)
		}
	}
	return b
}

// ints reads one column of integers, which ends by itself.
func (c *cursor) ints(dst []uint64) {
	switch form := c.byte(); form {
	case formRaw:
		b := c.bytes(8 * len(dst))
		if b == nil {
			return
		}
		for i := range dst {
			dst[i] = le.Uint64(b[8*i:])
		}
	case formConstant:
		unpack(dst, nil, 0, c.varint(), 0, 0)
	case formLine:
		base := c.varint()
		unpack(dst, nil, 0, base, c.varint(), 0)
	case formPacked:
		base, unit, step := c.varint(), c.uvarint(), c.varint()
		shift := c.shift()
		if shift == 0 {
			c.residuals(dst, base, unit*step, unit)
			return
		}
		c.residuals(dst, base, 0, unit)
		for i, along := 0, uint64(0); i < len(dst); i++ {
			dst[i] += unit * (along >> shift)
			along += step
		}
	case formRuns:
		if c.inside {
			c.fail(errNested)
			return
		}
		c.runs(dst)
	case formDelta:
		base, unit, step := c.varint(), c.uvarint(), c.varint()
		c.residuals(dst, unit*step, 0, unit)
		dst[0] = base
		sum(dst, 0)
	case formDelta2:
		base, unit, second, step := c.varint(), c.uvarint(), c.varint(), c.varint()
		c.residuals(dst, unit*step, 0, unit)
		dst[0] = base
		if len(dst) > 1 {
			dst[1] = unit * second
			sum(dst[1:], 0)
			sum(dst, 0)
		}
	default:
		if c.err == nil {
			c.fail(fmt.Errorf("its form %#x is none of integers", form))
		}
	}
}

func (c *cursor) shift() uint {
	shift := uint(c.byte())
	if shift > mostShift {
		c.fail(errShift)
	}
	return shift
}
