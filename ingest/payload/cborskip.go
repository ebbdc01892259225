package payload

import "encoding/binary"

// skip passes over one item of any kind, checking it: well-formed, not too deep, no key twice in a map.
func (c *cborReader) skip() error {
	at := c.pos
	h, err := c.head()
	if err != nil {
		return err
	}
	switch h.major {
	case majorBytes, majorText:
		_, err = c.bytes(h)
		return err
	case majorArray:
		count, err := c.enter(h)
		if err != nil {
			return err
		}
		for i := uint64(0); c.more(i, count); i++ {
			if err := c.skip(); err != nil {
				return err
			}
		}
	case majorMap:
		return c.skipMap(h)
	case majorTag:
		if err := c.deeper(); err != nil {
			return err
		}
		err := c.skip()
		c.depth--
		return err
	case majorSimple:
		if h.indefinite() {
			return c.faultAt(at, "a break without an open item")
		}
	}
	return nil
}

func (c *cborReader) skipMap(h cborHead) error {
	count, err := c.enter(h)
	if err != nil {
		return err
	}
	keys := c.keys.open()
	for i := uint64(0); c.more(i, count); i++ {
		at := c.pos
		key, err := c.anyKey()
		if err != nil {
			return err
		}
		if !c.keys.add(&keys, key) {
			return c.faultAt(at, "a key stands twice in one map")
		}
		if err := c.skip(); err != nil {
			return err
		}
	}
	c.keys.close(keys)
	return nil
}

// anyKey reads a map's key in a form that is equal for equal keys: integers and texts by value, all else by its bytes.
func (c *cborReader) anyKey() ([]byte, error) {
	at := c.pos
	switch c.peekMajor() {
	case majorUnsigned, majorNegative:
		h, err := c.head()
		return c.integerKey(h), err
	case majorText:
		h, err := c.head()
		if err != nil {
			return nil, err
		}
		text, err := c.bytes(h)
		return c.textKey(text), err
	}
	err := c.skip()
	return c.data[at:c.pos], err
}

// integerKey is an integer key as bytes that no other key has: its encoding of full length.
func (c *cborReader) integerKey(h cborHead) []byte {
	from := len(c.joined)
	c.joined = append(c.joined, h.major<<5|27)
	c.joined = binary.BigEndian.AppendUint64(c.joined, h.arg)
	return c.joined[from:len(c.joined):len(c.joined)]
}

// textKey is a text key as bytes that no other key has.
func (c *cborReader) textKey(text []byte) []byte {
	from := len(c.joined)
	c.joined = append(c.joined, majorText<<5)
	c.joined = append(c.joined, text...)
	return c.joined[from:len(c.joined):len(c.joined)]
}
