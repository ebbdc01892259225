// Package formatstest holds the contract that every output format passes, and what tests of formats share.
//
//  1. Run checks a format against the contract of formats.Writer.
//  2. Document, Rows and Record build documents with every type of column.
//  3. Print and Golden compare what a format prints with a file; Need asks for a program outside.
package formatstest

import (
	"fmt"
	"math"
	"time"
	_ "time/tzdata" // the contract's zone, on machines that have no database

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
)

// Row holds a row's cells in the order of the columns; nil is a missing one. A cell is an int64 (ns) in a Time or TimeUTC column, else
// string, float64, int64, bool, []byte or Value, as its column's type says.
type Row []any

// Value is a cell of a Value column.
type Value struct {
	Kind   formats.ValueKind
	Number float64
	Text   string
}

// Start is the time of the first of Rows: an evening before clocks go back in Berlin.
var Start = time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC)

// Document has a column of every type, in the zone Europe/Berlin.
func Document() formats.Document {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err) // the database is linked in
	}
	return formats.Document{
		Title: "Every type of column",
		Columns: []formats.Column{
			{ID: "time", Label: "time", Type: formats.Time},
			{ID: "timeUtc", Label: "timeUtc", Type: formats.TimeUTC},
			{ID: "name", Label: "name, of the series", Type: formats.Text},
			{ID: "sum", Label: `"sum"`, Type: formats.Number},
			{ID: "count", Label: "count", Type: formats.Integer},
			{ID: "boolValue", Label: "=bool", Type: formats.Bool},
			{ID: "dataValue", Label: "data", Type: formats.Bytes},
			{ID: "value", Label: "Wert °C", Type: formats.Value},
		},
		Zone:     zone,
		ZoneName: "Europe/Berlin",
		About:    []formats.Line{{Label: "zone", Text: "Europe/Berlin"}},
		Date:     Start.Add(24 * time.Hour),
		Rows:     -1,
	}
}

var texts = []string{
	"urn:dev:mac:0024befffe804ff1:temp", "a,b;c\td", `say "hi"`, "=1+1", "'=1+1", "''plain", "", "-5", "+5", "@x", "\tx",
	"Grüße, 温度", "two\nlines", " blanks ", "true", "12", "NA",
}

var numbers = []float64{0, 1, -1, 21.5, -0.25, 1e-6, 1e-7, 1.0 / 3, 1e20, 1e21, -1.5e-9, 123456789.125, math.MaxFloat64, 5e-324}

// Rows makes n rows for Document: a quarter of an hour apart, every kind of value, and missing cells in every column.
func Rows(n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		at := Start.UnixNano() + int64(i)*15*60e9
		number := numbers[i%len(numbers)]
		text := texts[i%len(texts)]
		row := Row{at, at, text, number, int64(i) * 1e6, i%2 == 0, []byte(text), Value{Kind: formats.ValueNumber, Number: number}}
		switch i % 5 {
		case 1:
			row[7] = Value{Kind: formats.ValueBool, Number: float64(i / 5 % 2)}
		case 2:
			row[7] = Value{Kind: formats.ValueString, Text: text}
		case 3:
			row[7] = Value{Kind: formats.ValueBytes, Text: "\x00\xff" + text}
		case 4:
			row[7] = Value{}
		}
		if i%9 > 0 { // one more column is missing, row by row
			row[i%9-1] = nil
		}
		rows[i] = row
	}
	return rows
}

// Record builds a record of rows. The caller releases it.
func Record(mem memory.Allocator, columns []formats.Column, rows []Row) arrow.Record {
	b := array.NewRecordBuilder(mem, formats.Schema(columns))
	defer b.Release()
	for _, row := range rows {
		if len(row) != len(columns) {
			panic(fmt.Sprintf("a row of %d cells for %d columns", len(row), len(columns)))
		}
		for i, cell := range row {
			appendCell(b.Field(i), cell)
		}
	}
	return b.NewRecord()
}

func appendCell(b array.Builder, cell any) {
	if cell == nil {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(cell.(int64)))
	case *array.BinaryDictionaryBuilder:
		if err := b.AppendString(cell.(string)); err != nil {
			panic(err)
		}
	case *array.Float64Builder:
		b.Append(cell.(float64))
	case *array.Int64Builder:
		b.Append(cell.(int64))
	case *array.BooleanBuilder:
		b.Append(cell.(bool))
	case *array.BinaryBuilder:
		b.Append(cell.([]byte))
	case *array.StructBuilder:
		v := cell.(Value)
		b.Append(true)
		b.FieldBuilder(0).(*array.Uint8Builder).Append(uint8(v.Kind))
		b.FieldBuilder(1).(*array.Float64Builder).Append(v.Number)
		b.FieldBuilder(2).(*array.BinaryBuilder).AppendString(v.Text)
	default:
		panic(fmt.Sprintf("no cell for a %T", b))
	}
}
