package pdf

import (
	"math"
	"testing"
	"time"

	"decant/formats"
	"decant/formats/formatstest"
)

// specimen is a document with its rows.
type specimen struct {
	doc  formats.Document
	rows []formatstest.Row
}

// gallery holds documents of the kinds that reports are made of, and of the kinds that spoil them.
func gallery(t testing.TB) map[string]specimen {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	wave := func(i int) float64 { return 20 + 8*math.Sin(float64(i)/24*2*math.Pi) + float64(i*7919%13)/10 }
	g := map[string]specimen{
		"month":    long(zone, "Outdoor temperature, January 2027", "urn:dev:mac:0024befffe804ff1:temperature", "Cel", 31*24, time.Hour, wave),
		"negative": long(zone, "Feed-in", "grid:power", "W", 96, 15*time.Minute, func(i int) float64 { return -1500.25 - 800*math.Cos(float64(i)/15) }),
		"constant": long(zone, "A constant", "setpoint", "Cel", 48, time.Hour, func(int) float64 { return 21.5 }),
		"single":   long(zone, "One sample", "setpoint", "Cel", 1, time.Hour, func(int) float64 { return 0 }),
		"extreme":  long(zone, "Extremes", "x", "", 40, time.Second, func(i int) float64 { return math.MaxFloat64 * math.Sin(float64(i)) }),
		"fine":     long(zone, "A narrow range high up", "counter", "kWh", 40, time.Minute, func(i int) float64 { return 1e9 + float64(i)/1024 }),
		"years":    long(zone, "Eight years", "level", "m", 96, 30*24*time.Hour, func(i int) float64 { return 1e-7 * float64(i%12) }),
	}

	empty := long(zone, "Nothing there", "x", "", 0, time.Hour, nil)
	empty.doc.Series = []formats.SeriesSummary{{Label: "x", Unit: "V"}}
	g["empty"] = empty

	// one offset more than the day has hours, and a gap in the line
	change := long(zone, "The clock goes back", "load", "kW", 26*4, 15*time.Minute, wave)
	points := change.doc.Series[0].Chart.Points
	for i := 40; i < 52; i++ {
		points[i].Empty = true
	}
	points[46].Empty = false
	g["clock goes back"] = change

	labels := []string{
		"Temperature", "Humidity", "Wind Speed", "general diffuse flows", "diffuse flows", "Zone 1 Power Consumption",
		"urn:cpt:smartdevice:nid:D0CF5EFFFE26FDAB1:onoff:with:a:name:that:does:not:end", "Мощность (кВт), 温度",
	}
	wide := specimen{doc: formats.Document{
		Title: "Tetouan, daily averages: eight quantities of the power grid and the weather, Мощность 温度, in one report with a long title",
		Zone:  zone, ZoneName: "Europe/Berlin", Date: formatstest.Start, Rows: -1,
		Columns: []formats.Column{{ID: "time", Label: "time", Type: formats.Time}},
		About:   about,
	}}
	for i, label := range labels {
		wide.doc.Columns = append(wide.doc.Columns, formats.Column{ID: label, Label: label, Type: formats.Number})
		s := long(zone, "", label, "kW", 365, 24*time.Hour, func(k int) float64 { return wave(k*(i+1)) * math.Pow(10, float64(i)-3) })
		wide.doc.Series = append(wide.doc.Series, s.doc.Series...)
	}
	for k := range 365 {
		row := formatstest.Row{formatstest.Start.UnixNano() + int64(k)*86400e9}
		for i := range labels {
			row = append(row, wide.doc.Series[i].Chart.Points[k].Value)
		}
		wide.rows = append(wide.rows, row)
	}
	g["wide"] = wide

	g["kinds"] = specimen{formatstest.Document(), formatstest.Rows(60)}
	cards := specimen{formatstest.Document(), formatstest.Rows(60)}
	cards.doc.Expanded = true
	g["cards"] = cards
	return g
}

var about = []formats.Line{
	{Label: "channel", Text: "0115c85d-ef3e-4de9-9732-d0c5c4f2c482"},
	{Label: "range", Text: "2026-10-24T22:00:00+02:00 to 2026-11-24T22:00:00+01:00"},
	{Label: "time zone", Text: "Europe/Berlin"},
	{Label: "buckets", Text: "1h avg, aligned to the local wall clock and cut where the zone's offset changes; a row's time is its bucket's start"},
	{Label: "request", Text: `{"items":[{"params":{"target":{"value":"urn:dev:mac:0024befffe804ff1:temperature"},"channelId":"0115c85d-ef3e-4de9-9732-d0c5c4f2c482","subtopic":"events.data","decimation":{"ds":"1h","dsf":"avg"}}}]}`},
}

// long is a document of one series in long output, with a chart of its rows.
func long(zone *time.Location, title, name, unit string, n int, step time.Duration, value func(int) float64) specimen {
	from := formatstest.Start.UnixNano()
	s := formats.SeriesSummary{Label: name, Unit: unit, Samples: int64(n), Numbers: int64(n), Min: math.Inf(1), Max: math.Inf(-1)}
	s.Chart = formats.Chart{From: from, To: from + int64(n)*int64(step), Band: true}
	out := specimen{doc: formats.Document{
		Title: title, Zone: zone, ZoneName: "Europe/Berlin", Date: formatstest.Start, Rows: int64(n), About: about,
		Columns: []formats.Column{
			{ID: "time", Label: "time", Type: formats.Time},
			{ID: "name", Label: "name", Type: formats.Text},
			{ID: "unit", Label: "unit", Type: formats.Text},
			{ID: "value", Label: "value", Type: formats.Number},
		},
	}}
	for i := range n {
		at, v := from+int64(i)*int64(step), value(i)
		out.rows = append(out.rows, formatstest.Row{at, name, unit, v})
		s.Min, s.Max = min(s.Min, v), max(s.Max, v)
		s.Mean += v / float64(n)
		spread := (s.Max - s.Min) / 10
		if math.IsInf(spread, 0) {
			spread = math.MaxFloat64 / 10
		}
		s.Chart.Points = append(s.Chart.Points, formats.ChartPoint{
			Time: at, Value: v, Low: max(v-spread, -math.MaxFloat64), High: min(v+spread, math.MaxFloat64),
		})
	}
	if n > 0 {
		out.doc.Series = []formats.SeriesSummary{s}
	}
	return out
}
