package segment

import (
	"fmt"
	"unsafe"

	"decant/decimation"
	"decant/ingest"
)

// columns is one block laid open: slices over mapped bytes or over Rows. What kinds and protocols leave nil is constant.
type columns struct {
	n      int
	strict bool // no two rows have the same time

	time      []int64
	kind      ingest.Kind
	kinds     []ingest.Kind
	value     []float64 // nil where no row is a number or bool
	received  []int64
	protocol  ingest.Protocol
	protocols []ingest.Protocol

	offsets []int32 // mapped texts
	text    []byte
	texts   []string // texts in memory

	sum         []float64 // nil: no row has one
	sumValid    []byte    // mapped; nil: all have
	hasSum      []bool    // in memory
	update      []int64
	updateValid []byte
	hasUpdate   []bool

	reader *Reader // nil in memory
	first  int64   // time of the first row, and
	last   int64   // of the last
	bounds decimation.Exponents
	known  bool     // bounds holds those of value
	ahead  [2]*byte // the next block's header and values, were it of as many rows
	held   bool     // somebody points to these columns: the next block gets others
}

// parse lays open the block k, whose bytes are b. It believes nothing that the checksum does not cover, and so checks only what a
// file made on purpose could have wrong: lengths.
func (c *columns) parse(k *block, b []byte) error {
	if le.Uint32(b) != magicBlock || le.Uint32(b[4:]) != uint32(k.rows) || b[12] != byte(k.kind) {
		return fmt.Errorf("its header is not that of the index")
	}
	*c = columns{n: int(k.rows), strict: k.strict, kind: k.kind, protocol: ingest.Protocol(b[13])}
	var raw [columnCount][]byte
	at := blockHeader
	for i := range raw {
		length := int(le.Uint32(b[24+4*i:]))
		switch encoding := b[14+i]; {
		case encoding == encodingRaw && length <= len(b)-at:
			raw[i] = b[at : at+length : at+length]
			at += padded(length)
		case encoding == encodingConstant && i == colProtocol && length == 0:
		case encoding == encodingNone && length == 0:
		default:
			return fmt.Errorf("column %d has an encoding %d or a length %d that can't be", i, encoding, length)
		}
	}
	if at != len(b) {
		return fmt.Errorf("its columns fill %d of %d bytes", at, len(b))
	}
	return c.assign(b, &raw)
}

// assign gives each column its bytes, where their number is right.
func (c *columns) assign(b []byte, raw *[columnCount][]byte) error {
	n := c.n
	for _, want := range []struct {
		column, length int
		needed         bool
	}{
		{colTime, 8 * n, true},
		{colValue, 8 * n, isNumber(c.kind)},
		{colOffsets, 4 * (n + 1), hasText(c.kind)},
		{colReceived, 8 * n, true},
		{colProtocol, n, b[14+colProtocol] == encodingRaw},
		{colSumValid, (n + 7) / 8, b[14+colSumValid] == encodingRaw},
		{colSum, 8 * n, b[14+colSum] == encodingRaw},
		{colUpdateValid, (n + 7) / 8, b[14+colUpdateValid] == encodingRaw},
		{colUpdate, 8 * n, b[14+colUpdate] == encodingRaw},
	} {
		if there := b[14+want.column] == encodingRaw; there != want.needed || there && len(raw[want.column]) != want.length {
			return fmt.Errorf("column %d is not of %d rows", want.column, n)
		}
	}
	if hasText(c.kind) != (b[14+colText] == encodingRaw) {
		return fmt.Errorf("a text column where none belongs, or none where one does")
	}
	c.time = columnOf[int64](raw[colTime])
	c.value = columnOf[float64](raw[colValue])
	c.offsets, c.text = columnOf[int32](raw[colOffsets]), raw[colText]
	c.received = columnOf[int64](raw[colReceived])
	c.protocols = columnOf[ingest.Protocol](raw[colProtocol])
	c.sum, c.sumValid = columnOf[float64](raw[colSum]), raw[colSumValid]
	c.update, c.updateValid = columnOf[int64](raw[colUpdate]), raw[colUpdateValid]
	return nil
}

// checkContent looks at what the merge and Arrow rely on: the times and the text offsets.
func (c *columns) checkContent(k *block) error {
	if c.time[0] != k.first || c.time[c.n-1] != k.last {
		return fmt.Errorf("its times are not those of the index")
	}
	for i := 1; i < c.n; i++ {
		if c.time[i] < c.time[i-1] || k.strict && c.time[i] == c.time[i-1] {
			return fmt.Errorf("its times are not in order")
		}
	}
	last := int32(0)
	for i, o := range c.offsets {
		if o < last || i == 0 && o != 0 {
			return fmt.Errorf("its texts overlap")
		}
		last = o
	}
	if int(last) != len(c.text) {
		return fmt.Errorf("its texts have %d of %d bytes", last, len(c.text))
	}
	return nil
}

// memory lays open rows i ≤ k < j of r.
func (c *columns) memory(r *Rows, i, j int) {
	s := r.Slice(i, j)
	*c = columns{n: j - i, strict: strictlyAscending(s.Time), time: s.Time, first: s.Time[0], last: s.Time[j-i-1], received: s.Received}
	if any, _ := some(s.HasSum); any {
		c.sum, c.hasSum = s.Sum, s.HasSum
	}
	if any, _ := some(s.HasUpdate); any {
		c.update, c.hasUpdate = s.Update, s.HasUpdate
	}
	var same bool
	if c.kind, same = constant(s.Kind); !same {
		c.kinds, c.value = s.Kind, s.Number
	} else if isNumber(c.kind) {
		c.value = s.Number
	}
	if !same || hasText(c.kind) {
		c.texts = s.Text
	}
	if c.protocol, same = constant(s.Protocol); !same {
		c.protocols = s.Protocol
	}
}

// firstOf is the time of row i.
func (c *columns) firstOf(i int) int64 {
	if i == 0 {
		return c.first
	}
	return c.time[i]
}

// lastOf is the time of row j−1.
func (c *columns) lastOf(j int) int64 {
	if j == c.n {
		return c.last
	}
	return c.time[j-1]
}

func (c *columns) kindAt(i int) ingest.Kind {
	if c.kinds != nil {
		return c.kinds[i]
	}
	return c.kind
}

func (c *columns) protocolAt(i int) ingest.Protocol {
	if c.protocols != nil {
		return c.protocols[i]
	}
	return c.protocol
}

// textAt is a row's string or bytes. It is valid as long as the block's memory is.
func (c *columns) textAt(i int) string {
	if c.texts != nil {
		return c.texts[i]
	}
	if c.offsets == nil || c.offsets[i] == c.offsets[i+1] {
		return ""
	}
	b := c.text[c.offsets[i]:c.offsets[i+1]]
	return unsafe.String(&b[0], len(b))
}

func (c *columns) hasSumAt(i int) bool {
	switch {
	case c.hasSum != nil:
		return c.hasSum[i]
	case c.sumValid != nil:
		return bitSet(c.sumValid, i)
	}
	return c.sum != nil
}

func (c *columns) hasUpdateAt(i int) bool {
	switch {
	case c.hasUpdate != nil:
		return c.hasUpdate[i]
	case c.updateValid != nil:
		return bitSet(c.updateValid, i)
	}
	return c.update != nil
}
