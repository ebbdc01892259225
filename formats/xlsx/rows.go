package xlsx

import (
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"

	"decant/formats"
)

// rowPrinter prints a document's rows as rows of a sheet. It is not safe for concurrent use.
type rowPrinter struct {
	columns []formats.Column
	texts   int // how many of them are Text
	expand  bool
	cells   *cellPrinter
	starts  [][]byte // of the cells of each of the sheet's columns, up to the row's number in their names
	labels  [][]byte // of each of the document's columns, as the cell behind its name

	record []formats.Cells // that is being printed
	number rowNumber       // of the sheet's last row
}

func newRowPrinter(doc formats.Document, s styles, labels [][]byte) *rowPrinter {
	p := &rowPrinter{columns: doc.Columns, expand: doc.Expanded, cells: newCellPrinter(doc, s), labels: labels}
	for _, c := range doc.Columns {
		if c.Type == formats.Text {
			p.texts++
		}
	}
	for i := range sheetColumns(doc) {
		p.starts = append(p.starts, []byte(`<c r="`+columnName(i)))
	}
	return p
}

// sheetColumns is how many columns a document's sheets have.
func sheetColumns(doc formats.Document) int {
	if doc.Expanded {
		return 2
	}
	return len(doc.Columns)
}

// turn makes another record the one that is printed.
func (p *rowPrinter) turn(rec arrow.Record) { p.record = formats.ReadCells(p.record, rec, p.columns) }

// append prints a row of the record. numbers are those of its texts, see texts.row; first says that it is the sheet's first.
func (p *rowPrinter) append(dst []byte, row int, numbers []int32, first bool) ([]byte, *CellError) {
	if p.expand {
		return p.appendCard(dst, row, numbers, first)
	}
	dst = p.startRow(dst)
	for i := range p.record {
		number := int32(inline)
		if p.columns[i].Type == formats.Text {
			number, numbers = numbers[0], numbers[1:]
		}
		if p.record[i].Missing(row) {
			continue
		}
		var fault string
		if dst, fault = p.cells.append(p.startCell(dst, i), &p.record[i], row, number); fault != "" {
			return dst, &CellError{Column: p.columns[i].Label, Text: fault}
		}
	}
	return append(dst, rowEnd...), nil
}

// appendCard prints a row as lines of label and value, with a blank line before it unless it is the sheet's first.
func (p *rowPrinter) appendCard(dst []byte, row int, numbers []int32, first bool) ([]byte, *CellError) {
	if !first {
		p.number.next()
	}
	for i := range p.record {
		dst = p.startRow(dst)
		dst = append(p.startCell(dst, 0), p.labels[i]...)
		number := int32(inline)
		if p.columns[i].Type == formats.Text {
			number, numbers = numbers[0], numbers[1:]
		}
		if !p.record[i].Missing(row) {
			var fault string
			if dst, fault = p.cells.append(p.startCell(dst, 1), &p.record[i], row, number); fault != "" {
				return dst, &CellError{Column: p.columns[i].Label, Text: fault}
			}
		}
		dst = append(dst, rowEnd...)
	}
	return dst, nil
}

const (
	rowStart = `<row r="`
	rowEnd   = `</row>`
)

func (p *rowPrinter) startRow(dst []byte) []byte {
	p.number.next()
	dst = append(dst, rowStart...)
	dst = append(dst, p.number.digits()...)
	return append(dst, `">`...)
}

func (p *rowPrinter) startCell(dst []byte, column int) []byte {
	dst = append(dst, p.starts[column]...)
	return append(dst, p.number.digits()...)
}

// measure widens columns to what a row of the record shows.
func (p *rowPrinter) measure(w *widths, row int) {
	for i := range p.record {
		if p.record[i].Missing(row) {
			continue
		}
		column := i
		if p.expand {
			column = 1
		}
		w.see(column, p.cells.width(&p.record[i], row))
	}
}

// rowNumber is the number of a sheet's row, kept as digits.
type rowNumber struct {
	text  [7]byte // maxRows has as many
	start int
}

func rowNumberOf(n int) (r rowNumber) {
	digits := strconv.Itoa(n)
	r.start = len(r.text) - len(digits)
	copy(r.text[r.start:], digits)
	return r
}

// next counts up by one. The row below 9999999 is not to come.
func (r *rowNumber) next() {
	for i := len(r.text) - 1; i >= r.start; i-- {
		if r.text[i] < '9' {
			r.text[i]++
			return
		}
		r.text[i] = '0'
	}
	r.start--
	r.text[r.start] = '1'
}

func (r *rowNumber) digits() []byte { return r.text[r.start:] }

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
