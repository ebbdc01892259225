package parquet

import (
	"fmt"
	"strings"

	"decant/formats"
	"decant/formats/formatstest"
)

// encodings is a document whose columns take every encoding: in its first row group numbers and texts have dictionaries, in later ones they
// are mostly all different.
func encodings(n int) (formats.Document, []formatstest.Row) {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{
		{ID: "time", Label: "time", Type: formats.Time},
		{ID: "name", Label: "name", Type: formats.Text},
		{ID: "unit", Label: "single", Type: formats.Text},
		{ID: "value", Label: "value", Type: formats.Number},
		{ID: "stringValue", Label: "text", Type: formats.Text},
		{ID: "count", Label: "n", Type: formats.Integer},
		{ID: "boolValue", Label: "flag", Type: formats.Bool},
	}
	rows := make([]formatstest.Row, n)
	for i := range rows {
		row := formatstest.Row{
			formatstest.Start.UnixNano() + int64(i)*1e9 + int64(i%7)*1e6,
			"urn:dev:" + strings.Repeat("x", i%40), "Cel", float64(i%1500) / 8, fmt.Sprint("text ", i), int64(i%100 - 50), i%3 == 0,
		}
		if i > groupRows {
			row[3] = float64(i) / 8
		} else {
			row[4] = fmt.Sprint("text ", i%100)
		}
		for k, every := range []int{0, 0, 0, 11, 10, 13, 17} {
			if every > 0 && i%every == 0 && i%5 < 2 {
				row[k] = nil
			}
		}
		if i >= pageRows && i < 2*pageRows+100 { // a page without any
			row[4] = nil
		}
		rows[i] = row
	}
	return doc, rows
}

// sums are what TestReadByDuckDB asks for.
func sums(rows []formatstest.Row) []string {
	values, total, texts, length, integers, flags := 0, 0.0, 0, 0, int64(0), 0
	names, different := map[string]bool{}, map[string]bool{}
	for _, row := range rows {
		names[row[1].(string)] = true
		if v, ok := row[3].(float64); ok {
			values++
			total += v // exact: eighths
		}
		if v, ok := row[4].(string); ok {
			texts++
			length += len(v)
			different[v] = true
		}
		if v, ok := row[5].(int64); ok {
			integers += v
		}
		if v, ok := row[6].(bool); ok && v {
			flags++
		}
	}
	return []string{
		fmt.Sprint(len(rows)), fmt.Sprint(values), string(formats.AppendNumber(nil, total)), fmt.Sprint(rows[0][0]), fmt.Sprint(rows[len(rows)-1][0]), fmt.Sprint(len(names)),
		fmt.Sprint(texts), fmt.Sprint(len(different)), fmt.Sprint(length), "1", fmt.Sprint(integers), fmt.Sprint(flags), "0",
	}
}
