package encoding

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var (
	errEnd      = errors.New("its bytes end early")
	errLeft     = errors.New("it has bytes left over")
	errVarint   = errors.New("a number in it is longer than 64 bits")
	errWidth    = errors.New("its width is more than 64 bits")
	errShift    = errors.New("its shift is out of range")
	errPlace    = errors.New("an exception lies outside of it")
	errMost     = fmt.Errorf("it is asked for more than %d values", Most)
	errLengths  = errors.New("its lengths are not those of its texts")
	errRuns     = errors.New("its runs are not of its length")
	errNested   = errors.New("its runs are made of runs")
	errCode     = errors.New("a place lies outside of its dictionary")
	errDecimal  = errors.New("its powers of ten are out of range")
	errRight    = errors.New("its cut is out of range")
	errTextSize = errors.New("its texts are longer than they may be")
)

var le = binary.LittleEndian

// cursor reads a column from its first byte on. It is sticky: after a fault all reads give zeros, and err is that fault.
type cursor struct {
	b      []byte
	err    error
	inside bool // of runs, which are not made of runs: what reads itself must end
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.b = nil
}

// end is the fault, or that bytes are left.
func (c *cursor) end(what string) error {
	if c.err == nil && len(c.b) > 0 {
		c.err = errLeft
	}
	if c.err != nil {
		return fmt.Errorf("decode a column of %s: %w", what, c.err)
	}
	return nil
}

func (c *cursor) byte() byte {
	if len(c.b) == 0 {
		c.fail(errEnd)
		return 0
	}
	x := c.b[0]
	c.b = c.b[1:]
	return x
}

// bytes are the next n, in place; nil after a fault.
func (c *cursor) bytes(n int) []byte {
	if n > len(c.b) {
		c.fail(errEnd)
		return nil
	}
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) uvarint() uint64 {
	if len(c.b) > 0 && c.b[0] < 0x80 {
		x := c.b[0]
		c.b = c.b[1:]
		return uint64(x)
	}
	return c.longUvarint()
}

func (c *cursor) longUvarint() uint64 {
	x, n := binary.Uvarint(c.b)
	if n <= 0 {
		if n == 0 {
			c.fail(errEnd)
		} else {
			c.fail(errVarint)
		}
		return 0
	}
	c.b = c.b[n:]
	return x
}

// varint is a signed number, modulo 2^64.
func (c *cursor) varint() uint64 {
	x := c.uvarint()
	return x>>1 ^ -(x & 1)
}

func (c *cursor) uint16() uint16 {
	b := c.bytes(2)
	if b == nil {
		return 0
	}
	return le.Uint16(b)
}

func (c *cursor) uint64() uint64 {
	b := c.bytes(8)
	if b == nil {
		return 0
	}
	return le.Uint64(b)
}

func appendUvarint(b []byte, x uint64) []byte { return binary.AppendUvarint(b, x) }

func appendVarint(b []byte, x uint64) []byte { return binary.AppendVarint(b, int64(x)) }
