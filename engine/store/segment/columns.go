package segment

import (
	"fmt"
	"unsafe"

	"decant/decimation"
	"decant/engine/store/encoding"
	"decant/ingest"
)

// columns is one block laid open: slices over mapped bytes, over what was decoded of them, or over Rows. What kinds and protocols leave nil is constant. Of a block
// of version 2 a column is there once need has decoded it.
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

	offsets []int32 // texts of a segment
	text    []byte
	texts   []string // texts in memory

	sum         []float64 // nil: no row has one
	sumValid    []byte    // of a segment; nil: all have
	hasSum      []bool    // in memory
	update      []int64
	updateValid []byte
	hasUpdate   []bool

	reader *Reader // of version 1, whose columns lie in the map; else nil
	first  int64   // time of the first row, and
	last   int64   // of the last
	bounds decimation.Exponents
	known  bool     // bounds holds those of value
	ahead  [2]*byte // the next block's header and values, were it of as many rows

	packed   packed
	file     *Reader // of version 2, and
	offset   int64   // where in it the block lies: for errors
	missing  need    // what packed has and is not decoded yet
	own      buffers
	gathered bool // a batch points to rows of it
	holders  int  // who point to these columns: the next block gets others while there are several
}

// need is a set of fields: bit 1<<f is field f.
type need uint8

const (
	needTime     need = 1 << fieldTime
	needValue    need = 1 << fieldValue
	needText     need = 1 << fieldText
	needSum      need = 1 << fieldSum
	needUpdate   need = 1 << fieldUpdate
	needReceived need = 1 << fieldReceived

	needIdentity = needValue | needText | needSum
	needAll      = need(1<<len(fieldTypes) - 1)
)

// buffers are what columns are decoded into, again and again.
type buffers struct {
	time, received, update []int64
	value, sum             []float64
	offsets                []int32
	text                   []byte
}

// lay lays open a block of version 2, whose bytes are b. Nothing is decoded.
func (c *columns) lay(k *block, b []byte) (err error) {
	c.reset()
	c.n, c.strict, c.kind = int(k.rows), k.strict, k.kind
	if c.packed, err = parsePacked(b, k.kind, c.n); err != nil {
		return err
	}
	c.protocol, c.protocols = c.packed.protocol, c.packed.protocols
	c.missing = needTime | needReceived
	if isNumber(k.kind) {
		c.missing |= needValue
	}
	if hasText(k.kind) {
		c.missing |= needText
	}
	if c.packed.columns[packedSum] != nil {
		c.missing |= needSum
	}
	if c.packed.columns[packedUpdate] != nil {
		c.missing |= needUpdate
	}
	return nil
}

// reset forgets the block. It keeps the buffers.
func (c *columns) reset() {
	*c = columns{own: c.own, holders: c.holders, gathered: c.gathered}
}

// need decodes the columns of fields that are not there yet.
func (c *columns) need(fields need) error {
	if fields &= c.missing; fields == 0 {
		return nil
	}
	if err := c.decode(fields); err != nil {
		return c.corrupt(err)
	}
	return nil
}

func (c *columns) corrupt(err error) error {
	return c.file.corrupt(c.offset, "a block can't be: "+err.Error())
}

func (c *columns) decode(fields need) (err error) {
	p, own := &c.packed.columns, &c.own
	if fields&needReceived != 0 { // it is encoded beside time
		fields |= needTime & c.missing
	}
	if fields&needTime != 0 {
		c.time = sized(&own.time, c.n)
		if err = encoding.Ints(c.time, p[packedTime]); err != nil {
			return err
		}
		c.missing &^= needTime
	}
	if fields&needValue != 0 {
		c.value = sized(&own.value, c.n)
		if err = encoding.Floats(c.value, p[packedValue]); err != nil {
			return err
		}
	}
	if fields&needText != 0 {
		c.offsets = sized(&own.offsets, c.n+1)
		if c.text, err = encoding.Texts(c.offsets, own.text[:0], p[packedText], mostText(c.n)); err != nil {
			return err
		}
		own.text = c.text
	}
	if fields&needReceived != 0 {
		c.received = sized(&own.received, c.n)
		if err = encoding.IntsBeside(c.received, p[packedReceived], c.time); err != nil {
			return err
		}
	}
	if fields&needSum != 0 {
		c.sum, c.sumValid = sized(&own.sum, c.n), c.packed.sumValid
		if err = encoding.Floats(c.sum, p[packedSum]); err != nil {
			return err
		}
	}
	if fields&needUpdate != 0 {
		c.update, c.updateValid = sized(&own.update, c.n), c.packed.updateValid
		if err = encoding.Ints(c.update, p[packedUpdate]); err != nil {
			return err
		}
	}
	c.missing &^= fields
	return nil
}

// mostText is the most text that a block of n rows has.
func mostText(n int) int {
	if n == 1 {
		return maxText
	}
	return textLimit
}

// sized is a buffer's first n entries.
func sized[T any](buffer *[]T, n int) []T {
	if cap(*buffer) < n {
		*buffer = make([]T, max(n, BlockRows+1))
	}
	return (*buffer)[:n]
}

// search is the first row from i on with time ≥ t. Where the times were not decoded they stay so.
func (c *columns) search(i int, t int64) (int, error) {
	if c.missing&needTime == 0 {
		return lowerBound(c.time, i, t), nil
	}
	j, err := encoding.SearchInts(c.packed.columns[packedTime], c.n, t)
	if err != nil {
		return 0, c.corrupt(err)
	}
	return max(i, j), nil
}

// checkContent looks at what the merge and Arrow rely on: the times and the text offsets.
func (c *columns) checkContent(k *block) error {
	if err := c.decode(needTime & c.missing); err != nil {
		return err
	}
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
	c.reset()
	c.n, c.strict, c.time, c.first, c.last, c.received = j-i, strictlyAscending(s.Time), s.Time, s.Time[0], s.Time[j-i-1], s.Received
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
