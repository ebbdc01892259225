package pdf

import (
	"strconv"
	"strings"

	"decant/formats"
)

// oneLine is a text made printable, without line feeds.
func oneLine(s string) string { return strings.ReplaceAll(printable(s), "\n", " ") }

func (c *canvas) title(s string) {
	const size = 17
	if s == "" {
		return
	}
	c.font(bold, size, ink)
	for _, line := range wrap(bold, oneLine(s), int(c.width()*1000/size), 3) {
		c.pdf.Text(margin, c.y+size, line)
		c.y += size * lineHeight
	}
	c.y += 8
	c.rule(strong, margin, c.y, c.width())
	c.y += 8
}

// heading starts a section, on a page that has room for some of it.
func (c *canvas) heading(s string) {
	const size = 11
	c.need(80)
	c.y += 8
	c.font(bold, size, ink)
	c.pdf.Text(margin, c.y+size, s)
	c.y += size + 7
}

func (c *canvas) note(s string) {
	const size = 9
	c.font(regular, size, faint)
	c.pdf.Text(margin, c.y+size, s)
	c.y += size * lineHeight
}

// looseLine is the line height of labelled lines, of the font size.
const looseLine = 1.3

// about prints lines in two columns, label and text. A text of more lines than a block should have is cut.
func (c *canvas) about(lines []formats.Line) {
	const size, most = 8, 8
	labels := 0
	for _, l := range lines {
		labels = max(labels, measure(bold, oneLine(l.Label)))
	}
	indent := min(float64(labels)*size/1000, 130) + 10
	for _, l := range lines {
		text := wrap(regular, printable(l.Text), int((c.width()-indent)*1000/size), most)
		c.need(float64(len(text)) * size * looseLine)
		c.font(bold, size, faint)
		c.pdf.Text(margin, c.y+size, shorten(bold, oneLine(l.Label), int((indent-8)*1000/size)))
		c.font(regular, size, ink)
		for _, line := range text {
			c.pdf.Text(margin+indent, c.y+size, line)
			c.y += size * looseLine
		}
	}
	c.y += 4
}

// summary is the table of the series' statistics.
func (c *canvas) summary(series []formats.SeriesSummary) {
	if len(series) == 0 {
		return
	}
	c.heading("Summary")
	t := &table{columns: []column{
		{label: "series", wraps: true},
		{label: "unit", wraps: true},
		{label: "count", right: true},
	}}
	mixed := false // some samples are no numbers
	for _, s := range series {
		mixed = mixed || s.Numbers != s.Samples
	}
	if mixed {
		t.columns = append(t.columns, column{label: "numbers", right: true})
	}
	for _, label := range []string{"min", "max", "mean"} {
		t.columns = append(t.columns, column{label: label, right: true})
	}
	for _, s := range series {
		t.add([]byte(s.Label), true)
		t.add([]byte(s.Unit), true)
		t.add(strconv.AppendInt(nil, s.Samples, 10), false)
		if mixed {
			t.add(strconv.AppendInt(nil, s.Numbers, 10), false)
		}
		for _, v := range []float64{s.Min, s.Max, s.Mean} {
			if s.Numbers == 0 {
				t.add([]byte("–"), false)
				continue
			}
			t.add(formats.AppendNumber(nil, v), false)
		}
	}
	c.table(t, 8)
}

// charts draws a chart a series that has numbers: each the page's width where they are few, else two side by side.
func (c *canvas) charts(doc formats.Document) {
	var drawn []formats.SeriesSummary
	for _, s := range doc.Series {
		if hasPoints(s.Chart) {
			drawn = append(drawn, s)
		}
	}
	if len(drawn) == 0 {
		return
	}
	across, height := 1, 140.0
	if len(drawn) > 3 {
		across, height = 2, 125.0
	}
	const gap = 16
	width := (c.width() - float64(across-1)*gap) / float64(across)
	c.need(height + 40)
	c.heading("Charts")
	for i, s := range drawn {
		if i%across == 0 {
			if i > 0 {
				c.y += height + 12
			}
			c.need(height)
		}
		c.chart(s, doc, box{margin + float64(i%across)*(width+gap), c.y, width, height})
	}
	c.y += height + 12
}

// cards draws each record as a block of labelled lines, side by side where several fit.
func (c *canvas) cards(t *table) {
	const size, gap, pad, mostAcross = 8, 12, 6, 3
	labels, values := 0, 0
	for i := range t.columns {
		labels = max(labels, measure(bold, oneLine(t.columns[i].label)))
		values = max(values, t.columns[i].natural)
	}
	labelWidth := min(float64(labels)*size/1000, 150) + 8
	want := labelWidth + float64(values)*size/1000 + 2*pad + 2
	across := min(max(int((c.width()+gap)/(want+gap)), 1), mostAcross)
	width := (c.width() - float64(across-1)*gap) / float64(across)
	room := int((width - labelWidth - 2*pad) * 1000 / size)

	for first := 0; first < t.rows(); first += across {
		var blocks [][][]string // of each card in the row the lines of each value
		most := 0
		for row := first; row < min(first+across, t.rows()); row++ {
			var values [][]string
			lines := 0
			for i := range t.columns {
				values = append(values, wrap(regular, t.cell(row, i), room, mostLines))
				lines += len(values[i])
			}
			blocks = append(blocks, values)
			most = max(most, lines)
		}
		height := float64(most)*size*looseLine + 2*pad
		c.need(height)
		top := c.y
		bottom := top
		for k, values := range blocks {
			c.y = top
			c.card(t, values, box{margin + float64(k)*(width+gap), top, width, height}, labelWidth, size, pad)
			bottom = max(bottom, c.y)
		}
		c.y = bottom + gap
	}
}

// card draws one record. One that is longer than a page goes on on the next, without a frame.
func (c *canvas) card(t *table, values [][]string, b box, labelWidth, size, pad float64) {
	if c.fits(b.h) {
		c.pen(cardFrame, ruleWidth)
		c.pdf.Rect(b.x, b.y, b.w, b.h, "D")
	}
	c.y += pad
	for i := range t.columns {
		label := shorten(bold, oneLine(t.columns[i].label), int((labelWidth-6)*1000/size))
		for j, line := range values[i] {
			c.need(size * looseLine)
			if j == 0 {
				c.font(bold, size, faint)
				c.pdf.Text(b.x+pad, c.y+size, label)
				c.font(regular, size, ink)
			}
			c.pdf.Text(b.x+pad+labelWidth, c.y+size, line)
			c.y += size * looseLine
		}
	}
	c.y += pad
}
