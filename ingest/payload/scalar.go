package payload

import (
	"bytes"
	"strconv"

	"decant/ingest"
)

// scalar reads a payload that is one plain value; the topic has its name. It is a JSON number, true, false, null (nothing) or a string in
// quotes; any other text is a string as it stands. Blanks around it do not count. A text that other readers would take for a number
// (NaN, inf, +5, 0x10) is refused: as a string it would hide in a series of numbers.
func (w *work) scalar() error {
	s := &w.json
	if !w.at.HasName {
		return fault(ReasonFormat, -1, "a plain value needs a topic pattern with {name}")
	}
	sample := ingest.Sample{Time: w.received}
	text := bytes.Trim(s.data, " \t\r\n")
	switch {
	case len(text) == 0:
		return fault(ReasonEmpty, -1, "the payload is empty")
	case w.retained:
		return w.faultRetained()
	case string(text) == "null":
		w.skippedNulls++
		return nil
	case string(text) == "true", string(text) == "false":
		setBool(&sample, text[0] == 't')
	case text[0] == '"':
		s.peek()
		value, err := s.str()
		if err != nil {
			return err
		}
		if err := s.end(); err != nil {
			return err
		}
		sample.Kind, sample.Text = ingest.KindString, string(value)
	case w.isJSONNumber(text):
		d, err := parseNumber(text, 0)
		if err != nil {
			return err
		}
		setNumber(&sample, d)
	default:
		if _, err := strconv.ParseFloat(string(text), 64); err == nil || isRange(err) {
			return fault(ReasonValue, 0, "%s is not a finite number as JSON writes them", quoteShort(text))
		}
		if i := bytes.IndexFunc(text, isBinary); i >= 0 {
			return fault(ReasonFormat, i, "control character 0x%02x in a plain text", text[i])
		}
		sample.Kind, sample.Text = ingest.KindString, string(text)
	}
	var err error
	if sample.Series.Name, err = w.intern("name", []byte(w.at.Name)); err != nil {
		return err
	}
	return w.add(sample)
}

// isJSONNumber says whether all of text is a number by JSON's grammar, whatever its size.
func (w *work) isJSONNumber(text []byte) bool {
	if !isNumber(text[0]) {
		return false
	}
	probe := scanner{data: text}
	_, err := probe.number()
	if e, ok := err.(*Error); ok && e.reason == ReasonJSON {
		return false
	}
	return probe.pos == len(text)
}

func isRange(err error) bool {
	e, ok := err.(*strconv.NumError)
	return ok && e.Err == strconv.ErrRange
}

// isBinary finds the control characters that no text has.
func isBinary(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f
}
