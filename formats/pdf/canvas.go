package pdf

import (
	"fmt"

	"github.com/go-pdf/fpdf"

	"decant/formats"
)

type color struct{ r, g, b int }

var (
	ink        = color{33, 37, 41}
	faint      = color{110, 117, 125}
	strong     = color{120, 135, 155}
	gridLine   = color{224, 228, 233}
	cardFrame  = color{200, 207, 216}
	zebra      = color{246, 248, 250}
	headerFill = color{231, 236, 242}
	lineColor  = color{24, 90, 157}
	bandColor  = color{196, 215, 236}
)

// canvas draws pages from top to bottom. All lengths are points, y grows downwards.
type canvas struct {
	pdf  *fpdf.Fpdf
	page page
	y    float64 // where the next thing goes
	face *face   // the font in use
	run  run     // of a table, what is not on the page yet
}

const footerHeight = 24.0

func newCanvas(doc formats.Document, p page) *canvas {
	c := &canvas{pdf: newFile(doc, p.landscape), page: p}
	c.addPage()
	return c
}

func (c *canvas) width() float64 { return c.page.contentWidth() }

func (c *canvas) height() float64 {
	if c.page.landscape {
		return shortSide
	}
	return longSide
}

func (c *canvas) bottom() float64 { return c.height() - margin - footerHeight }

func (c *canvas) addPage() {
	c.pdf.AddPage()
	c.y = margin
}

func (c *canvas) fits(height float64) bool { return c.y+height <= c.bottom() }

// need starts a new page where this one has less room than that.
func (c *canvas) need(height float64) {
	if !c.fits(height) {
		c.addPage()
	}
}

func (c *canvas) font(f *face, size float64, text color) {
	c.face = f
	c.pdf.SetFont(family, f.style, size)
	c.pdf.SetTextColor(text.r, text.g, text.b)
}

func (c *canvas) fill(with color, x, y, w, h float64) {
	c.pdf.SetFillColor(with.r, with.g, with.b)
	c.pdf.Rect(x, y, w, h, "F")
}

// pen is what lines are drawn with from here on.
func (c *canvas) pen(with color, width float64) {
	c.pdf.SetDrawColor(with.r, with.g, with.b)
	c.pdf.SetLineWidth(width)
}

const ruleWidth = 0.6

func (c *canvas) rule(with color, x, y, w float64) {
	c.pen(with, ruleWidth)
	c.pdf.Line(x, y, x+w, y)
}

// textRight ends a text at x.
func (c *canvas) textRight(x, y, size float64, s string) {
	c.pdf.Text(x-c.textWidth(s, size), y, s)
}

func (c *canvas) textCentered(x, y, size float64, s string) {
	c.pdf.Text(x-c.textWidth(s, size)/2, y, s)
}

func (c *canvas) textWidth(s string, size float64) float64 {
	return float64(measure(c.face, s)) * size / 1000
}

// footers number the pages. They are drawn last, when their number is known: fpdf's alias for it would also replace text in the cells.
func (c *canvas) footers(title string) {
	const size = 7.5
	pages := c.pdf.PageCount()
	y := c.bottom() + footerHeight
	for i := range pages {
		c.pdf.SetPage(i + 1)
		c.font(regular, size, faint)
		c.rule(gridLine, margin, y-size-5, c.width())
		number := fmt.Sprintf("page %d of %d", i+1, pages)
		c.textRight(margin+c.width(), y, size, number)
		room := c.width() - c.textWidth(number, size) - 20
		c.pdf.Text(margin, y, shorten(regular, oneLine(title), int(room*1000/size)))
	}
}
