package payload

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"decant/ingest/payload/decimal"
)

// scanner reads JSON strictly, as RFC 8259 has it: UTF-8, no duplicate keys, no trailing bytes, and every number within float64's
// range. A \u escape that is half a surrogate pair is refused: no UTF-8 text could hold it. It builds no tree: the caller asks for the value that it
// expects, or passes over it with skip.
//
// Texts that it hands out point into the payload or into esc, and hold until the next open.
type scanner struct {
	data     []byte
	pos      int
	depth    int
	maxDepth int
	esc      []byte // strings that had escapes
	keys     keyStack
}

// open starts a payload.
func (s *scanner) open(data []byte, maxDepth int) error {
	*s = scanner{data: data, maxDepth: maxDepth, esc: s.esc[:0], keys: keyStack{list: s.keys.list[:0]}}
	if !utf8.Valid(data) {
		bad := 0
		for bad < len(data) {
			r, size := utf8.DecodeRune(data[bad:])
			if r == utf8.RuneError && size <= 1 {
				break
			}
			bad += size
		}
		return s.faultAt(bad, "byte 0x%02x is not UTF-8", data[bad])
	}
	return nil
}

func (s *scanner) faultAt(offset int, format string, args ...any) error {
	return fault(ReasonJSON, offset, format, args...)
}

// unexpected is the fault of finding something else than what.
func (s *scanner) unexpected(what string) error {
	if s.pos >= len(s.data) {
		return s.faultAt(s.pos, "the text ends where %s is needed", what)
	}
	r, _ := utf8.DecodeRune(s.data[s.pos:])
	return s.faultAt(s.pos, "%q where %s is needed", r, what)
}

// peek passes over blanks and gives the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.pos++
	}
	return 0
}

// end makes sure that nothing follows.
func (s *scanner) end() error {
	if s.peek(); s.pos < len(s.data) {
		return s.faultAt(s.pos, "%d bytes follow the end of the value", len(s.data)-s.pos)
	}
	return nil
}

// enter passes over the bracket that opens an array or object.
func (s *scanner) enter() error {
	s.pos++
	s.depth++
	if s.depth > s.maxDepth {
		return fault(ReasonLimit, s.pos-1, "arrays and objects are nested deeper than %d", s.maxDepth)
	}
	return nil
}

// next steps to the first (first is true) or next element before the closing bracket. more is false when that was reached; it is passed over then.
func (s *scanner) next(first bool, closing byte) (more bool, err error) {
	c := s.peek()
	if c == closing {
		s.pos++
		s.depth--
		return false, nil
	}
	if first {
		return true, nil
	}
	if c != ',' {
		return false, s.unexpected("a comma or " + string(closing))
	}
	s.pos++
	return true, nil
}

// key reads an object's key and the colon.
func (s *scanner) key() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.unexpected("a key in quotes")
	}
	k, err := s.str()
	if err != nil {
		return nil, err
	}
	if s.peek() != ':' {
		return nil, s.unexpected("a colon")
	}
	s.pos++
	return k, nil
}

// str reads the string that starts here.
func (s *scanner) str() ([]byte, error) {
	s.pos++
	start := s.pos
	for i := start; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return s.data[start:i], nil
		case c == '\\':
			return s.escaped(start, i)
		case c < ' ':
			return nil, s.faultAt(i, "control character 0x%02x in a string; it must be escaped", c)
		}
	}
	return nil, s.faultAt(start-1, "a string is not closed")
}

// escaped reads on in a string that starts at start and has its first escape at i.
func (s *scanner) escaped(start, i int) ([]byte, error) {
	from := len(s.esc)
	s.esc = append(s.esc, s.data[start:i]...)
	for i < len(s.data) {
		c := s.data[i]
		switch {
		case c == '"':
			s.pos = i + 1
			return s.esc[from:len(s.esc):len(s.esc)], nil
		case c < ' ':
			return nil, s.faultAt(i, "control character 0x%02x in a string; it must be escaped", c)
		case c != '\\':
			s.esc = append(s.esc, c)
			i++
			continue
		}
		if i+1 >= len(s.data) {
			break
		}
		if s.data[i+1] == 'u' {
			r, size, ok := unicodeEscape(s.data[i:])
			if !ok {
				return nil, s.faultAt(i, "%s is not an escape for a character", quoteShort(s.data[i:min(i+6, len(s.data))]))
			}
			s.esc = utf8.AppendRune(s.esc, r)
			i += size
			continue
		}
		at := bytes.IndexByte([]byte(`"\/bfnrt`), s.data[i+1])
		if at < 0 {
			return nil, s.faultAt(i, "unknown escape \\%c in a string", s.data[i+1])
		}
		s.esc = append(s.esc, "\"\\/\b\f\n\r\t"[at])
		i += 2
	}
	return nil, s.faultAt(start-1, "a string is not closed")
}

// unicodeEscape reads \uXXXX, or two of them that make a surrogate pair.
func unicodeEscape(b []byte) (r rune, size int, ok bool) {
	first, ok := hex4(b)
	if !ok || !utf16.IsSurrogate(first) {
		return first, 6, ok
	}
	second, ok := hex4(b[6:])
	r = utf16.DecodeRune(first, second)
	return r, 12, ok && r != utf8.RuneError
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// number reads the number that starts here.
func (s *scanner) number() (decimal.Decimal, error) {
	start := s.pos
	i := start
	digits := func() bool {
		from := i
		for i < len(s.data) && s.data[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	if i < len(s.data) && s.data[i] == '-' {
		i++
	}
	ok := true
	if i < len(s.data) && s.data[i] == '0' {
		i++ // a leading zero stands alone
	} else {
		ok = digits()
	}
	if ok && i < len(s.data) && s.data[i] == '.' {
		i++
		ok = digits()
	}
	if ok && i < len(s.data) && s.data[i]|0x20 == 'e' {
		i++
		if i < len(s.data) && (s.data[i] == '+' || s.data[i] == '-') {
			i++
		}
		ok = digits()
	}
	s.pos = i
	if !ok {
		return decimal.Decimal{}, s.unexpected("a digit of a number")
	}
	return parseNumber(s.data[start:i], start)
}

// literal reads the word true, false or null.
func (s *scanner) literal(word string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return s.unexpected("a value")
	}
	s.pos += len(word)
	return nil
}

// isNumber says whether a value that starts with c is a number.
func isNumber(c byte) bool { return c == '-' || c-'0' <= 9 }

// skip passes over one value of any kind, checking it as strictly as those that are used.
func (s *scanner) skip() error {
	switch c := s.peek(); {
	case c == '"':
		_, err := s.str()
		return err
	case isNumber(c):
		_, err := s.number()
		return err
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	case c == '[':
		return s.array(func(int) error { return s.skip() })
	case c == '{':
		return s.object(func([]byte) error { return s.skip() })
	}
	return s.unexpected("a value")
}

// array reads an array; element reads each element.
func (s *scanner) array(element func(i int) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		more, err := s.next(i == 0, ']')
		if err != nil || !more {
			return err
		}
		s.peek()
		if err := element(i); err != nil {
			return err
		}
	}
}

// object reads an object; member reads the value of each key. A key that stands twice is a fault.
func (s *scanner) object(member func(key []byte) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	keys := s.keys.open()
	for first := true; ; first = false {
		more, err := s.next(first, '}')
		if err != nil {
			return err
		}
		if !more {
			s.keys.close(keys)
			return nil
		}
		s.peek()
		at := s.pos
		key, err := s.key()
		if err != nil {
			return err
		}
		if !s.keys.add(&keys, key) {
			return s.faultAt(at, "key %s stands twice in one object", quoteShort(key))
		}
		s.peek()
		if err := member(key); err != nil {
			return err
		}
	}
}
