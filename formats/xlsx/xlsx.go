// Package xlsx writes a document as an Excel workbook: real numbers, real date cells, and text that is never a formula.
//
// A workbook is made in three steps:
//
//  1. Open prepares the workbook and its styles (excelize) and the first sheet.
//  2. Write prints rows straight into the sheet's zip part. The first rows wait until the column widths are known from them.
//  3. Finish ends the sheet, fills the About sheet, and writes the workbook's other parts behind the sheets, in order of name.
//
// The sheets of rows are written here, not by excelize's StreamWriter: its workbook is built in memory, its parts stand in map order, and it takes
// an interface value a cell. Nothing is kept of a row once it is compressed, so memory does not grow with the rows, and no scratch
// files are needed. The same document and rows give the same bytes: all parts carry the document's date.
package xlsx

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
)

// maxColumns is how many columns a sheet has.
const maxColumns = 16384

// maxRows is how many rows a sheet has, the header included; a document goes on in the next sheet. Tests make it small.
var maxRows = 1 << 20

// maxPartBytes is where a sheet ends before maxRows: a zip part of 4 GiB needs sizes that Excel refuses in a stream. A row that begins
// below this limit may be as large as the rest.
var maxPartBytes int64 = 3 << 30

// CellError says that a cell can't hold what the document has for it.
type CellError struct {
	Row    int64  // counts the document's rows from 1; 0 is the header
	Column string // the column's label
	Text   string // what is wrong, and what to do
}

func (e *CellError) Error() string {
	if e.Row == 0 {
		return fmt.Sprintf("header of column %q: %s", e.Column, e.Text)
	}
	return fmt.Sprintf("row %d, column %q: %s", e.Row, e.Column, e.Text)
}

// Open starts a workbook on w. A document with more columns than a sheet holds is refused.
func Open(w io.Writer, doc formats.Document) (formats.Writer, error) {
	if err := doc.Validate(); err != nil {
		return nil, err
	}
	if doc.Compression != "" && doc.Compression != "none" {
		return nil, fmt.Errorf("an XLSX file is compressed by itself; compression %q does not go with it", doc.Compression)
	}
	if n := len(doc.Columns); !doc.Expanded && n > maxColumns {
		return nil, fmt.Errorf("a sheet holds at most %d columns; the document has %d: choose fewer, or the long output", maxColumns, n)
	}
	if n := len(doc.Columns); doc.Expanded && n > maxRows {
		return nil, fmt.Errorf("a sheet holds at most %d lines; a record of the document has %d: choose fewer columns", maxRows, n)
	}
	book, err := newWorkbook(doc)
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(w, 1<<18)
	x := &writer{
		doc:    doc,
		out:    out,
		zip:    newArchive(out, doc.Date),
		book:   book,
		widths: newWidths(doc),
	}
	x.cells = newCellPrinter(doc, book.styles)
	if err := x.printLabels(); err != nil {
		return nil, err
	}
	return x, nil
}

type writer struct {
	doc    formats.Document
	out    *bufio.Writer
	zip    *archive
	book   *workbook
	cells  *cellPrinter
	labels [][]byte // of each column its label as the rest of a text cell, see appendText
	widths *widths
	sheet  *sheet // nil until the first row or Finish
	rows   int64
	err    error

	columns []formats.Cells // of the record being written
}

func (x *writer) printLabels() error {
	for _, c := range x.doc.Columns {
		label, fault := appendText(nil, c.Label)
		if fault != "" {
			return &CellError{Column: c.Label, Text: fault}
		}
		x.labels = append(x.labels, label)
	}
	return nil
}

func (x *writer) Write(rec arrow.Record) error {
	if x.err == nil {
		x.err = x.write(rec)
	}
	return x.err
}

func (x *writer) write(rec arrow.Record) error {
	if err := formats.CheckRecord(rec, x.doc.Columns); err != nil {
		return err
	}
	x.columns = formats.ReadCells(x.columns, rec, x.doc.Columns)
	x.cells.startRecord()
	for row := range int(rec.NumRows()) {
		if err := x.makeRoom(); err != nil {
			return err
		}
		x.rows++
		var err error
		if x.doc.Expanded {
			err = x.writeCard(row)
		} else {
			err = x.writeRow(row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// makeRoom sees to it that the next record fits into the current sheet.
func (x *writer) makeRoom() error {
	if x.sheet != nil && !x.sheet.full(x.linesOfRecord()) {
		return nil
	}
	if x.sheet != nil {
		if err := x.endSheet(); err != nil {
			return err
		}
	}
	return x.startSheet()
}

// linesOfRecord is how many rows of the sheet the next record takes.
func (x *writer) linesOfRecord() int {
	switch {
	case !x.doc.Expanded:
		return 1
	case x.sheet.row == 0:
		return len(x.doc.Columns)
	}
	return len(x.doc.Columns) + 1
}

func (x *writer) startSheet() error {
	name, part, err := x.book.addSheet()
	if err != nil {
		return err
	}
	w, err := x.zip.create(part)
	if err != nil {
		return err
	}
	x.sheet = &sheet{
		name:   name,
		part:   w,
		first:  part == firstSheetPart,
		header: !x.doc.Expanded,
		widths: x.widths,
	}
	if x.doc.Expanded {
		return nil
	}
	x.sheet.startRow()
	for i, label := range x.labels {
		x.sheet.startCell(columnName(i), x.book.styles.header)
		x.sheet.add(label)
	}
	return x.sheet.endRow()
}

func (x *writer) endSheet() error {
	if err := x.sheet.end(len(x.doc.Columns)); err != nil {
		return err
	}
	if !x.sheet.header {
		return nil
	}
	return x.book.filter(x.sheet.name, x.sheet.filterRange(len(x.doc.Columns)))
}

func (x *writer) writeRow(row int) error {
	s := x.sheet
	s.startRow()
	for i := range x.columns {
		if x.columns[i].Missing(row) {
			continue
		}
		if err := x.writeCell(i, i, row); err != nil {
			return err
		}
	}
	return s.endRow()
}

// writeCard prints a record as lines of label and value, with a blank row before it unless it is the sheet's first.
func (x *writer) writeCard(row int) error {
	s := x.sheet
	if s.row > 0 {
		s.row++
	}
	for i := range x.columns {
		s.startRow()
		s.startCell("A", x.book.styles.label)
		s.add(x.labels[i])
		if !x.columns[i].Missing(row) {
			if err := x.writeCell(1, i, row); err != nil {
				return err
			}
		}
		if err := s.endRow(); err != nil {
			return err
		}
	}
	return nil
}

// writeCell prints the cell of a column of the document into a column of the sheet.
func (x *writer) writeCell(sheetColumn, column, row int) error {
	buf, width, fault := x.cells.append(x.sheet.buf, x.sheet.ref(columnName(sheetColumn)), &x.columns[column], column, row)
	if fault != "" {
		return &CellError{Row: x.rows, Column: x.doc.Columns[column].Label, Text: fault}
	}
	x.sheet.buf = buf
	x.widths.see(sheetColumn, width)
	return nil
}

func (x *writer) Finish(r formats.Report) error {
	if x.err != nil {
		return x.err
	}
	if err := x.finish(r); err != nil {
		x.err = err
		return err
	}
	x.err = formats.ErrFinished
	return nil
}

func (x *writer) finish(r formats.Report) error {
	if x.sheet == nil {
		if err := x.startSheet(); err != nil {
			return err
		}
	}
	if err := x.endSheet(); err != nil {
		return err
	}
	parts, err := x.book.finish(x.doc, r)
	if err != nil {
		return err
	}
	for _, p := range parts {
		w, err := x.zip.create(p.name)
		if err != nil {
			return err
		}
		if _, err := w.Write(p.content); err != nil {
			return err
		}
	}
	if err := x.zip.close(); err != nil {
		return err
	}
	return x.out.Flush()
}

// columnNames holds the names of the columns that most documents have.
var columnNames = func() (names [256]string) {
	for i := range names {
		names[i] = spellColumn(i)
	}
	return names
}()

// columnName is the letters of a sheet's column, counted from 0.
func columnName(i int) string {
	if i < len(columnNames) {
		return columnNames[i]
	}
	return spellColumn(i)
}

func spellColumn(i int) string {
	var letters []byte
	for i++; i > 0; i = (i - 1) / 26 {
		letters = append(letters, byte('A'+(i-1)%26))
	}
	slices.Reverse(letters)
	return string(letters)
}

func cellName(column, row int) string { return columnName(column) + strconv.Itoa(row) }
