package payload

import "strings"

// senmlJSON reads a pack in SenML JSON: an array of records, or one record alone.
func (w *work) senmlJSON() error {
	s := &w.json
	w.pack.open()
	switch s.peek() {
	case '{':
		w.record = 0
		return w.jsonRecord()
	case '[':
		err := s.array(func(i int) error {
			w.record = i
			if s.peek() != '{' {
				return w.fault(ReasonSenML, "", s.pos, "a record must be an object")
			}
			return w.jsonRecord()
		})
		if err == nil && w.record < 0 {
			return fault(ReasonSenML, 0, "the pack has no records; at least one is needed")
		}
		return err
	}
	return s.unexpected("an array of SenML records")
}

// jsonRecord reads one record and resolves it.
func (w *work) jsonRecord() error {
	r := &w.pack.record
	if err := w.readJSONRecord(r); err != nil {
		return w.locate(err)
	}
	return w.resolve(r)
}

// readJSONRecord reads the members of the object that starts here. It is the hot loop of SenML: known labels are bits of a set, and only unknown ones
// are looked up for duplicates.
func (w *work) readJSONRecord(r *record) error {
	s := &w.json
	r.has, r.at = 0, s.pos
	if err := s.enter(); err != nil {
		return err
	}
	unknown := s.keys.open()
	for first := true; ; first = false {
		more, err := s.next(first, '}')
		if err != nil {
			return err
		}
		if !more {
			s.keys.close(unknown)
			return nil
		}
		s.peek()
		at := s.pos
		key, err := s.key()
		if err != nil {
			return err
		}
		l, known := findLabel(key)
		if known && r.carries(l) || !known && !s.keys.add(&unknown, key) {
			return s.faultAt(at, "key %s stands twice in one record", quoteShort(key))
		}
		if !known {
			if strings.HasSuffix(string(key), "_") {
				return w.faultMandatory(string(key), at)
			}
			if err := s.skip(); err != nil {
				return err
			}
			continue
		}
		r.has |= 1 << l
		if err := w.readJSONField(r, l); err != nil {
			return err
		}
	}
}

// readJSONField reads the value of a known label.
func (w *work) readJSONField(r *record, l label) (err error) {
	s := &w.json
	c := s.peek()
	switch l {
	case labelName, labelUnit, labelString, labelBaseName, labelBaseUnit:
		if c != '"' {
			return w.wrongKind(l, "a string")
		}
		r.texts[l], err = s.str()
	case labelData:
		if c != '"' {
			return w.wrongKind(l, "a string")
		}
		var text []byte
		if text, err = s.str(); err != nil {
			return err
		}
		data, ok := decodeData(w.pack.data[:0], text)
		if !ok {
			return w.fault(ReasonValue, "vd", s.pos, "%s is not base64url", quoteShort(text))
		}
		w.pack.data, r.data = data, data
	case labelBool:
		switch c {
		case 't':
			r.yes, err = true, s.literal("true")
		case 'f':
			r.yes, err = false, s.literal("false")
		default:
			return w.wrongKind(l, "true or false")
		}
	default:
		if !isNumber(c) {
			return w.wrongKind(l, "a number")
		}
		r.numbers[l], err = s.number()
	}
	return err
}

// wrongKind is the fault of a label with a value of another kind. What is not JSON at all is said to be that.
func (w *work) wrongKind(l label, need string) error {
	at := w.json.pos
	if err := w.json.skip(); err != nil {
		return err
	}
	return w.fault(ReasonSenML, l.String(), at, "%s must be %s", l, need)
}
