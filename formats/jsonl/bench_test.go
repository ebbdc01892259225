package jsonl

import (
	"math"
	"strconv"
	"testing"

	"decant/formats"
	"decant/formats/formatstest"
)

// BenchmarkWrite prints long rows of numbers.
func BenchmarkWrite(b *testing.B) {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{
		{ID: "time", Label: "time", Type: formats.Time},
		{ID: "name", Label: "name", Type: formats.Text},
		{ID: "unit", Label: "unit", Type: formats.Text},
		{ID: "value", Label: "value", Type: formats.Number},
	}
	var rows []formatstest.Row
	for i := range 1 << 18 {
		rows = append(rows, formatstest.Row{
			formatstest.Start.UnixNano() + int64(i/8)*1e9,
			"urn:dev:mac:0024befffe804ff" + strconv.Itoa(i%8) + ":temp", "Cel", math.Round(100*(20+10*math.Sin(float64(i)/1000))) / 100,
		})
	}
	formatstest.BenchmarkWrite(b, "jsonl", Open, doc, rows)
}
