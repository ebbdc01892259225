// Package jsonl writes documents as JSON lines: one object a row, its keys the labels, a missing value null.
//
// The template expanded changes nothing: an object already says label and value. Rows are printed a chunk at a time on all processors
// (package lines).
package jsonl

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
	"decant/formats/lines"
)

// Open starts a document on w. The writer is also an io.Closer: see formats.Writer.
func Open(w io.Writer, doc formats.Document) (formats.Writer, error) {
	if err := doc.Validate(); err != nil {
		return nil, fmt.Errorf("open jsonl: %w", err)
	}
	lw, err := lines.Open(w, doc, nil, func() lines.Printer { return newPrinter(doc) })
	if err != nil {
		return nil, fmt.Errorf("open jsonl: %w", err)
	}
	return lw, nil
}

// printer prints rows of one document; each goroutine has its own.
type printer struct {
	columns []formats.Column
	keys    [][]byte // by column, with all that stands between the value before and the value after
	times   bool     // times print as numbers

	layout bool // times print by a layout, which may hold what has to be escaped

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
	byTime              // times that are strings without escapes, none missing
)

func newPrinter(doc formats.Document) *printer {
	p := &printer{
		columns: doc.Columns,
		times:   doc.Times.IsNumber(),
		layout:  doc.Times.IsLayout(),
		plain:   formats.NewPrinter(doc),
	}
	open := "{"
	for _, c := range doc.Columns {
		p.keys = append(p.keys, append(appendString([]byte(open), c.Label), ':'))
		p.texts = append(p.texts, lines.NewEntries(appendString))
		open = ","
	}
	return p
}

// Append prints the rows of rec.
func (p *printer) Append(dst []byte, rec arrow.Record, _ int64) []byte {
	rows := int(rec.NumRows())
	p.cells = formats.ReadCells(p.cells, rec, p.columns)
	p.ways = p.ways[:0]
	for i := range p.cells {
		if p.cells[i].Type == formats.Text {
			p.texts[i].Prepare(&p.cells[i], rows)
		}
		p.ways = append(p.ways, p.wayOf(&p.cells[i]))
	}
	for row := range rows {
		for i, way := range p.ways {
			dst = append(dst, p.keys[i]...)
			switch c := &p.cells[i]; way {
			case byEntry:
				dst = p.texts[i].Append(dst, c, row)
			case byNumber:
				dst = formats.AppendNumber(dst, c.Number(row))
			case byTime:
				dst = append(p.plain.AppendNumber(append(dst, '"'), c, row), '"')
			default:
				dst = p.appendCell(dst, i, row)
			}
		}
		dst = append(dst, "}\n"...)
	}
	return dst
}

// wayOf finds the shortest way to print a column of the record.
func (p *printer) wayOf(c *formats.Cells) way {
	if !c.Complete() {
		return byCell
	}
	switch c.Type {
	case formats.Text:
		return byEntry
	case formats.Number:
		return byNumber
	case formats.Time, formats.TimeUTC:
		if !p.times && !p.layout {
			return byTime
		}
	}
	return byCell
}

func (p *printer) appendCell(dst []byte, i, row int) []byte {
	c := &p.cells[i]
	switch c.Kind(row) {
	case formats.ValueNone:
		return append(dst, "null"...)
	case formats.ValueString:
		if c.Type == formats.Text {
			return p.texts[i].Append(dst, c, row)
		}
		return appendString(dst, c.Text(row))
	case formats.ValueBytes:
		return append(p.plain.Append(append(dst, '"'), c, row), '"')
	case formats.ValueNumber:
		if (c.Type == formats.Time || c.Type == formats.TimeUTC) && !p.times {
			return quoteTail(p.plain.AppendNumber(append(dst, '"'), c, row), len(dst))
		}
	}
	return p.plain.Append(dst, c, row)
}

// quoteTail closes the string that begins with the quote at dst[start]. What a layout put into it may need escapes.
func quoteTail(dst []byte, start int) []byte {
	for _, b := range dst[start+1:] {
		if escapes(b) || b >= 0x80 {
			return appendString(dst[:start], string(dst[start+1:]))
		}
	}
	return append(dst, '"')
}
