// Package xlsx writes a document as an Excel workbook: real numbers, real date cells, and text that is never a formula.
//
// A workbook is made in four steps:
//
//  1. Open prepares the workbook and its styles (excelize).
//  2. Write cuts the rows into chunks of a fixed number of cells, and finds the texts that cells share.
//  3. A goroutine of its own prints each chunk as XML and compresses it. Whoever calls Write or Finish puts these pieces, in order, into the sheet's
//     zip part: deflate streams that end at a whole byte can stand one behind the other.
//  4. Finish ends the sheet, fills the About sheet, and writes the workbook's other parts behind the sheets, in order of name.
//
// The sheets of rows are written here, not by excelize's StreamWriter: its workbook is built in memory, its parts stand in map order, and it takes
// an interface value a cell. A bounded number of chunks is held, and of the rows before them nothing but a bounded table of texts; no scratch
// files are needed. The same document and rows give the same bytes, however many goroutines print: all parts carry the document's date.
package xlsx

import (
	"bufio"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
)

// maxColumns is how many columns a sheet has.
const maxColumns = 16384

// maxRows is how many rows a sheet has, the header included; a document goes on in the next sheet. Tests make it small.
var maxRows = 1 << 20

// maxPartBytes is where a sheet ends before maxRows: a zip part of 4 GiB needs sizes that Excel refuses in a stream. A single row may go beyond it:
// the largest there is has 2.7 GB.
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
		shared: new(sharedStrings),
		widths: newWidths(doc),
		frame:  newPiece(),
		atOnce: doc.Chunks(),
	}
	x.texts = newTexts(doc.Columns, x.shared)
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
	shared *sharedStrings
	texts  *texts
	labels [][]byte // of each column, see appendLabel
	widths *widths  // whole once the first chunk is written
	frame  *piece   // of the sheets' heads and tails
	err    error

	columns []formats.Cells // of the record that Write was given
	rows    int64           // of the document, in chunks that were launched
	sheet   *sheet          // the rows that come go to it; nil before the first
	open    *chunk          // that is being gathered; nil where none is begun
	room    int             // how many rows it may have
	queue   []*chunk        // under way, in order
	idle    []*chunk
	atOnce  int // how many may be under way

	writing *sheet // the sheet whose part is written; nil before the first
	part    *part
}

func (x *writer) printLabels() error {
	style := x.book.styles.header
	if x.doc.Expanded {
		style = x.book.styles.label
	}
	for _, c := range x.doc.Columns {
		label, fault := appendLabel(nil, style, c.Label, x.shared)
		if fault != "" {
			return &CellError{Column: c.Label, Text: fault}
		}
		x.labels = append(x.labels, label)
	}
	return nil
}

// Write prints the rows of rec, or keeps a reference to them until a chunk is full.
func (x *writer) Write(rec arrow.Record) error {
	if x.err != nil {
		return x.err
	}
	if err := formats.CheckRecord(rec, x.doc.Columns); err != nil {
		return x.fail(err)
	}
	x.columns = formats.ReadCells(x.columns, rec, x.doc.Columns)
	rows := int(rec.NumRows())
	x.texts.turn(x.columns, rows)
	for at := 0; at < rows; {
		if err := x.begin(); err != nil {
			return x.fail(err)
		}
		at += x.open.gather(rec, at, x.room, x.texts)
		if !x.open.full(x.room) {
			break
		}
		if err := x.launch(); err != nil {
			return x.fail(err)
		}
	}
	return nil
}

// Finish completes the workbook.
func (x *writer) Finish(r formats.Report) error {
	if x.err != nil {
		return x.err
	}
	if err := x.finish(r); err != nil {
		return x.fail(err)
	}
	x.err = formats.ErrFinished
	return nil
}

func (x *writer) finish(r formats.Report) error {
	if x.open != nil {
		if err := x.launch(); err != nil {
			return err
		}
	}
	for len(x.queue) > 0 {
		if err := x.collect(); err != nil {
			return err
		}
	}
	if x.writing == nil {
		if err := x.addSheet(); err != nil {
			return err
		}
		if err := x.startSheet(x.sheet); err != nil {
			return err
		}
	}
	if err := x.endSheet(); err != nil {
		return err
	}
	parts, err := x.book.finish(x.doc, r, x.shared)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := x.zip.add(p.name, p.data); err != nil {
			return err
		}
	}
	if err := x.zip.close(); err != nil {
		return err
	}
	if err := x.out.Flush(); err != nil {
		return err
	}
	return x.book.close()
}

// Close frees what the document holds, finished or not.
func (x *writer) Close() error {
	x.fail(formats.ErrAbandoned)
	return nil
}

// fail makes err what every later call returns, if there was none before, and lets go of all chunks.
func (x *writer) fail(err error) error {
	if x.err == nil {
		x.err = err
	}
	for _, c := range x.queue {
		<-c.done
	}
	if x.open != nil {
		x.open.release()
	}
	x.queue, x.idle, x.open = nil, nil, nil
	x.book.close()
	return x.err
}
