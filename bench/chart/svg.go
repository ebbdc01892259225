package main

import (
	"bytes"
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

// picture is what the template draws.
type picture struct {
	Width, Height, Left, Right, Top, Bottom float64
	Legend, Headings, Labels, Rates         []text
	Ticks                                   []text
	Bars                                    []bar
}

type text struct {
	X, Y   float64
	Text   string
	Colour string
}

// bar is a median from the left edge on, with its interval as a line.
type bar struct {
	X, Y, Width, Height float64
	Low, High, Middle   float64 // of the interval; Low is 0 where there is none
	Colour              string
}

// draw draws every decimation as a share of the roofline on as many cores.
func draw(list []*result) ([]byte, error) {
	cases := of(list, "Decimation")
	p := picture{Width: width, Left: labelWidth, Top: top, Right: labelWidth + barsWidth}
	most := 1.0 // of the axis
	var cores []int
	var kinds []string
	for _, c := range cases {
		if share, ok := c.interval("of-roofline"); ok {
			most = max(most, share.Median)
		}
		if !slices.Contains(cores, c.cores) {
			cores = append(cores, c.cores)
		}
		if !slices.Contains(kinds, c.keys["data"]) {
			kinds = append(kinds, c.keys["data"])
		}
	}
	slices.Sort(cores)
	scale := func(share float64) float64 { return labelWidth + barsWidth*share/most }
	for i, n := range cores {
		p.Legend = append(p.Legend, text{X: labelWidth + float64(i)*90, Y: 14, Text: plural(n, "core"), Colour: colours[i%len(colours)]})
	}
	y := float64(top)
	for _, kind := range kinds {
		p.Headings = append(p.Headings, text{X: 8, Y: y + heading - 10, Text: about[kind]})
		y += heading
		var titles []string
		for _, c := range cases {
			if c.keys["data"] != kind || slices.Contains(titles, c.title()) {
				continue
			}
			titles = append(titles, c.title())
			begin := y
			for i, n := range cores {
				for _, r := range cases {
					share, ok := r.interval("of-roofline")
					if !ok || r.cores != n || r.keys["data"] != kind || r.title() != c.title() {
						continue
					}
					b := bar{X: labelWidth, Y: y, Width: scale(share.Median) - labelWidth, Height: barHeight, Middle: y + barHeight/2.0, Colour: colours[i%len(colours)]}
					if share.Low > 0 && share.High < 2*most {
						b.Low, b.High = scale(share.Low), scale(share.High)
					}
					p.Bars = append(p.Bars, b)
					if rate, ok := r.interval("points/s"); ok {
						p.Rates = append(p.Rates, text{X: labelWidth + barsWidth + 12, Y: y + barHeight - 1, Text: benchunit.Scale(rate.Median, benchunit.Decimal) + " points/s"})
					}
					y += barHeight
				}
			}
			p.Labels = append(p.Labels, text{X: labelWidth - 8, Y: (begin+y)/2 + 4, Text: c.title()})
			y += gap
		}
	}
	p.Bottom = y
	p.Height = y + bottom
	for tenth := 0; float64(tenth)/10 <= most; tenth += 2 {
		p.Ticks = append(p.Ticks, text{X: scale(float64(tenth) / 10), Y: y + 16, Text: fmt.Sprintf("%.1f", float64(tenth)/10)})
	}
	var b bytes.Buffer
	err := drawing.Execute(&b, p)
	return b.Bytes(), err
}

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
<line x1="{{f .X}}" x2="{{f .X}}" y1="{{f $.Top}}" y2="{{f $.Bottom}}" stroke="#dddddd"/><text x="{{f .X}}" y="{{f .Y}}" text-anchor="middle">{{.Text}}</text>
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
