package xlsx

import (
	"strconv"

	"decant/formats"
)

// sheet is a sheet of rows. Its part is written front to back:
//
//	<worksheet> sheetViews sheetFormatPr cols sheetData    head: the widths are known from the first chunk of rows
//	            row, row, …                                 a piece a chunk
//	            /sheetData autoFilter pageMargins           tail: the filter's range needs the last row
//	</worksheet>
type sheet struct {
	name     string
	part     string // its name in the archive
	first    bool   // the sheet that a program shows when it opens the file
	expanded bool
	columns  int // of the document
	row      int // the last row that was given away

	size   int64 // bytes of its part so far
	coming int64 // bytes that the chunks under way may add, at most
}

const (
	xmlHead       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainNamespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
)

func newSheet(doc formats.Document, name, part string) *sheet {
	s := &sheet{name: name, part: part, first: part == firstSheetPart, expanded: doc.Expanded, columns: len(doc.Columns)}
	if !s.expanded {
		s.row = 1 // the header
	}
	return s
}

// room is how many of the document's rows the sheet still takes.
func (s *sheet) room() int {
	left := maxRows - s.row
	switch {
	case !s.expanded:
		return left
	case s.row == 0:
		left++ // no blank row before the first
	}
	return left / (s.columns + 1)
}

// take gives n of the document's rows their place in the sheet, and says which row stands before them.
func (s *sheet) take(n int) (before int) {
	before = s.row
	if !s.expanded {
		s.row += n
		return before
	}
	s.row += n * (s.columns + 1)
	if before == 0 {
		s.row--
	}
	return before
}

// appendHead prints the part up to its first row of data.
func (s *sheet) appendHead(dst []byte, w *widths, labels [][]byte) []byte {
	dst = append(dst, xmlHead+`<worksheet xmlns="`+mainNamespace+`"><sheetViews><sheetView`...)
	if s.first {
		dst = append(dst, ` tabSelected="1"`...)
	}
	dst = append(dst, ` workbookViewId="0"`...)
	if s.expanded {
		dst = append(dst, `/>`...)
	} else {
		dst = append(dst, `><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>`+
			`<selection pane="bottomLeft" activeCell="A2" sqref="A2"/></sheetView>`...)
	}
	dst = append(dst, `</sheetViews><sheetFormatPr defaultRowHeight="15"/>`...)
	dst = w.append(dst)
	dst = append(dst, `<sheetData>`...)
	if s.expanded {
		return dst
	}
	dst = append(dst, `<row r="1">`...)
	for i, label := range labels {
		dst = append(dst, `<c r="`...)
		dst = append(dst, cellName(i, 1)...)
		dst = append(dst, label...)
	}
	return append(dst, rowEnd...)
}

// appendTail prints what stands behind the last row.
func (s *sheet) appendTail(dst []byte) []byte {
	dst = append(dst, `</sheetData>`...)
	if !s.expanded {
		dst = append(dst, `<autoFilter ref="`...)
		dst = append(dst, s.filterRange()...)
		dst = append(dst, `"/>`...)
	}
	return append(dst, `<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>`...)
}

// filterRange is the header and all rows below it.
func (s *sheet) filterRange() string { return "A1:" + cellName(s.columns-1, s.row) }

// appendLabel prints a column's label as the cell behind its name.
func appendLabel(dst []byte, style int, label string, shared *sharedStrings) (out []byte, fault string) {
	dst = append(dst, `" s="`...)
	dst = strconv.AppendInt(dst, int64(style), 10)
	if number := shared.number(label); number != inline {
		return appendShared(dst, number), ""
	}
	return appendInline(dst, label)
}
