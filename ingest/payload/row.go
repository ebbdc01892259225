package payload

import (
	"slices"

	"decant/ingest"
)

// rowKeys are the columns that a row of decant's own jsonl export may have. time, value and a name make it one.
var rowKeys = []string{"time", "timeUtc", "offset", "channel", "subtopic", "publisher", "name", "senmlName", "unit", "value", "sum", "count",
	"created", "protocol", "stringValue", "boolValue", "dataValue"}

// DecodeRow reads a row that decant's own jsonl export wrote: {"time":…,"name":…,"unit":…,"value":…}, the publisher and the SenML sum where
// they are there. Channel and subtopic are the route's. A row without value and sum gives no sample. isRow is false, and nothing else said,
// where the line is something else: it is to be decoded by DecodeRoute then.
func (d *Decoder) DecodeRow(dst []ingest.Sample, route ingest.Route, line []byte, received int64) (out []ingest.Sample, isRow bool, err error) {
	w := d.works.Get().(*work)
	defer d.works.Put(w)
	w.begin(dst, route, received, false)
	defer w.end()
	if len(line) > w.config.MaxPayload || w.json.open(line, w.config.MaxDepth) != nil || !w.json.looksLikeRow() {
		return dst, false, nil
	}
	w.json.rewind()
	if err = w.row(); err == nil {
		err = w.json.end()
	}
	if err != nil {
		return dst, true, err
	}
	return w.dst, true, nil
}

// looksLikeRow walks through the keys of the line.
func (s *scanner) looksLikeRow() bool {
	if s.peek() != '{' {
		return false
	}
	var time, name, value bool
	err := s.object(func(key []byte) error {
		switch string(key) {
		case "time", "timeUtc":
			time = true
		case "name", "senmlName":
			name = true
		case "value":
			value = true
		default:
			if !slices.Contains(rowKeys, string(key)) {
				return errStop
			}
		}
		return s.skip()
	})
	return err == nil && time && name && value
}

// row reads the members of a row.
func (w *work) row() error {
	s := &w.json
	var (
		sample        ingest.Sample
		label         string // the column name: what the series was called in the export
		hasTime, data bool
	)
	w.publisher = w.at.Publisher
	err := s.object(func(key []byte) (err error) {
		if s.peek() == 'n' {
			return s.literal("null")
		}
		switch column := string(key); column {
		case "time", "timeUtc":
			hasTime = true
			sample.Time, err = w.readTime(column)
		case "name":
			label, err = w.rowText(column)
		case "senmlName":
			sample.Series.Name, err = w.rowText(column)
		case "unit":
			sample.Series.Unit, err = w.rowText(column)
		case "publisher":
			w.publisher, err = w.rowText(column)
		case "value":
			if data {
				return s.skip()
			}
			err = w.rowValue(&sample)
		case "dataValue":
			data = true
			err = w.rowData(&sample)
		case "sum":
			if !isNumber(s.peek()) {
				return w.fault(ReasonValue, column, s.pos, "a sum must be a number")
			}
			d, err := s.number()
			if err != nil {
				return err
			}
			sample.Sum, _ = d.Float()
			sample.HasSum = true
		default:
			return s.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if sample.Series.Name == "" {
		sample.Series.Name = label
	}
	switch {
	case !hasTime:
		return w.fault(ReasonTime, "time", -1, "the row has no time")
	case sample.Series.Name == "":
		return w.fault(ReasonName, "name", -1, "the row has no name")
	case sample.Kind == ingest.KindNone && !sample.HasSum:
		return nil
	}
	return w.add(sample)
}

// rowText reads a name, a unit or a publisher. Empty is absent.
func (w *work) rowText(column string) (string, error) {
	s := &w.json
	if s.peek() != '"' {
		return "", w.fault(ReasonName, column, s.pos, "%s must be a string", column)
	}
	text, err := s.str()
	if err != nil || len(text) == 0 {
		return "", err
	}
	return w.intern(column, text)
}

// rowValue reads a number, bool or string.
func (w *work) rowValue(sample *ingest.Sample) error {
	s := &w.json
	switch c := s.peek(); {
	case c == '"':
		text, err := s.str()
		sample.Kind, sample.Text = ingest.KindString, string(text)
		return err
	case c == 't':
		setBool(sample, true)
		return s.literal("true")
	case c == 'f':
		setBool(sample, false)
		return s.literal("false")
	case isNumber(c):
		d, err := s.number()
		if err != nil {
			return err
		}
		setNumber(sample, d)
		return nil
	}
	return w.fault(ReasonValue, "value", s.pos, "a value must be a number, true, false, a string or null")
}

// rowData reads bytes, which the column dataValue tells from strings.
func (w *work) rowData(sample *ingest.Sample) error {
	s := &w.json
	if s.peek() != '"' {
		return w.fault(ReasonValue, "dataValue", s.pos, "dataValue must be a string of base64url")
	}
	text, err := s.str()
	if err != nil {
		return err
	}
	b, ok := decodeData(nil, text)
	if !ok {
		return w.fault(ReasonValue, "dataValue", s.pos, "%s is not base64url", quoteShort(text))
	}
	sample.Kind, sample.Number, sample.Text = ingest.KindBytes, 0, string(b)
	return nil
}
