package xlsx

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"decant/formats"
)

// maxText is how many UTF-16 units a cell holds.
const maxText = 32767

// maxInteger is the largest integer that a cell, a float64, holds with all its neighbours. Larger ones are printed as text.
const maxInteger = 1 << 53

// ref is a cell's name in its two parts.
type ref struct {
	column string
	row    []byte
}

// appendTo prints the start of a cell up to its attributes.
func (r ref) appendTo(dst []byte) []byte {
	dst = append(dst, `<c r="`...)
	dst = append(dst, r.column...)
	dst = append(dst, r.row...)
	return append(dst, '"')
}

func (r ref) appendStyled(dst []byte, style int) []byte {
	dst = r.appendTo(dst)
	dst = append(dst, ` s="`...)
	dst = strconv.AppendInt(dst, int64(style), 10)
	return append(dst, '"')
}

// cellPrinter prints cells as XML.
type cellPrinter struct {
	numbers   bool // times are numbers, see timesAreNumbers
	dates     bool // times are date cells, see timesAreDates
	text      *formats.Printer
	zoned     *wallClock
	utc       *wallClock
	dateCell  []byte // what follows the name of a date cell, up to its value
	dateWidth int
	scratch   []byte

	entries [][]textCell // of each Text column, for the record being written; nil where none was printed yet
}

// textCell is an entry of a dictionary as a cell.
type textCell struct {
	rest  []byte // the cell from after its name; nil where it was not printed yet
	width int
	fault string
}

func newCellPrinter(doc formats.Document, s styles) *cellPrinter {
	return &cellPrinter{
		numbers:   timesAreNumbers(doc.Times),
		dates:     timesAreDates(doc.Times),
		text:      formats.NewPrinter(doc),
		zoned:     newWallClock(doc.Zone, doc.Times.Digits),
		utc:       newWallClock(time.UTC, doc.Times.Digits),
		dateCell:  fmt.Appendf(nil, ` s="%d"><v>`, s.date),
		dateWidth: len(dateLayout(doc.Times.Digits)),
		entries:   make([][]textCell, len(doc.Columns)),
	}
}

// startRecord forgets the entries of the record before.
func (p *cellPrinter) startRecord() { clear(p.entries) }

// append prints a cell that is not missing, and says how many characters wide it shows. A fault says why no cell can hold it.
func (p *cellPrinter) append(dst []byte, at ref, c *formats.Cells, column, row int) (out []byte, width int, fault string) {
	switch c.Type {
	case formats.Time, formats.TimeUTC:
		out, width = p.appendTime(dst, at, c, row)
		return out, width, ""
	case formats.Text:
		return p.appendEntry(dst, at, c, column, row)
	case formats.Integer:
		out, width = p.appendInteger(dst, at, c.Int(row))
		return out, width, ""
	}
	dst = at.appendTo(dst)
	switch c.Kind(row) {
	case formats.ValueNumber:
		dst = append(dst, `><v>`...)
		start := len(dst)
		dst = formats.AppendNumber(dst, c.Number(row))
		width = len(dst) - start
		return append(dst, `</v></c>`...), width, ""
	case formats.ValueBool:
		if c.Bool(row) {
			return append(dst, ` t="b"><v>1</v></c>`...), len("FALSE"), ""
		}
		return append(dst, ` t="b"><v>0</v></c>`...), len("FALSE"), ""
	case formats.ValueBytes:
		return p.appendBytes(dst, c.Bytes(row))
	}
	s := c.Text(row)
	out, fault = appendText(dst, s)
	return out, displayWidth(s), fault
}

func (p *cellPrinter) appendInteger(dst []byte, at ref, v int64) ([]byte, int) {
	dst = at.appendTo(dst)
	exact := -maxInteger <= v && v <= maxInteger
	if exact {
		dst = append(dst, `><v>`...)
	} else {
		dst = append(dst, textStart...)
	}
	start := len(dst)
	dst = strconv.AppendInt(dst, v, 10)
	width := len(dst) - start
	if exact {
		return append(dst, `</v></c>`...), width
	}
	return append(dst, textEnd...), width
}

// appendTime prints a date cell where one holds the time, a number for Unix times, else text.
func (p *cellPrinter) appendTime(dst []byte, at ref, c *formats.Cells, row int) ([]byte, int) {
	dst = at.appendTo(dst)
	if p.numbers {
		dst = append(dst, `><v>`...)
		start := len(dst)
		dst = p.text.AppendNumber(dst, c, row)
		width := len(dst) - start
		return append(dst, `</v></c>`...), width
	}
	if p.dates {
		clock := p.zoned
		if c.Type == formats.TimeUTC {
			clock = p.utc
		}
		if serial, ok := clock.serial(c.Int(row)); ok {
			dst = append(dst, p.dateCell...)
			dst = formats.AppendNumber(dst, serial)
			return append(dst, `</v></c>`...), p.dateWidth
		}
	}
	p.scratch = p.text.AppendNumber(p.scratch[:0], c, row)
	dst, _ = appendText(dst, string(p.scratch)) // a printed time always fits
	return dst, len(p.scratch)
}

// appendEntry prints a cell of a Text column. Each entry of a dictionary is escaped once a record.
func (p *cellPrinter) appendEntry(dst []byte, at ref, c *formats.Cells, column, row int) ([]byte, int, string) {
	if p.entries[column] == nil {
		p.entries[column] = make([]textCell, c.Entries())
	}
	cell := &p.entries[column][c.Entry(row)]
	if cell.rest == nil && cell.fault == "" {
		s := c.Text(row)
		cell.rest, cell.fault = appendText(nil, s)
		cell.width = displayWidth(s)
	}
	if cell.fault != "" {
		return dst, 0, cell.fault
	}
	return append(at.appendTo(dst), cell.rest...), cell.width, ""
}

func (p *cellPrinter) appendBytes(dst, b []byte) ([]byte, int, string) {
	p.scratch = formats.AppendBytes(p.scratch[:0], b)
	if n := len(p.scratch); n > maxText {
		return dst, 0, tooLong(n)
	}
	dst = append(dst, textStart...)
	dst = append(dst, p.scratch...)
	return append(dst, textEnd...), len(p.scratch), ""
}

// A text cell is an inline string: no program reads one as a formula, whatever it starts with.
const (
	textStart = ` t="inlineStr"><is><t>`
	textKept  = ` t="inlineStr"><is><t xml:space="preserve">`
	textEnd   = `</t></is></c>`
)

// appendText prints the rest of a text cell, from after its name. A fault says what keeps the text out of a cell.
func appendText(dst []byte, s string) (out []byte, fault string) {
	if keepsSpace(s) {
		dst = append(dst, textKept...)
	} else {
		dst = append(dst, textStart...)
	}
	units := 0
	for i, r := range s {
		units++
		switch {
		case r == '&':
			dst = append(dst, `&amp;`...)
		case r == '<':
			dst = append(dst, `&lt;`...)
		case r == '>':
			dst = append(dst, `&gt;`...)
		case r == '\r': // raw, XML's line ends would swallow it
			dst = append(dst, `&#13;`...)
		case r == '_' && isEscape(s[i:]):
			dst = append(dst, `_x005F_`...)
		case r >= ' ' && r < 0x7f, r == '\t', r == '\n':
			dst = append(dst, byte(r))
		case forbidden(s[i:], r):
			return dst, fmt.Sprintf("the text holds %U at byte %d, which XML and so XLSX forbids: export it as csv or jsonl", r, i)
		default:
			if r > 0xffff {
				units++
			}
			dst = utf8.AppendRune(dst, r)
		}
	}
	if units > maxText {
		return dst, tooLong(units)
	}
	return append(dst, textEnd...), ""
}

func tooLong(units int) string {
	return fmt.Sprintf("a text of %d characters; a cell of XLSX holds at most %d: export it as csv or jsonl", units, maxText)
}

// forbidden says whether XML 1.0 (section 2.2) has no such character. rest starts with it.
func forbidden(rest string, r rune) bool {
	if r == utf8.RuneError {
		_, size := utf8.DecodeRuneInString(rest)
		return size == 1 // bytes that are not UTF-8
	}
	return r < ' ' || r == 0xfffe || r == 0xffff
}

// isEscape says whether s starts with _xHHHH_, which a spreadsheet reads as the character HHHH (ECMA-376 part 1, 22.9.2.19).
func isEscape(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	for _, c := range []byte(s[2:6]) {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// keepsSpace says whether a reader of XML may drop white space of s.
func keepsSpace(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] == '\n' || s[i] == '\r' || s[i] == '\t' {
			return true
		}
	}
	return s[0] == ' ' || s[len(s)-1] == ' '
}
