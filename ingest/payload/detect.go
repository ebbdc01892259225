package payload

import (
	"errors"

	"decant/ingest"
)

// decode recognises the format of a payload and reads it.
//
//	first byte 0x80 to 0xbf, or tag 55799    CBOR: no UTF-8 text starts so       senml-cbor
//	[  with n, bn, v, vs, vb or vd anywhere  in one of its objects               senml-json
//	[  of other objects                                                          json
//	{  with one of v, vs, vb, vd and with n or bn                                senml-json
//	{  with t and m                                                              connhex
//	{  otherwise                                                                 json
//	anything else                            where the topic gives a name        scalar
func (w *work) decode(data []byte) error {
	if len(data) > w.config.MaxPayload {
		return fault(ReasonLimit, -1, "the payload has %d bytes; at most %d are allowed", len(data), w.config.MaxPayload)
	}
	if len(data) == 0 {
		return fault(ReasonEmpty, -1, "the payload is empty")
	}
	format := w.at.Format
	if format == "" && isCBOR(data) {
		format = ingest.FormatSenMLCBOR
	}
	if format == ingest.FormatSenMLCBOR {
		return w.senmlCBOR(data)
	}
	if err := w.json.open(data, w.config.MaxDepth); err != nil {
		return err
	}
	if format == "" {
		var err error
		if format, err = w.recognise(); err != nil {
			return err
		}
		w.json.rewind()
	}
	var err error
	switch format {
	case ingest.FormatSenMLJSON:
		err = w.senmlJSON()
	case ingest.FormatConnhex:
		err = w.connhex()
	case ingest.FormatJSON:
		err = w.generic()
	case ingest.FormatScalar:
		return w.scalar()
	default:
		return fault(ReasonFormat, -1, "unknown format %q", format)
	}
	if err != nil {
		return err
	}
	return w.json.end()
}

// isCBOR says whether data starts as a CBOR array or map does, or with the tag that marks CBOR.
func isCBOR(data []byte) bool {
	return data[0] >= 0x80 && data[0] < 0xc0 || len(data) > 2 && string(data[:3]) == tagSelfDescribed
}

// errStop ends a walk through JSON that has seen enough.
var errStop = errors.New("seen enough")

// recognise finds the format of a text.
func (w *work) recognise() (string, error) {
	s := &w.json
	switch s.peek() {
	case '[':
		return s.recogniseArray()
	case '{':
		return s.recogniseObject()
	}
	if !w.at.HasName {
		return "", fault(ReasonFormat, -1, "the payload starts with %s: it is neither a JSON array nor an object, nor CBOR; a plain value needs a topic "+
			"pattern with {name}", quoteShort(s.data[:min(len(s.data), 20)]))
	}
	return ingest.FormatScalar, nil
}

func (s *scanner) recogniseArray() (string, error) {
	objects := true
	err := s.array(func(int) error {
		if s.peek() != '{' {
			objects = false
			return s.skip()
		}
		return s.object(func(key []byte) error {
			switch string(key) {
			case "n", "bn", "v", "vs", "vb", "vd":
				return errStop
			}
			return s.skip()
		})
	})
	switch {
	case err == errStop:
		return ingest.FormatSenMLJSON, nil
	case err != nil:
		return "", err
	case !objects:
		return "", fault(ReasonFormat, -1, "the array has elements that are not objects; an array of objects is needed")
	}
	return ingest.FormatJSON, nil
}

func (s *scanner) recogniseObject() (string, error) {
	var name, value, t, m bool
	err := s.object(func(key []byte) error {
		switch string(key) {
		case "n", "bn":
			name = true
		case "v", "vs", "vb", "vd":
			value = true
		case "t":
			t = true
		case "m":
			m = true
		}
		if name && value {
			return errStop
		}
		return s.skip()
	})
	switch {
	case err == errStop:
		return ingest.FormatSenMLJSON, nil
	case err != nil:
		return "", err
	case t && m:
		return ingest.FormatConnhex, nil
	}
	return ingest.FormatJSON, nil
}

// rewind starts over in a payload that was opened.
func (s *scanner) rewind() {
	s.pos, s.depth, s.esc, s.keys.list = 0, 0, s.esc[:0], s.keys.list[:0]
}
