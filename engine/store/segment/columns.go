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
	laid
	own      buffers
	gathered bool // a batch points to rows of it
	holders  int  // who point to these columns: the next block gets others while there are several
}

// laid is what columns know of a block.
type laid struct {
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

	packed  packed
	file    *Reader       // of version 2, and
	offset  int64         // where in it the block lies: for errors
	missing need          // what packed has and is not decoded yet
	line    encoding.Line // the times, where
	lined   bool          // they are one
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

// timeAt is the time of row i. The first and the last are known, and a line tells any.
func (c *columns) timeAt(i int) (int64, error) {
	switch {
	case i == 0:
		return c.first, nil
	case i == c.n-1:
		return c.last, nil
	case c.lined:
		return c.line.At(i), nil
	}
	if err := c.need(needTime); err != nil {
		return 0, err
	}
	return c.time[i], nil
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
