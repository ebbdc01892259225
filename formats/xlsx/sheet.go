package xlsx

import (
	"io"
	"strconv"
)

// A sheet is written front to back into one zip part:
//
//	<worksheet> sheetViews sheetFormatPr cols    written once the widths are known
//	            sheetData: row, row, …
//	            autoFilter                       its range needs the last row
//	</worksheet>
type sheet struct {
	name   string
	part   io.Writer
	first  bool // the sheet that a program shows when it opens the file
	header bool // row 1 is a frozen header with filters
	widths *widths

	row     int    // the last row started; 0 before the first
	number  []byte // its number as text
	buf     []byte // rows not yet written
	begun   bool   // the part up to sheetData is written
	written int64  // bytes of the part
}

const (
	flushBytes  = 1 << 16 // rows wait in buf up to this size
	sampleBytes = 1 << 19 // the rows that the widths are taken from, at most
	sampleRows  = 1000
)

// full says whether the sheet has no room for so many rows more.
func (s *sheet) full(rows int) bool { return s.row+rows > maxRows || s.written > maxPartBytes }

func (s *sheet) startRow() {
	s.row++
	s.number = strconv.AppendInt(s.number[:0], int64(s.row), 10)
	s.buf = append(s.buf, `<row r="`...)
	s.buf = append(s.buf, s.number...)
	s.buf = append(s.buf, `">`...)
}

// ref is where a cell of the current row stands, in the two parts of its name.
func (s *sheet) ref(column string) ref { return ref{column, s.number} }

// startCell begins a cell with a style; add completes it.
func (s *sheet) startCell(column string, style int) {
	s.buf = s.ref(column).appendStyled(s.buf, style)
}

func (s *sheet) add(rest []byte) { s.buf = append(s.buf, rest...) }

func (s *sheet) endRow() error {
	s.buf = append(s.buf, `</row>`...)
	if !s.begun {
		if !s.widths.fixed && s.row < sampleRows && len(s.buf) < sampleBytes {
			return nil
		}
		return s.begin()
	}
	if len(s.buf) < flushBytes {
		return nil
	}
	return s.flush()
}

// begin writes the part up to the rows seen so far. The widths are those of the first sheet's first rows, for all sheets.
func (s *sheet) begin() error {
	s.begun = true
	s.widths.fixed = true
	head := []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" +
		`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView`)
	if s.first {
		head = append(head, ` tabSelected="1"`...)
	}
	head = append(head, ` workbookViewId="0"`...)
	if s.header {
		head = append(head, `><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>`+
			`<selection pane="bottomLeft" activeCell="A2" sqref="A2"/></sheetView>`...)
	} else {
		head = append(head, `/>`...)
	}
	head = append(head, `</sheetViews><sheetFormatPr defaultRowHeight="15"/>`...)
	head = s.widths.append(head)
	head = append(head, `<sheetData>`...)
	if err := s.write(head); err != nil {
		return err
	}
	return s.flush()
}

func (s *sheet) flush() error {
	err := s.write(s.buf)
	s.buf = s.buf[:0]
	return err
}

func (s *sheet) write(b []byte) error {
	s.written += int64(len(b))
	_, err := s.part.Write(b)
	return err
}

func (s *sheet) end(columns int) error {
	if !s.begun {
		if err := s.begin(); err != nil {
			return err
		}
	}
	s.buf = append(s.buf, `</sheetData>`...)
	if s.header {
		s.buf = append(s.buf, `<autoFilter ref="`...)
		s.buf = append(s.buf, s.filterRange(columns)...)
		s.buf = append(s.buf, `"/>`...)
	}
	s.buf = append(s.buf, `<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>`...)
	return s.flush()
}

// filterRange is the header and all rows below it.
func (s *sheet) filterRange(columns int) string { return "A1:" + cellName(columns-1, s.row) }
