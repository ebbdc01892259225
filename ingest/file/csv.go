package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"decant/ingest"
	"decant/ingest/payload/decimal"
)

// readCSV reads a CSV file: its header, then row by row.
func (in *intake) readCSV(r io.Reader) error {
	rs := newRecords(r, in.cfg.comma(in.name))
	t, err := in.header(rs)
	if err != nil {
		return err
	}
	k, err := newClock(in.cfg)
	if err != nil {
		return err
	}
	rows := &rowReader{intake: in, table: t, clock: k, known: map[string]ingest.Series{}}
	var blank []int // blank lines that no row followed yet
	for {
		cells, err := rs.next()
		var broken *recordFault
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &broken):
		case err != nil:
			return in.readFault(rs, err)
		case len(cells) == 0:
			if t.time < 0 {
				blank = append(blank, rs.line)
			}
			continue
		}
		for _, line := range blank { // every line counts where the row's number gives the time
			if err := in.bad(line, errors.New("a blank line between rows: with a start and a step, each line is a row")); err != nil {
				return err
			}
		}
		blank = blank[:0]
		if err == nil {
			err = rows.read(cells)
		}
		if err != nil {
			err = in.bad(rs.line, err)
		} else {
			err = in.row()
		}
		if err != nil {
			return err
		}
	}
}

// header reads the first record.
func (in *intake) header(rs *records) (*table, error) {
	if err := rs.open(); err != nil {
		return nil, in.readFault(rs, err)
	}
	for {
		cells, err := rs.next()
		switch {
		case err == io.EOF:
			return nil, in.whole(0, errors.New("the file is empty; a header with the names of the columns is needed"))
		case err != nil:
			return nil, in.readFault(rs, err)
		case len(cells) == 0:
			continue
		}
		t, faults := in.cfg.readHeader(cells)
		if len(faults) == 0 {
			return t, nil
		}
		e := &FaultsError{Name: in.name, Whole: true}
		for _, fault := range faults {
			e.Faults = append(e.Faults, Fault{rs.line, fault.Error()})
		}
		return nil, e
	}
}

// readFault tells a fault of the file from one of reading it.
func (in *intake) readFault(rs *records, err error) error {
	var fatal *fatalFault
	var broken *recordFault
	if errors.As(err, &fatal) || errors.As(err, &broken) {
		return in.whole(rs.line, err)
	}
	return fmt.Errorf("read %s: %w", in.name, err)
}

// rowReader makes samples of rows.
type rowReader struct {
	*intake
	table *table
	clock *clock
	known map[string]ingest.Series // long: by the cells of name, unit and publisher
	key   []byte
	point []byte // a number with its comma made a point
}

// maxKnown bounds known; a flood of names only costs the table.
const maxKnown = 1 << 16

// read appends the row's samples to the batch, or says why it can't be taken.
func (r *rowReader) read(cells []cell) error {
	t := r.table
	if len(cells) != len(t.labels) {
		return fmt.Errorf("the row has %d cells, and the header %d", len(cells), len(t.labels))
	}
	s := ingest.Sample{Received: r.cfg.Received, Protocol: ingest.ProtocolImport}
	var err error
	if t.time < 0 {
		s.Time, err = r.clock.row(r.summary.Rows)
	} else {
		s.Time, err = r.clock.at(cells[t.time].text)
	}
	if err != nil {
		return err
	}
	if t.name >= 0 {
		return r.long(s, cells)
	}
	for i, c := range cells {
		if i == t.time {
			continue
		}
		v := s
		there, err := r.value(&v, c)
		if err != nil {
			return fmt.Errorf("column %q: %w", t.labels[i], err)
		}
		if there {
			v.Series = t.series[i]
			r.batch = append(r.batch, v)
		}
	}
	return nil
}

// long reads the one value of a row that names its series.
func (r *rowReader) long(s ingest.Sample, cells []cell) error {
	there, err := r.value(&s, cells[r.table.value])
	if err != nil {
		return fmt.Errorf("column %q: %w", r.table.labels[r.table.value], err)
	}
	if !there {
		return nil
	}
	if s.Series, err = r.series(cells); err != nil {
		return err
	}
	r.batch = append(r.batch, s)
	return nil
}

// series finds the series that a row of a long file names.
func (r *rowReader) series(cells []cell) (ingest.Series, error) {
	t := r.table
	r.key = append(r.key[:0], cells[t.name].text...)
	for _, i := range []int{t.unit, t.publisher} {
		r.key = append(r.key, 0)
		if i >= 0 {
			r.key = append(r.key, cells[i].text...)
		}
	}
	if s, ok := r.known[string(r.key)]; ok {
		return s, nil
	}
	name := unguard(cells[t.name].text)
	unit, publisher := r.cfg.Units[string(name)], ""
	if t.unit >= 0 && len(cells[t.unit].text) > 0 {
		unit = string(unguard(cells[t.unit].text))
	}
	if t.publisher >= 0 {
		publisher = string(unguard(cells[t.publisher].text))
	}
	for _, id := range []struct{ what, text string }{{"unit", unit}, {"publisher", publisher}} {
		if id.text != "" {
			if err := ingest.CheckID(id.what, id.text); err != nil {
				return ingest.Series{}, err
			}
		}
	}
	if len(name) == 0 {
		return ingest.Series{}, fmt.Errorf("column %q: the name is missing", t.labels[t.name])
	}
	s, err := r.cfg.seriesOf(name, unit, publisher)
	if err != nil {
		return s, err
	}
	if len(r.known) >= maxKnown {
		clear(r.known)
	}
	r.known[string(r.key)] = s
	return s, nil
}

// value reads a cell into s: a number, a bool, or where strings are taken a string. there is false where the cell is empty or the null
// token.
func (r *rowReader) value(s *ingest.Sample, c cell) (there bool, err error) {
	text := bytes.Trim(c.text, " \t")
	if r.cfg.Null != "" && (string(text) == r.cfg.Null || string(c.text) == r.cfg.Null) {
		return false, nil
	}
	if len(text) == 0 && !(r.cfg.Strings && (c.quoted || len(c.text) > 0)) {
		return false, nil
	}
	switch string(text) {
	case "true", "TRUE", "True":
		s.Kind, s.Number = ingest.KindBool, 1
		return true, nil
	case "false", "FALSE", "False":
		s.Kind, s.Number = ingest.KindBool, 0
		return true, nil
	}
	d, err := decimal.Parse(r.withPoint(text))
	switch {
	case err == nil:
		f, ok := d.Float()
		if !ok {
			return false, fmt.Errorf("%s is %w", short(text), decimal.ErrRange)
		}
		s.Kind, s.Number = ingest.KindNumber, f
		return true, nil
	case errors.Is(err, decimal.ErrSyntax) && r.cfg.Strings:
		if !utf8.Valid(c.text) {
			return false, fmt.Errorf("%s is not UTF-8", short(c.text))
		}
		s.Kind, s.Text = ingest.KindString, string(unguard(c.text))
		return true, nil
	case errors.Is(err, decimal.ErrSyntax):
		return false, fmt.Errorf("%s is not a number, true or false; --null %s passes over such cells, --strings takes text", short(text), argument(text))
	}
	return false, fmt.Errorf("%s is %w", short(text), err)
}

// argument is text as it stands on a command line.
func argument(text []byte) string {
	if len(text) <= 20 && bytes.IndexFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_')
	}) < 0 {
		return string(text)
	}
	return "TOKEN"
}

// withPoint gives a number's text with a decimal point. A number with a point where a comma is due is no number.
func (r *rowReader) withPoint(text []byte) []byte {
	if !r.cfg.DecimalComma {
		return text
	}
	r.point = append(r.point[:0], text...)
	for i, c := range r.point {
		switch c {
		case ',':
			r.point[i] = '.'
		case '.':
			r.point[i] = ','
		}
	}
	return r.point
}

// unguard takes off what decant's CSV puts before text that a spreadsheet would take for a formula: one ' before any number of ' and one of = + - @ TAB CR.
func unguard(text []byte) []byte {
	if len(text) < 2 || text[0] != '\'' {
		return text
	}
	switch rest := bytes.TrimLeft(text, "'"); {
	case len(rest) > 0 && bytes.IndexByte([]byte("=+-@\t\r"), rest[0]) >= 0:
		return text[1:]
	}
	return text
}
