package pdf

import (
	"math"
	"strconv"
	"unsafe"
)

// run is a page's share of a table, as PDF operators: rectangles below, texts above them. fpdf formats and allocates for every text; a run
// is appended to one buffer and handed to it a page at a time. Its texts are in the font in use.
//
//	q 0.965 0.973 0.980 rg  x y w h re …  f
//	0.129 0.145 0.161 rg BT  dx dy Td (text) Tj …  ET Q
type run struct {
	rects, texts []byte
	x, y         int // where the last text began, in hundredths of a point
	page         []byte
	known        [1 << 16 / 64]uint64 // a bit a character of the basic plane that fpdf knows to be used
}

// runRect adds a rectangle of a table's stripes.
func (c *canvas) runRect(x, y, w, h float64) {
	b := c.run.rects
	for _, v := range []float64{x, c.height() - y, w, -h} {
		b = append(appendHundredths(b, hundredths(v)), ' ')
	}
	c.run.rects = append(b, "re\n"...)
}

// runText adds a text. One that has a character for the first time goes through fpdf, which thereby puts that into the file's font.
func (c *canvas) runText(x, y float64, s string) {
	if c.run.learn(s) {
		c.flushRun()
		c.pdf.Text(x, y, s)
		return
	}
	r := &c.run
	left, up := hundredths(x), hundredths(c.height()-y)
	b := append(appendHundredths(r.texts, left-r.x), ' ')
	b = append(appendHundredths(b, up-r.y), " Td ("...)
	r.x, r.y = left, up
	for _, char := range s {
		b = appendCode(appendCode(b, byte(char>>8)), byte(char))
	}
	r.texts = append(b, ") Tj\n"...)
}

// learn notes the characters of a printable text, and says whether any of them is new.
func (r *run) learn(s string) (isNew bool) {
	for _, char := range s {
		if word, bit := &r.known[char/64], uint64(1)<<(char%64); *word&bit == 0 {
			*word |= bit
			isNew = true
		}
	}
	return isNew
}

// flushRun puts the run on the page.
func (c *canvas) flushRun() {
	r := &c.run
	if len(r.rects)+len(r.texts) == 0 {
		return
	}
	b := append(r.page[:0], "q "...)
	if len(r.rects) > 0 {
		b = append(append(append(zebra.appendFill(b), r.rects...), 'f'), '\n')
	}
	b = append(append(append(ink.appendFill(b), "BT\n"...), r.texts...), "ET Q"...)
	c.pdf.RawWriteStr(unsafe.String(unsafe.SliceData(b), len(b))) // copied there
	r.rects, r.texts, r.page = r.rects[:0], r.texts[:0], b
	r.x, r.y = 0, 0
}

// appendFill is the operator that fills with a color.
func (with color) appendFill(b []byte) []byte {
	for _, part := range []int{with.r, with.g, with.b} {
		b = append(strconv.AppendFloat(b, float64(part)/255, 'f', 3, 64), ' ')
	}
	return append(b, "rg\n"...)
}

// appendCode appends a byte of a string, which is in UTF-16 without regard to what its bytes mean alone.
func appendCode(b []byte, code byte) []byte {
	switch code {
	case '\\', '(', ')':
		return append(b, '\\', code)
	case '\r':
		return append(b, '\\', 'r')
	}
	return append(b, code)
}

func hundredths(v float64) int { return int(math.Round(v * 100)) }

// appendHundredths prints a hundredth of n with the digits it needs.
func appendHundredths(b []byte, n int) []byte {
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, int64(n/100), 10)
	if n%100 == 0 {
		return b
	}
	b = append(b, '.', byte('0'+n/10%10))
	if n%10 != 0 {
		b = append(b, byte('0'+n%10))
	}
	return b
}
