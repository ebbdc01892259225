package pdf

import (
	"bytes"
	"fmt"
	"strings"
	"unsafe"
)

// table holds a table's cells as text, row by row, and how wide its columns want to be.
type table struct {
	columns []column
	text    []byte
	ends    []int // where each cell ends in text
}

// column is a column of a table. Its widths are in thousandths of the font size until it is laid out.
type column struct {
	label   string
	right   bool // aligned to the right, where it holds anything but texts
	wraps   bool // may be narrower than its widest cell
	natural int  // the widest cell
	rigid   int  // the widest cell that must not wrap: numbers in a column that wraps
	breaks  bool // a cell has a line feed
	width   float64
}

// Widths in thousandths of the font size; a digit has about 550.
const (
	narrowestText  = 9000  // text wraps at no less
	widestText     = 32000 // and wants no more
	narrowestLabel = 4500
	widestLabel    = 12000
	mostLines      = 12 // lines of a cell
)

const cellPadding = 3.5 // pt, left and right

// add appends a cell. One that may not wrap holds its column open.
func (t *table) add(cell []byte, wraps bool) {
	col := &t.columns[len(t.ends)%len(t.columns)]
	s := printable(unsafe.String(unsafe.SliceData(cell), len(cell))) // copied below
	t.text = append(t.text, s...)
	t.ends = append(t.ends, len(t.text))
	width := measure(regular, s)
	col.natural = max(col.natural, width)
	col.breaks = col.breaks || bytes.IndexByte(cell, '\n') >= 0
	if !wraps {
		col.rigid = max(col.rigid, width)
	}
}

func (t *table) rows() int { return len(t.ends) / len(t.columns) }

// cell is a cell's text; it lies in the table.
func (t *table) cell(row, column int) string {
	i := row*len(t.columns) + column
	start := 0
	if i > 0 {
		start = t.ends[i-1]
	}
	return unsafe.String(unsafe.SliceData(t.text[start:]), t.ends[i]-start)
}

// toRight says whether cells are aligned to the right. Values that are all texts are read as texts.
func (c *column) toRight() bool { return c.right && (!c.wraps || c.rigid > 0) }

func (c *column) bounds() (least, want int) {
	label := measure(bold, c.label)
	least, want = c.natural, c.natural
	if c.wraps {
		least, want = min(c.natural, narrowestText), min(c.natural, widestText)
		least, want = max(least, c.rigid), max(want, c.rigid)
	}
	return max(least, min(label, narrowestLabel)), max(want, min(label, widestLabel))
}

// page is how a table's pages look.
type page struct {
	landscape bool
	size      float64 // of the font, pt
}

const (
	shortSide = 595.28 // A4, pt
	longSide  = 841.89
	margin    = 42.0
)

func (p page) contentWidth() float64 {
	if p.landscape {
		return longSide - 2*margin
	}
	return shortSide - 2*margin
}

// choosePage takes the first page that the columns fit on. Smaller letters than the last one's are not readable.
func (t *table) choosePage() (page, error) {
	tries := []page{{false, 8}, {false, 7}, {true, 8}, {true, 7}, {true, 6}}
	for _, p := range tries {
		if t.fitting(p) == len(t.columns) {
			return p, nil
		}
	}
	fit := t.fitting(tries[len(tries)-1])
	return page{}, &WidthError{Fit: fit, Columns: len(t.columns)}
}

// WidthError says that a table is too wide for a page.
type WidthError struct{ Fit, Columns int } // how many fit, from the left; and how many there are

func (e *WidthError) Error() string {
	return fmt.Sprintf("%d of the table's %d columns fit on a PDF page at a readable size: "+
		"choose fewer columns, the template expanded, or write xlsx or csv", e.Fit, e.Columns)
}

// fitting is how many columns fit on a page, from the left.
func (t *table) fitting(p page) int {
	used := 0.0
	for i := range t.columns {
		least, _ := t.columns[i].bounds()
		used += float64(least)*p.size/1000 + 2*cellPadding
		if used > p.contentWidth() {
			return i
		}
	}
	return len(t.columns)
}

// layOut gives the columns their widths in pt. Columns get what they want as far as there is room; what is left over after that widens a
// narrow table, within reason.
func (t *table) layOut(size, room float64) (width float64) {
	least, want := 0.0, 0.0
	for i := range t.columns {
		l, w := t.columns[i].bounds()
		least += float64(l)*size/1000 + 2*cellPadding
		want += float64(w-l) * size / 1000
	}
	share := 1.0
	if want > 0 {
		share = min(1, max(0, (room-least)/want))
	}
	natural := least + share*want
	stretch := min(room/natural, 1.6)
	for i := range t.columns {
		l, w := t.columns[i].bounds()
		c := &t.columns[i]
		c.width = ((float64(l)+share*float64(w-l))*size/1000 + 2*cellPadding) * max(1, stretch)
		width += c.width
	}
	return width
}

// room is how wide a text may be, in thousandths of the font size.
func (c *column) room(size float64) int {
	return int((c.width-2*cellPadding)*1000/size) + 1 // + 1: the width was made from such a text
}

// lines are the lines that a text takes in the column; none where it fits as it is.
func (c *column) lines(f *face, s string, size float64) []string {
	room := c.room(size)
	if measure(f, s) <= room && !strings.Contains(s, "\n") {
		return nil
	}
	return wrap(f, s, room, mostLines)
}

// table draws a table below what the page already holds, with its header on every page.
func (c *canvas) table(t *table, size float64) {
	width := t.layOut(size, c.width())
	c.need(5 * size * lineHeight)
	c.tableHeader(t, size, width)
	lines := make([][]string, len(t.columns))
	for row := range t.rows() {
		most := 1
		for i := range t.columns {
			if col := &t.columns[i]; col.breaks || col.natural > col.room(size) {
				lines[i] = col.lines(regular, t.cell(row, i), size)
				most = max(most, len(lines[i]))
			}
		}
		height := float64(most)*size*lineHeight + rowPadding
		if !c.fits(height) {
			c.flushRun()
			c.addPage()
			c.tableHeader(t, size, width)
		}
		if row%2 == 1 {
			c.runRect(margin, c.y, width, height)
		}
		x := margin
		for i := range t.columns {
			col := &t.columns[i]
			if lines[i] == nil {
				c.cell(c.runText, t.cell(row, i), x, c.y, col, size)
			}
			for j, line := range lines[i] {
				c.cell(c.runText, line, x, c.y+float64(j)*size*lineHeight, col, size)
			}
			x += col.width
		}
		c.y += height
	}
	c.flushRun()
	c.rule(strong, margin, c.y, width)
	c.y += size
}

const (
	lineHeight = 1.22 // of the font size
	rowPadding = 3.0  // pt
)

// cell draws a line of a cell.
func (c *canvas) cell(text func(x, y float64, s string), s string, x, y float64, col *column, size float64) {
	if s == "" {
		return
	}
	if col.toRight() {
		x += col.width - cellPadding - float64(measure(c.face, s))*size/1000
	} else {
		x += cellPadding
	}
	text(x, y+rowPadding/2+size*0.95, s)
}

func (c *canvas) tableHeader(t *table, size, width float64) {
	c.font(bold, size, ink)
	most := 1
	lines := make([][]string, len(t.columns))
	for i := range t.columns {
		lines[i] = t.columns[i].lines(bold, t.columns[i].label, size)
		if lines[i] == nil {
			lines[i] = []string{t.columns[i].label}
		}
		most = max(most, len(lines[i]))
	}
	height := float64(most)*size*lineHeight + rowPadding + 2
	c.fill(headerFill, margin, c.y, width, height)
	x := margin
	for i := range t.columns {
		top := c.y + 1 + float64(most-len(lines[i]))*size*lineHeight
		for j, line := range lines[i] {
			c.cell(c.pdf.Text, line, x, top+float64(j)*size*lineHeight, &t.columns[i], size)
		}
		x += t.columns[i].width
	}
	c.y += height
	c.rule(strong, margin, c.y, width)
	c.font(regular, size, ink)
}
