package pdf

import (
	"math"
	"strings"

	"decant/formats"
)

// box is a rectangle, from its upper left corner.
type box struct{ x, y, w, h float64 }

const (
	chartText   = 7.0  // font size of a chart's labels
	chartTitle  = 8.5  // of its title
	timeLabels  = 24.0 // height below the plot: two lines of labels
	labelGap    = 5.0
	timeSpacing = 62.0 // least distance of time ticks
	rowSpacing  = 20.0 // least distance of value ticks
)

func hasPoints(c formats.Chart) bool {
	for _, p := range c.Points {
		if !p.Empty {
			return true
		}
	}
	return false
}

// chart draws a series:
//
//	label, unit            avg, band: min–max
//	tick │    ╭╮
//	tick │╭╮╭─╯╰──  ──     the line breaks at empty points
//	     └────┬─────┬────
//	        time  time
func (c *canvas) chart(s formats.SeriesSummary, doc formats.Document, b box) {
	c.chartTitle(s, b)
	lo, hi := valueRange(s.Chart)
	ticks := newValueAxis(lo, hi, max(2, int((b.h-chartTitle-timeLabels)/rowSpacing)))

	c.font(regular, chartText, faint)
	left := 0.0
	for _, t := range ticks.ticks {
		left = max(left, c.textWidth(ticks.label(t), chartText))
	}
	left += labelGap
	plot := box{b.x + left, b.y + chartTitle + 6, b.w - left - 4, b.h - chartTitle - 6 - timeLabels}
	p := projection{plot: plot, from: s.Chart.From, to: s.Chart.To, lo: ticks.lo, hi: ticks.hi}
	if p.from >= p.to { // a range of one instant
		p.from, p.to = p.from-1e9, p.to+1e9
	}
	for _, t := range ticks.ticks {
		y := p.y(t)
		c.hairline(gridLine, plot.x, y, plot.x+plot.w, y)
		c.textRight(plot.x-labelGap+1, y+chartText*0.35, chartText, ticks.label(t))
	}
	c.timeTicks(p, b, doc)
	c.points(s.Chart, p)
	c.hairline(strong, plot.x, plot.y+plot.h, plot.x+plot.w, plot.y+plot.h)
}

func (c *canvas) chartTitle(s formats.SeriesSummary, b box) {
	legend := s.Chart.Line
	if s.Chart.Band {
		if legend != "" {
			legend += ", "
		}
		legend += "band: min–max"
	}
	c.font(regular, chartText, faint)
	room := b.w - c.textWidth(legend, chartText) - 10
	c.textRight(b.x+b.w-4, b.y+chartTitle-1, chartText, legend)

	unit := ""
	if s.Unit != "" && !strings.HasSuffix(s.Label, "("+s.Unit+")") && !strings.HasSuffix(s.Label, "["+s.Unit+"]") {
		unit = " [" + oneLine(s.Unit) + "]"
	}
	c.font(bold, chartTitle, ink)
	unitWidth := measure(bold, unit)
	c.pdf.Text(b.x, b.y+chartTitle-1, shorten(bold, oneLine(s.Label), int(room*1000/chartTitle)-unitWidth)+unit)
}

func (c *canvas) hairline(with color, x1, y1, x2, y2 float64) {
	c.pen(with, 0.5)
	c.pdf.Line(x1, y1, x2, y2)
}

func (c *canvas) timeTicks(p projection, b box, doc formats.Document) {
	plot := p.plot
	context := ""
	for _, t := range timeTicks(p.from, p.to, doc.Zone, max(1, int(plot.w/timeSpacing))) {
		x := p.x(t.at)
		c.hairline(gridLine, x, plot.y, x, plot.y+plot.h)
		c.hairline(strong, x, plot.y+plot.h, x, plot.y+plot.h+3)
		c.textWithin(b, x, plot.y+plot.h+chartText+4, t.label)
		if t.context != context {
			context = t.context
			c.textWithin(b, x, plot.y+plot.h+2*chartText+5, context)
		}
	}
}

// textWithin centres a label at x, but not beyond the box.
func (c *canvas) textWithin(b box, x, y float64, s string) {
	half := c.textWidth(s, chartText) / 2
	x = min(max(x, b.x+half), b.x+b.w-half)
	c.textCentered(x, y, chartText, s)
}

// points draws the band, then the line over it, run by run of points that are not empty. A point without neighbours is a dot.
func (c *canvas) points(chart formats.Chart, p projection) {
	f := c.pdf
	f.ClipRect(p.plot.x-2, p.plot.y-2, p.plot.w+4, p.plot.h+4, false)
	defer f.ClipEnd()
	if chart.Band {
		f.SetFillColor(bandColor.r, bandColor.g, bandColor.b)
		c.pen(bandColor, 1)
		for run := range runs(chart.Points) {
			if len(run) == 1 {
				x := p.x(run[0].Time)
				f.Line(x, p.y(run[0].Low), x, p.y(run[0].High))
				continue
			}
			f.MoveTo(p.x(run[0].Time), p.y(run[0].High))
			for _, point := range run[1:] {
				f.LineTo(p.x(point.Time), p.y(point.High))
			}
			for i := len(run) - 1; i >= 0; i-- {
				f.LineTo(p.x(run[i].Time), p.y(run[i].Low))
			}
			f.ClosePath()
			f.DrawPath("F")
		}
	}
	f.SetFillColor(lineColor.r, lineColor.g, lineColor.b)
	c.pen(lineColor, 0.9)
	f.SetLineJoinStyle("round")
	for run := range runs(chart.Points) {
		if len(run) == 1 {
			f.Circle(p.x(run[0].Time), p.y(run[0].Value), 1.6, "F")
			continue
		}
		f.MoveTo(p.x(run[0].Time), p.y(run[0].Value))
		for _, point := range run[1:] {
			f.LineTo(p.x(point.Time), p.y(point.Value))
		}
		f.DrawPath("D")
	}
}

// runs are the stretches of points that are not empty.
func runs(points []formats.ChartPoint) func(yield func([]formats.ChartPoint) bool) {
	return func(yield func([]formats.ChartPoint) bool) {
		start := 0
		for i := 0; i <= len(points); i++ {
			if i < len(points) && !points[i].Empty {
				continue
			}
			if i > start && !yield(points[start:i]) {
				return
			}
			start = i + 1
		}
	}
}

func valueRange(c formats.Chart) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, p := range c.Points {
		if p.Empty {
			continue
		}
		lo, hi = min(lo, p.Value), max(hi, p.Value)
		if c.Band {
			lo, hi = min(lo, p.Low), max(hi, p.High)
		}
	}
	return lo, hi
}

// projection maps times and values into the plot.
type projection struct {
	plot     box
	from, to int64
	lo, hi   float64
}

func (p projection) x(t int64) float64 {
	return p.plot.x + distance(p.from, t)/distance(p.from, p.to)*p.plot.w
}

func (p projection) y(v float64) float64 {
	// halves: hi - lo may be beyond float64
	return p.plot.y + p.plot.h - (v/2-p.lo/2)/(p.hi/2-p.lo/2)*p.plot.h
}
