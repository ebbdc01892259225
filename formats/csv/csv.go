// Package csv writes documents as CSV (RFC 4180) in UTF-8.
//
//  1. Open checks the options and prints the header.
//  2. Rows are printed a chunk at a time on all processors (package lines).
//  3. Text is quoted where a reader would else misread it, and guarded where a spreadsheet would else run it.
//
// A document with the template expanded has two columns, label and value, no header, and a blank line between records.
package csv

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
	"decant/formats/lines"
)

const byteOrderMark = "\ufeff"

// Open starts a CSV document on w. The writer is also an io.Closer: see formats.Writer.
func Open(w io.Writer, doc formats.Document) (formats.Writer, error) {
	if doc.CSV.Delimiter == 0 {
		doc.CSV.Delimiter = ','
	}
	if err := errors.Join(doc.Validate(), checkOptions(doc.CSV)); err != nil {
		return nil, fmt.Errorf("open csv: %w", err)
	}
	var head []byte
	if doc.CSV.BOM {
		head = append(head, byteOrderMark...)
	}
	if p := newPrinter(doc); !doc.Expanded {
		for i, label := range p.labels {
			if i > 0 {
				head = append(head, p.delimiter...)
			}
			head = append(head, label...)
		}
		head = append(head, p.newline...)
	}
	lw, err := lines.Open(w, doc, head, func() lines.Printer { return newPrinter(doc) })
	if err != nil {
		return nil, fmt.Errorf("open csv: %w", err)
	}
	return lw, nil
}

// checkOptions reports every fault of the options at once.
func checkOptions(o formats.CSV) error {
	var faults []error
	switch d := o.Delimiter; {
	case d == '"' || d == '\r' || d == '\n' || d == 0xfeff || d == utf8.RuneError || !utf8.ValidRune(d):
		faults = append(faults, fmt.Errorf("delimiter %q can't separate cells; allowed is any one character but quote, CR and LF", d))
	case d == ',' && o.DecimalComma:
		faults = append(faults, errors.New("a decimal comma needs another delimiter than the comma, such as ;"))
	}
	if strings.ContainsFunc(o.Null, func(r rune) bool { return r == o.Delimiter || r == '"' || r == '\r' || r == '\n' }) {
		faults = append(faults, fmt.Errorf("null token %q can't hold the delimiter, a quote, CR or LF", o.Null))
	}
	return errors.Join(faults...)
}

// printer prints rows of one document; each goroutine has its own.
type printer struct {
	options   formats.CSV
	columns   []formats.Column
	delimiter string
	newline   string
	labels    [][]byte
	null      string
	expanded  bool

	// Cells that aren't text can hold the delimiter or equal the null token only in rare documents. There they are looked at.
	suspicious bool
	decimal    []bool // by column: a decimal comma may be needed

	plain *formats.Printer
	cells []formats.Cells
	texts []*lines.Entries
	ways  []way // of a record's columns
}

// way is how a record's column is printed.
type way uint8

const (
	byCell   way = iota // each cell is looked at
	byEntry             // text, of which the entries are printed already
	byNumber            // numbers, none missing
	byPlain             // times and integers, none missing
)

func newPrinter(doc formats.Document) *printer {
	p := &printer{
		options:   doc.CSV,
		columns:   doc.Columns,
		delimiter: string(doc.CSV.Delimiter),
		newline:   "\n",
		null:      doc.CSV.Null,
		expanded:  doc.Expanded,
		plain:     formats.NewPrinter(doc),
		decimal:   make([]bool, len(doc.Columns)),
		texts:     make([]*lines.Entries, len(doc.Columns)),
	}
	if doc.CSV.CRLF {
		p.newline = "\r\n"
	}
	d := doc.CSV.Delimiter
	p.suspicious = p.null != "" || doc.Times.IsLayout() || unicode.IsLetter(d) || unicode.IsDigit(d) || strings.ContainsRune("+-.:_ ", d)
	if len(p.columns) == 1 && p.null == "" && !p.expanded {
		p.null = `""` // nothing at all would be a blank line, which readers skip
	}
	for i, c := range doc.Columns {
		p.labels = append(p.labels, p.appendText(nil, c.Label))
		p.texts[i] = lines.NewEntries(p.appendText)
		switch c.Type {
		case formats.Number, formats.Value:
			p.decimal[i] = doc.CSV.DecimalComma
		case formats.Time, formats.TimeUTC:
			p.decimal[i] = doc.CSV.DecimalComma && doc.Times.IsNumber()
		}
	}
	return p
}

// Append prints the rows of rec.
func (p *printer) Append(dst []byte, rec arrow.Record, first int64) []byte {
	rows := int(rec.NumRows())
	p.cells = formats.ReadCells(p.cells, rec, p.columns)
	p.ways = p.ways[:0]
	for i := range p.cells {
		if p.cells[i].Type == formats.Text {
			p.texts[i].Prepare(&p.cells[i], rows)
		}
		p.ways = append(p.ways, p.wayOf(i))
	}
	if p.expanded {
		for row := range rows {
			if first+int64(row) > 0 {
				dst = append(dst, p.newline...)
			}
			for i := range p.cells {
				dst = append(dst, p.labels[i]...)
				dst = append(dst, p.delimiter...)
				dst = p.appendCell(dst, i, row)
				dst = append(dst, p.newline...)
			}
		}
		return dst
	}
	for row := range rows {
		for i, way := range p.ways {
			if i > 0 {
				dst = append(dst, p.delimiter...)
			}
			switch c := &p.cells[i]; way {
			case byEntry:
				dst = p.texts[i].Append(dst, c, row)
			case byNumber:
				dst = formats.AppendNumber(dst, c.Number(row))
			case byPlain:
				dst = p.plain.AppendNumber(dst, c, row)
			default:
				dst = p.appendCell(dst, i, row)
			}
		}
		dst = append(dst, p.newline...)
	}
	return dst
}

// wayOf finds the shortest way to print a column of the record.
func (p *printer) wayOf(i int) way {
	c := &p.cells[i]
	switch {
	case !c.Complete():
		return byCell
	case c.Type == formats.Text:
		return byEntry
	case p.suspicious || p.decimal[i]:
		return byCell
	}
	switch c.Type {
	case formats.Number:
		return byNumber
	case formats.Time, formats.TimeUTC, formats.Integer:
		return byPlain
	}
	return byCell
}

func (p *printer) appendCell(dst []byte, i, row int) []byte {
	c := &p.cells[i]
	start := len(dst)
	switch c.Kind(row) {
	case formats.ValueNone:
		return append(dst, p.null...)
	case formats.ValueString:
		if c.Type == formats.Text {
			return p.texts[i].Append(dst, c, row)
		}
		return p.appendText(dst, c.Text(row))
	case formats.ValueNumber:
		dst = p.plain.AppendNumber(dst, c, row)
		if p.decimal[i] {
			useComma(dst[start:])
		}
	default:
		dst = p.plain.Append(dst, c, row)
	}
	if len(dst) == start { // no bytes, which is not the same as a missing cell
		return append(dst, `""`...)
	}
	if p.suspicious && p.needsQuotes(string(dst[start:])) {
		dst = appendQuoted(dst[:start], string(dst[start:]))
	}
	return dst
}

func useComma(number []byte) {
	for i, c := range number {
		if c == '.' {
			number[i] = ','
			return
		}
	}
}
