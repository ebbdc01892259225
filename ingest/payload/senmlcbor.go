package payload

import "strings"

// integerLabels are the labels as CBOR spells them, from -6 to 8 (RFC 8428 section 6, table 4).
var integerLabels = [...]label{
	labelBaseSum, labelBaseValue, labelBaseUnit, labelBaseTime, labelBaseName, labelBaseVersion,
	labelName, labelUnit, labelValue, labelString, labelBool, labelSum, labelTime, labelUpdate, labelData,
}

const lowestLabel = -6

// senmlCBOR reads a pack in SenML CBOR: an array of records, or one record alone, with or without the tag that marks CBOR.
func (w *work) senmlCBOR(data []byte) error {
	c := &w.cbor
	c.open(data, w.config.MaxDepth)
	w.pack.open()
	w.record = 0
	switch c.peekMajor() {
	case majorMap:
		if err := w.cborRecord(); err != nil {
			return err
		}
		w.record++
	case majorArray:
		h, err := c.head()
		if err != nil {
			return err
		}
		count, err := c.enter(h)
		if err != nil {
			return err
		}
		for i := uint64(0); c.more(i, count); i++ {
			if err := w.cborRecord(); err != nil {
				return err
			}
			w.record++
		}
	default:
		return fault(ReasonCBOR, c.pos, "neither an array of SenML records nor a record")
	}
	if w.record == 0 {
		return fault(ReasonSenML, 0, "the pack has no records; at least one is needed")
	}
	if rest := len(data) - c.pos; rest > 0 {
		return c.faultAt(c.pos, "%d bytes follow the end of the pack", rest)
	}
	return nil
}

// cborRecord reads one record and resolves it.
func (w *work) cborRecord() error {
	r := &w.pack.record
	if err := w.readCBORRecord(r); err != nil {
		return w.locate(err)
	}
	return w.resolve(r)
}

// readCBORRecord reads the members of the map that starts here.
func (w *work) readCBORRecord(r *record) error {
	c := &w.cbor
	r.has, r.at = 0, c.pos
	if c.peekMajor() != majorMap && c.peekMajor() >= 0 {
		return fault(ReasonSenML, c.pos, "a record must be a map")
	}
	h, err := c.head()
	if err != nil {
		return err
	}
	count, err := c.enter(h)
	if err != nil {
		return err
	}
	unknown := c.keys.open()
	for i := uint64(0); c.more(i, count); i++ {
		at := c.pos
		l, known, key, err := w.cborLabel(at)
		if err != nil {
			return err
		}
		if known && r.carries(l) || !known && !c.keys.add(&unknown, key) {
			return c.faultAt(at, "a label stands twice in one record")
		}
		if !known {
			if err := c.skip(); err != nil {
				return err
			}
			continue
		}
		r.has |= 1 << l
		if err := w.readCBORField(r, l); err != nil {
			return err
		}
	}
	c.keys.close(unknown)
	return nil
}

// cborLabel reads a label, an integer or a text. For an unknown one key is what to find duplicates by.
func (w *work) cborLabel(at int) (l label, known bool, key []byte, err error) {
	c := &w.cbor
	major := c.peekMajor()
	h, err := c.head()
	if err != nil {
		return 0, false, nil, err
	}
	switch major {
	case majorUnsigned, majorNegative:
		if h.arg < uint64(len(integerLabels)) {
			n := int(h.arg)
			if major == majorNegative {
				n = -1 - n
			}
			if n -= lowestLabel; n >= 0 && n < len(integerLabels) {
				return integerLabels[n], true, nil, nil
			}
		}
		return 0, false, c.integerKey(h), nil
	case majorText:
		text, err := c.bytes(h)
		if err != nil {
			return 0, false, nil, err
		}
		if l, ok := findLabel(text); ok {
			return l, true, nil, nil
		}
		if strings.HasSuffix(string(text), "_") {
			return 0, false, nil, w.faultMandatory(string(text), at)
		}
		return 0, false, c.textKey(text), nil
	}
	return 0, false, nil, fault(ReasonSenML, at, "a label must be an integer or a text")
}

// readCBORField reads the value of a known label.
func (w *work) readCBORField(r *record, l label) error {
	c := &w.cbor
	at, major := c.pos, c.peekMajor()
	switch l {
	case labelName, labelUnit, labelString, labelBaseName, labelBaseUnit:
		if major != majorText {
			return w.wrongCBOR(l, at, "a text")
		}
		h, err := c.head()
		if err != nil {
			return err
		}
		r.texts[l], err = c.bytes(h)
		return err
	case labelData:
		if major != majorBytes {
			return w.wrongCBOR(l, at, "a byte string")
		}
		h, err := c.head()
		if err != nil {
			return err
		}
		r.data, err = c.bytes(h)
		return err
	case labelBool:
		h, err := c.head()
		if err != nil {
			return err
		}
		if h.major != majorSimple || h.info != simpleFalse && h.info != simpleTrue {
			return w.wrongCBOR(l, at, "true or false")
		}
		r.yes = h.info == simpleTrue
		return nil
	}
	n, ok, err := c.number()
	if err != nil {
		return err
	}
	if !ok {
		return w.wrongCBOR(l, at, "an integer, a float or a decimal fraction")
	}
	r.numbers[l] = n
	return nil
}

// wrongCBOR is the fault of a label with a value of another kind. What is not CBOR at all is said to be that.
func (w *work) wrongCBOR(l label, at int, need string) error {
	w.cbor.pos = at
	if err := w.cbor.skip(); err != nil {
		return err
	}
	return w.fault(ReasonSenML, l.String(), at, "%s must be %s", l, need)
}
