package xlsx

import (
	"strconv"
	"strings"

	"decant/formats"
)

// sharedStrings is the workbook's table of texts. A cell names its text by the number in the table, which is less to compress here and less to read for who opens
// the file than the text itself. The table is bounded: what it has no room for stands in its cell.
//
// Texts are numbered in the order of rows, and in a row of columns, so the numbers don't depend on how rows are cut into records.
type sharedStrings struct {
	numbers map[string]int32
	items   []byte // of the part, in order
	texts   int    // bytes of all texts
}

// The bounds of the table. Tests make them small.
var (
	maxShared      = 1 << 16
	maxSharedBytes = 4 << 20
)

// inline is in place of the number of a text that is not in the table.
const inline = -1

// number gives a text's number in the table, and puts it there if it has room.
func (s *sharedStrings) number(text string) int32 {
	if n, ok := s.numbers[text]; ok {
		return n
	}
	n := len(s.numbers)
	if n >= maxShared || s.texts+len(text) > maxSharedBytes {
		return inline
	}
	items, fault := appendText(append(s.items, `<si>`...), text)
	if fault != "" {
		return inline // whoever prints the cell says what is wrong
	}
	s.items = append(items, `</si>`...)
	s.texts += len(text)
	if s.numbers == nil {
		s.numbers = map[string]int32{}
	}
	s.numbers[strings.Clone(text)] = int32(n)
	return int32(n)
}

// part is the content of xl/sharedStrings.xml.
func (s *sharedStrings) part() []byte {
	out := []byte(xmlHead + `<sst xmlns="` + mainNamespace + `" uniqueCount="`)
	out = strconv.AppendInt(out, int64(len(s.numbers)), 10)
	out = append(out, `">`...)
	out = append(out, s.items...)
	return append(out, `</sst>`...)
}

// texts finds the numbers of a record's texts before its rows are printed, and how much text they hold.
type texts struct {
	shared  *sharedStrings
	shares  []entries // the Text columns
	inlined []int     // the other columns that may hold text
	cells   []formats.Cells
}

// entries are the numbers of a dictionary's entries.
type entries struct {
	column  int
	numbers []int32 // unknown until an entry's first row; empty where the dictionary outnumbers the rows
}

const unknown = -2

func newTexts(columns []formats.Column, shared *sharedStrings) *texts {
	t := &texts{shared: shared}
	for i, c := range columns {
		switch c.Type {
		case formats.Text:
			t.shares = append(t.shares, entries{column: i})
		case formats.Value, formats.Bytes:
			t.inlined = append(t.inlined, i)
		}
	}
	return t
}

// turn makes the cells of another record, of so many rows, the ones that are looked at.
func (t *texts) turn(cells []formats.Cells, rows int) {
	t.cells = cells
	for i := range t.shares {
		e := &t.shares[i]
		e.numbers = e.numbers[:0]
		if n := cells[e.column].Entries(); n <= rows {
			for range n {
				e.numbers = append(e.numbers, unknown)
			}
		}
	}
}

// row appends the numbers of a row's texts, one a Text column, and says how many bytes of text the row has that is not shared.
func (t *texts) row(dst []int32, row int) (numbers []int32, bytes int) {
	for i := range t.shares {
		e := &t.shares[i]
		c := &t.cells[e.column]
		if c.Missing(row) {
			dst = append(dst, inline)
			continue
		}
		n := e.number(t.shared, c, c.Entry(row))
		if n == inline {
			bytes += len(c.Text(row))
		}
		dst = append(dst, n)
	}
	for _, i := range t.inlined {
		c := &t.cells[i]
		switch c.Kind(row) {
		case formats.ValueString:
			bytes += len(c.Text(row))
		case formats.ValueBytes:
			bytes += len(c.Bytes(row)) * 4 / 3
		}
	}
	return dst, bytes
}

func (e *entries) number(shared *sharedStrings, c *formats.Cells, entry int) int32 {
	if len(e.numbers) == 0 {
		return shared.number(c.EntryText(entry))
	}
	if e.numbers[entry] == unknown {
		e.numbers[entry] = shared.number(c.EntryText(entry))
	}
	return e.numbers[entry]
}
