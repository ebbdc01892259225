// Package pdf prints a document as a report: title, what was asked for, a summary and a chart a series, then the table.
//
// A report is made in three steps:
//
//  1. Open refuses what can't fit a page and prepares the fonts.
//  2. Write keeps the rows as text: how wide a column must be, and so whether pages lie or stand, is known after the last one.
//  3. Finish lays the pages out, numbers them, and writes the file.
//
// So memory grows with the rows; the caller limits them. Numbers, times and bools are never cut: a column is as wide as its widest.
// Text is wrapped. The same document and rows give the same bytes: the file carries the document's date and nothing else that changes.
package pdf

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/go-pdf/fpdf"

	"decant/formats"
)

// Open starts a report on w. Nothing is written before Finish.
func Open(w io.Writer, doc formats.Document) (formats.Writer, error) {
	if err := doc.Validate(); err != nil {
		return nil, err
	}
	if doc.Compression != "" && doc.Compression != "none" {
		return nil, fmt.Errorf("a PDF file is compressed by itself; compression %q does not go with it", doc.Compression)
	}
	p := &writer{doc: doc, out: w, print: formats.NewPrinter(doc), table: newTable(doc)}
	if !doc.Expanded {
		if _, err := p.table.choosePage(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

type writer struct {
	doc     formats.Document
	out     io.Writer
	print   *formats.Printer
	table   *table
	rows    int64
	err     error
	columns []formats.Cells // of the record being written
	cell    []byte
}

// newTable is the empty table of a document's columns.
func newTable(doc formats.Document) *table {
	t := &table{}
	for _, c := range doc.Columns {
		col := column{label: printable(c.Label)}
		switch c.Type {
		case formats.Number, formats.Integer:
			col.right = true
		case formats.Value:
			col.right, col.wraps = true, true
		case formats.Text, formats.Bytes:
			col.wraps = true
		case formats.Time, formats.TimeUTC:
			sample := formats.NewTimePrinter(doc.Zone, doc.ZoneName, doc.Times).Append(nil, doc.Date.UnixNano())
			col.natural = measure(regular, printable(string(sample)))
		}
		t.columns = append(t.columns, col)
	}
	return t
}

func (p *writer) Write(rec arrow.Record) error {
	if p.err == nil {
		p.err = p.write(rec)
	}
	return p.err
}

func (p *writer) write(rec arrow.Record) error {
	if err := formats.CheckRecord(rec, p.doc.Columns); err != nil {
		return err
	}
	p.columns = formats.ReadCells(p.columns, rec, p.doc.Columns)
	for row := range int(rec.NumRows()) {
		for i := range p.columns {
			p.cell = p.print.Append(p.cell[:0], &p.columns[i], row)
			p.table.add(p.cell, p.wraps(&p.columns[i], row))
		}
	}
	p.rows += rec.NumRows()
	return nil
}

// wraps says whether a cell may be cut into lines: text may, a number or a time never.
func (p *writer) wraps(c *formats.Cells, row int) bool {
	kind := c.Kind(row)
	return kind == formats.ValueString || kind == formats.ValueBytes
}

func (p *writer) Finish(r formats.Report) error {
	if p.err != nil {
		return p.err
	}
	if err := p.finish(r); err != nil {
		p.err = err
		return err
	}
	p.err = formats.ErrFinished
	p.table = nil
	return nil
}

// Close lets go of the rows. Nothing is written.
func (p *writer) Close() error {
	if p.err == nil {
		p.err = formats.ErrAbandoned
	}
	p.table = nil
	return nil
}

func (p *writer) finish(r formats.Report) error {
	page := page{size: 8}
	if !p.doc.Expanded {
		var err error
		if page, err = p.table.choosePage(); err != nil {
			return err
		}
	}
	c := newCanvas(p.doc, page)
	c.title(p.doc.Title)
	c.about(p.aboutLines(r))
	c.summary(p.doc.Series)
	c.charts(p.doc)
	c.heading("Data")
	switch {
	case p.rows == 0:
		c.note("no rows in this range")
	case p.doc.Expanded:
		c.cards(p.table)
	default:
		c.table(p.table, page.size)
	}
	c.footers(p.doc.Title)
	if err := c.pdf.Output(p.out); err != nil {
		return fmt.Errorf("write the PDF file: %w", err)
	}
	return nil
}

func (p *writer) aboutLines(r formats.Report) []formats.Line {
	lines := append([]formats.Line(nil), p.doc.About...)
	lines = append(lines, formats.Line{Label: "rows", Text: strconv.FormatInt(r.Rows, 10)})
	lines = append(lines, r.Notes...)
	if p.replaces(lines) {
		lines = append(lines, formats.Line{Label: "characters", Text: string(replacement) + " stands for a character that this report's font does not have"})
	}
	return lines
}

// replaces says whether the report shows the replacement character anywhere.
func (p *writer) replaces(lines []formats.Line) bool {
	shown := func(s string) bool { return strings.ContainsRune(printable(s), replacement) }
	found := shown(p.doc.Title) || bytes.ContainsRune(p.table.text, replacement)
	for _, c := range p.doc.Columns {
		found = found || shown(c.Label)
	}
	for _, s := range p.doc.Series {
		found = found || shown(s.Label) || shown(s.Unit)
	}
	for _, l := range lines {
		found = found || shown(l.Label) || shown(l.Text)
	}
	return found
}

// newFile is an empty PDF file whose bytes depend on nothing but what is drawn.
func newFile(doc formats.Document, landscape bool) *fpdf.Fpdf {
	orientation := "P"
	if landscape {
		orientation = "L"
	}
	f := fpdf.New(orientation, "pt", "A4", "")
	date := doc.Date.UTC()
	if doc.Date.IsZero() {
		date = time.Unix(0, 0).UTC() // fpdf would take now
	}
	f.SetCreationDate(date)
	f.SetModificationDate(date)
	f.SetCatalogSort(true)
	f.SetTitle(printable(doc.Title), true)
	f.SetCreator("decant", true)
	f.SetAutoPageBreak(false, 0)
	f.SetMargins(0, 0, 0)
	f.SetCellMargin(0)
	for _, face := range []*face{regular, bold} {
		f.AddUTF8FontFromBytes(family, face.style, face.ttf)
	}
	return f
}
