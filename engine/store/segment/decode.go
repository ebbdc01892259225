package segment

import "decant/engine/store/encoding"

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
	if c.line, c.lined, err = encoding.LineOf(c.packed.columns[packedTime], c.n); err != nil {
		return err
	}
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
	c.laid = laid{}
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

// search is the first row from i on with time ≥ t. Times that are a line are not decoded for it.
func (c *columns) search(i int, t int64) (int, error) {
	if c.lined && c.missing&needTime != 0 {
		return max(i, c.line.Search(t)), nil
	}
	if err := c.need(needTime); err != nil {
		return 0, err
	}
	return lowerBound(c.time, i, t), nil
}
