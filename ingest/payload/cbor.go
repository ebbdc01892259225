package payload

import (
	"encoding/binary"
	"math"
	"math/big"
	"unicode/utf8"

	"decant/ingest/payload/decimal"
)

// cborReader reads CBOR (RFC 8949) item by item, as SenML needs it. Lengths are checked against what is there before anything is
// allocated. Texts point into the payload or into joined, and hold until the next open.
type cborReader struct {
	data     []byte
	pos      int
	depth    int
	maxDepth int
	joined   []byte // strings that came in chunks, and map keys
	keys     keyStack
}

// CBOR's major types (RFC 8949 section 3.1).
const (
	majorUnsigned = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

const (
	tagPositiveBig   = 2
	tagNegativeBig   = 3
	tagDecimal       = 4
	tagSelfDescribed = "\xd9\xd9\xf7" // tag 55799
	simpleFalse      = 20
	simpleTrue       = 21
	infoHalf         = 25
	infoSingle       = 26
	infoDouble       = 27
	infoIndefinite   = 31
	breakByte        = 0xff
	indefinite       = math.MaxUint64 // as the length of an array or map
	maxBignumBytes   = 1024
	nameOfCBOREnd    = "the payload ends inside an item"
	nameOfIndefinite = "an indefinite length where none is allowed"
)

// cborHead is the head of an item.
type cborHead struct {
	major byte
	info  byte
	arg   uint64 // meaningless where indefinite
}

func (h cborHead) indefinite() bool { return h.info == infoIndefinite }

// open starts a payload, after the tag that marks CBOR where that stands.
func (c *cborReader) open(data []byte, maxDepth int) {
	*c = cborReader{data: data, maxDepth: maxDepth, joined: c.joined[:0], keys: keyStack{list: c.keys.list[:0]}}
	if len(data) > 2 && string(data[:3]) == tagSelfDescribed {
		c.pos = 3
	}
}

func (c *cborReader) faultAt(offset int, format string, args ...any) error {
	return fault(ReasonCBOR, offset, format, args...)
}

// head reads an item's first bytes.
func (c *cborReader) head() (cborHead, error) {
	if c.pos >= len(c.data) {
		return cborHead{}, c.faultAt(c.pos, nameOfCBOREnd)
	}
	first := c.data[c.pos]
	h := cborHead{major: first >> 5, info: first & 31}
	size := 0
	switch {
	case h.info < 24:
		h.arg = uint64(h.info)
	case h.info < 28:
		size = 1 << (h.info - 24)
	case h.info < infoIndefinite:
		return h, c.faultAt(c.pos, "reserved byte 0x%02x", first)
	case h.major < majorBytes || h.major == majorTag:
		return h, c.faultAt(c.pos, nameOfIndefinite)
	}
	if len(c.data)-c.pos-1 < size {
		return h, c.faultAt(c.pos, nameOfCBOREnd)
	}
	arg := c.data[c.pos+1:]
	switch size {
	case 1:
		h.arg = uint64(arg[0])
	case 2:
		h.arg = uint64(binary.BigEndian.Uint16(arg))
	case 4:
		h.arg = uint64(binary.BigEndian.Uint32(arg))
	case 8:
		h.arg = binary.BigEndian.Uint64(arg)
	}
	if h.major == majorSimple && h.info == 24 && h.arg < 32 {
		return h, c.faultAt(c.pos, "a simple value below 32 in two bytes")
	}
	c.pos += 1 + size
	return h, nil
}

// peekMajor is the major type of the next item. At the end it is none.
func (c *cborReader) peekMajor() int {
	if c.pos >= len(c.data) {
		return -1
	}
	return int(c.data[c.pos] >> 5)
}

// deeper goes down one level.
func (c *cborReader) deeper() error {
	c.depth++
	if c.depth > c.maxDepth {
		return fault(ReasonLimit, c.pos, "arrays, maps and tags are nested deeper than %d", c.maxDepth)
	}
	return nil
}

// enter opens the array or map whose head was read. count is the number of its elements, or indefinite.
func (c *cborReader) enter(h cborHead) (count uint64, err error) {
	if err := c.deeper(); err != nil {
		return 0, err
	}
	if h.indefinite() {
		return indefinite, nil
	}
	if h.arg > uint64(len(c.data)-c.pos) {
		return 0, c.faultAt(c.pos, nameOfCBOREnd)
	}
	return h.arg, nil
}

// more says whether another element follows, of an array or map that has had i of count. At the end it closes it.
func (c *cborReader) more(i, count uint64) bool {
	end := i == count
	if count == indefinite && c.pos < len(c.data) && c.data[c.pos] == breakByte {
		c.pos++
		end = true
	}
	if end {
		c.depth--
	}
	return !end
}

// bytes reads the rest of a byte or text string. The chunks of a text are UTF-8, each by itself (RFC 8949 section 3.2.3).
func (c *cborReader) bytes(h cborHead) ([]byte, error) {
	if !h.indefinite() {
		return c.chunk(h)
	}
	from := len(c.joined)
	for {
		if c.pos < len(c.data) && c.data[c.pos] == breakByte {
			c.pos++
			return c.joined[from:len(c.joined):len(c.joined)], nil
		}
		at := c.pos
		part, err := c.head()
		if err != nil {
			return nil, err
		}
		if part.major != h.major || part.indefinite() {
			return nil, c.faultAt(at, "a string in chunks has a chunk of another kind")
		}
		chunk, err := c.chunk(part)
		if err != nil {
			return nil, err
		}
		c.joined = append(c.joined, chunk...)
	}
}

func (c *cborReader) chunk(h cborHead) ([]byte, error) {
	if h.arg > uint64(len(c.data)-c.pos) {
		return nil, c.faultAt(c.pos, nameOfCBOREnd)
	}
	at := c.pos
	c.pos += int(h.arg)
	b := c.data[at:c.pos:c.pos]
	if h.major == majorText && !utf8.Valid(b) {
		return nil, c.faultAt(at, "a text is not UTF-8")
	}
	return b, nil
}

// number reads an integer, a bignum, a float or a decimal fraction. ok is false where the item is something else; then it is not passed over.
func (c *cborReader) number() (d decimal.Decimal, ok bool, err error) {
	at := c.pos
	switch c.peekMajor() {
	case majorUnsigned, majorNegative, majorTag, majorSimple:
	default:
		return d, false, nil
	}
	h, err := c.head()
	if err != nil {
		return d, false, err
	}
	switch {
	case h.major == majorUnsigned && h.arg <= math.MaxInt64:
		return decimal.FromInt(int64(h.arg)), true, nil
	case h.major == majorNegative && h.arg <= math.MaxInt64:
		return decimal.FromInt(-1 - int64(h.arg)), true, nil
	case h.major == majorUnsigned || h.major == majorNegative || h.major == majorTag && (h.arg == tagPositiveBig || h.arg == tagNegativeBig):
		c.pos = at
		n, err := c.integer()
		if err != nil {
			return d, false, err
		}
		d, err = decimal.FromBig(n, 0)
		return d, true, c.faultNumber(at, err)
	case h.major == majorTag && h.arg == tagDecimal:
		d, err = c.decimalFraction(at)
		return d, true, err
	case h.major == majorSimple && h.info >= infoHalf && h.info <= infoDouble:
		d, err = decimal.FromFloat(floatOf(h))
		return d, true, c.faultNumber(at, err)
	}
	c.pos = at
	return d, false, nil
}

// faultNumber is the fault of a number out of bounds.
func (c *cborReader) faultNumber(at int, err error) error {
	if err == nil {
		return nil
	}
	if err == decimal.ErrLong {
		return fault(ReasonLimit, at, "the number is %v", err)
	}
	return fault(ReasonValue, at, "the number is %v, or not a number at all", err)
}

// floatOf widens a float to double, which changes no value.
func floatOf(h cborHead) float64 {
	switch h.info {
	case infoHalf:
		return halfFloat(uint16(h.arg))
	case infoSingle:
		return float64(math.Float32frombits(uint32(h.arg)))
	}
	return math.Float64frombits(h.arg)
}

// halfFloat is the value of an IEEE 754 binary16 (RFC 8949 appendix D).
func halfFloat(b uint16) float64 {
	exponent, mantissa := int(b>>10&31), float64(b&1023)
	var f float64
	switch exponent {
	case 0:
		f = math.Ldexp(mantissa, -24)
	case 31:
		f = math.Inf(1)
		if mantissa != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(mantissa+1024, exponent-25)
	}
	if b>>15 == 1 {
		return -f
	}
	return f
}

// integer reads an integer of any size.
func (c *cborReader) integer() (*big.Int, error) {
	at := c.pos
	h, err := c.head()
	if err != nil {
		return nil, err
	}
	n := new(big.Int)
	switch {
	case h.major == majorUnsigned:
		return n.SetUint64(h.arg), nil
	case h.major == majorNegative:
		return n.Not(n.SetUint64(h.arg)), nil // -1 - arg
	case h.major != majorTag || h.arg != tagPositiveBig && h.arg != tagNegativeBig:
		return nil, c.faultAt(at, "an integer is needed here")
	}
	content, err := c.head()
	if err != nil {
		return nil, err
	}
	if content.major != majorBytes {
		return nil, c.faultAt(at, "a bignum must be a byte string")
	}
	b, err := c.bytes(content)
	if err != nil {
		return nil, err
	}
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) > maxBignumBytes {
		return nil, fault(ReasonLimit, at, "a bignum of more than %d bytes", maxBignumBytes)
	}
	n.SetBytes(b)
	if h.arg == tagNegativeBig {
		n.Not(n)
	}
	return n, nil
}

// decimalFraction reads the content of tag 4: [exponent, mantissa] (RFC 8949 section 3.4.4).
func (c *cborReader) decimalFraction(at int) (d decimal.Decimal, err error) {
	h, err := c.head()
	if err != nil {
		return d, err
	}
	if h.major != majorArray || !h.indefinite() && h.arg != 2 {
		return d, c.faultAt(at, "a decimal fraction must be an array of exponent and mantissa")
	}
	if c.peekMajor() != majorUnsigned && c.peekMajor() != majorNegative {
		return d, c.faultAt(at, "the exponent of a decimal fraction must be an integer")
	}
	exponent, err := c.integer()
	if err != nil {
		return d, err
	}
	mantissa, err := c.integer()
	if err != nil {
		return d, err
	}
	if h.indefinite() {
		if c.pos >= len(c.data) || c.data[c.pos] != breakByte {
			return d, c.faultAt(c.pos, "a decimal fraction must have two elements")
		}
		c.pos++
	}
	e := int64(math.MaxInt64)
	if exponent.IsInt64() {
		e = exponent.Int64()
	} else if exponent.Sign() < 0 {
		e = math.MinInt64
	}
	d, err = decimal.FromBig(mantissa, e)
	return d, c.faultNumber(at, err)
}
