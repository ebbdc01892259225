package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"text/template"

	"golang.org/x/perf/benchunit"

	"decant/bench"
)

// Measures of the chart, in SVG's units: about a pixel.
const (
	width      = 860
	labelWidth = 190
	barsWidth  = 540
	barHeight  = 9
	gap        = 8  // between two cases
	heading    = 30 // above the cases of a data set
	top        = 34 // for the legend
	bottom     = 34 // for the axis
)

// colours of one core, two, and so on.
var colours = []string{"#9db8d9", "#2f5f9e", "#173a66", "#0b1f3a"}

var about = map[string]string{
	bench.DataWalk:     "walk: two decimals, 15 to 30, 1 Hz",
	bench.DataZero:     "zero: two decimals, −20 to 20 through zero, 1 Hz",
	bench.DataTetouan:  "tetouan: a power grid's eight columns, every ten minutes",
	bench.DataConstant: "constant: 0.1, 1 Hz",
}

// panel is a data set's part of the chart.
type panel struct {
	data string
	rows []row
}

// row is one case, on one core and more.
type row struct {
	title   string
	results []*result
}

// arrange puts the cases that have a share of the roofline into panels, in the order of the results.
func arrange(cases []*result) (panels []panel) {
	for _, c := range cases {
		if _, ok := c.interval("of-roofline"); !ok {
			continue
		}
		i := slices.IndexFunc(panels, func(p panel) bool { return p.data == c.keys["data"] })
		if i < 0 {
			i, panels = len(panels), append(panels, panel{data: c.keys["data"]})
		}
		p := &panels[i]
		j := slices.IndexFunc(p.rows, func(r row) bool { return r.title == c.title() })
		if j < 0 {
			j, p.rows = len(p.rows), append(p.rows, row{title: c.title()})
		}
		p.rows[j].results = append(p.rows[j].results, c)
		slices.SortStableFunc(p.rows[j].results, func(a, b *result) int { return cmp.Compare(a.cores, b.cores) })
	}
	return panels
}

// picture is what the template draws.
type picture struct {
	Width, Height, Right, Top, Bottom float64
	Legend, Ticks                     []text
	Headings, Labels, Rates           []text
	Bars                              []bar

	most  float64 // at the axis' end
	cores []int   // that have a colour
}

type text struct {
	X, Y   float64
	Text   string
	Colour string
}

// bar is a median from the left edge on, with its interval as a line.
type bar struct {
	X, Y, Width, Height float64
	Low, High, Middle   float64 // of the interval, cut at the axis' end; Low is 0 where there is none
	Colour              string
}

// draw draws every decimation as a share of the roofline on as many cores.
func draw(list []*result) ([]byte, error) {
	cases := of(list, "Decimation")
	p := &picture{Width: width, Top: top, Right: labelWidth + barsWidth, Bottom: top, most: 1}
	for _, c := range cases {
		if share, ok := c.interval("of-roofline"); ok {
			p.most = max(p.most, share.Median)
		}
		if !slices.Contains(p.cores, c.cores) {
			p.cores = append(p.cores, c.cores)
		}
	}
	slices.Sort(p.cores)
	for i, n := range p.cores {
		p.Legend = append(p.Legend, text{X: labelWidth + float64(i)*90, Y: 14, Text: plural(n, "core"), Colour: p.colour(n)})
	}
	for _, panel := range arrange(cases) {
		p.Headings = append(p.Headings, text{X: 8, Y: p.Bottom + heading - 10, Text: cmp.Or(about[panel.data], panel.data)})
		p.Bottom += heading
		for _, r := range panel.rows {
			p.row(r)
		}
	}
	p.axis()
	p.Height = p.Bottom + bottom
	var b bytes.Buffer
	err := drawing.Execute(&b, p)
	return b.Bytes(), err
}

// row draws a case below what is there.
func (p *picture) row(r row) {
	middle := p.Bottom + float64(len(r.results))*barHeight/2
	p.Labels = append(p.Labels, text{X: labelWidth - 8, Y: middle + 4, Text: r.title})
	for _, x := range r.results {
		share, _ := x.interval("of-roofline")
		b := bar{X: labelWidth, Y: p.Bottom, Width: p.at(share.Median) - labelWidth, Height: barHeight, Middle: p.Bottom + barHeight/2.0, Colour: p.colour(x.cores)}
		if share.Low > 0 {
			b.Low, b.High = p.at(share.Low), p.at(min(share.High, p.most))
		}
		p.Bars = append(p.Bars, b)
		if rate, ok := x.interval("points/s"); ok {
			p.Rates = append(p.Rates, text{X: p.Right + 12, Y: p.Bottom + barHeight - 1, Text: benchunit.Scale(rate.Median, benchunit.Decimal) + " points/s"})
		}
		p.Bottom += barHeight
	}
	p.Bottom += gap
}

// axis draws a line at every fifth, and a darker one at the roofline itself.
func (p *picture) axis() {
	for tenth := 0; float64(tenth)/10 <= p.most; tenth += 2 {
		colour := "#dddddd"
		if tenth == 10 {
			colour = "#777777"
		}
		p.Ticks = append(p.Ticks, text{X: p.at(float64(tenth) / 10), Y: p.Bottom + 16, Text: fmt.Sprintf("%.1f", float64(tenth)/10), Colour: colour})
	}
}

// at is where a share ends.
func (p *picture) at(share float64) float64 { return labelWidth + barsWidth*share/p.most }

func (p *picture) colour(cores int) string { return colours[slices.Index(p.cores, cores)%len(colours)] }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

var drawing = template.Must(template.New("svg").Funcs(template.FuncMap{"f": func(v float64) string { return fmt.Sprintf("%.1f", v) }}).Parse(
	`<svg xmlns="http://www.w3.org/2000/svg" width="{{f .Width}}" height="{{f .Height}}" viewBox="0 0 {{f .Width}} {{f .Height}}" font-family="sans-serif" font-size="12">
<title>Decimation as a share of the roofline on as many cores: median and 95 % interval</title>
<rect width="100%" height="100%" fill="#ffffff"/>
{{- range .Legend}}
<rect x="{{f .X}}" y="5.0" width="10" height="10" fill="{{.Colour}}"/><text x="{{f .X}}" dx="15" y="{{f .Y}}">{{.Text}}</text>
{{- end}}
{{- range .Ticks}}
<line x1="{{f .X}}" x2="{{f .X}}" y1="{{f $.Top}}" y2="{{f $.Bottom}}" stroke="{{.Colour}}"/><text x="{{f .X}}" y="{{f .Y}}" text-anchor="middle">{{.Text}}</text>
{{- end}}
<text x="{{f .Right}}" y="{{f .Bottom}}" dy="30" text-anchor="end" fill="#555555">share of the roofline</text>
{{- range .Headings}}
<text x="{{f .X}}" y="{{f .Y}}" font-weight="bold">{{.Text}}</text>
{{- end}}
{{- range .Labels}}
<text x="{{f .X}}" y="{{f .Y}}" text-anchor="end">{{.Text}}</text>
{{- end}}
{{- range .Bars}}
<rect x="{{f .X}}" y="{{f .Y}}" width="{{f .Width}}" height="{{f .Height}}" fill="{{.Colour}}"/>
{{- if .Low}}<line x1="{{f .Low}}" x2="{{f .High}}" y1="{{f .Middle}}" y2="{{f .Middle}}" stroke="#000000"/>{{end}}
{{- end}}
{{- range .Rates}}
<text x="{{f .X}}" y="{{f .Y}}" font-size="9" fill="#555555">{{.Text}}</text>
{{- end}}
</svg>
`))
