package parquet

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
	"decant/formats/formatstest"
)

// BenchmarkExport writes long output as an export hands it over: records of 8,192 rows that share a dictionary, eight series merged by time,
// a sample a second from each with some milliseconds of jitter and values of two decimals.
func BenchmarkExport(b *testing.B) {
	const rows = 1 << 20
	doc, records := long(rows)
	for _, codec := range []string{"zstd", "snappy", "none"} {
		b.Run("codec="+codec, func(b *testing.B) {
			doc := doc
			doc.Compression = codec
			var size counter
			for b.Loop() {
				size = 0
				w, err := Open(&size, doc)
				if err != nil {
					b.Fatal(err)
				}
				for _, rec := range records {
					if err := w.Write(rec); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Finish(formats.Report{Rows: rows}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(size)/rows, "B/row")
		})
	}
}

// long is a document of eight series in long output, with its records.
func long(rows int) (formats.Document, []arrow.Record) {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{
		{ID: "time", Label: "time", Type: formats.Time},
		{ID: "name", Label: "name", Type: formats.Text},
		{ID: "unit", Label: "unit", Type: formats.Text},
		{ID: "value", Label: "value", Type: formats.Number},
	}
	mem := memory.DefaultAllocator
	dictionary := func(words ...string) arrow.Array {
		b := array.NewStringBuilder(mem)
		b.AppendValues(words, nil)
		return b.NewArray()
	}
	names := dictionary("walk:1", "walk:2", "walk:3", "walk:4", "walk:5", "walk:6", "walk:7", "walk:8")
	units := dictionary("Cel")
	schema := formats.Schema(doc.Columns)
	random := rand.New(rand.NewPCG(1, 2))
	value := [8]int{1500, 1600, 1700, 1800, 1900, 2000, 2100, 2200}
	var records []arrow.Record
	for from := 0; from < rows; from += 8192 {
		times, name := array.NewTimestampBuilder(mem, schema.Field(0).Type.(*arrow.TimestampType)), array.NewInt32Builder(mem)
		unit, values := array.NewInt32Builder(mem), array.NewFloat64Builder(mem)
		jitter := int64(0)
		for i := from; i < min(rows, from+8192); i++ {
			s := i % 8
			if s == 0 {
				jitter = 0
			}
			jitter += random.Int64N(6) * 1e6
			times.Append(arrow.Timestamp(formatstest.Start.UnixNano() + int64(i/8)*1e9 + jitter))
			name.Append(int32(s))
			unit.Append(0)
			value[s] = max(1500, min(3000, value[s]+random.IntN(21)-10))
			values.Append(float64(value[s]) / 100)
		}
		records = append(records, array.NewRecord(schema, []arrow.Array{
			times.NewArray(),
			array.NewDictionaryArray(formats.TextType, name.NewArray(), names),
			array.NewDictionaryArray(formats.TextType, unit.NewArray(), units),
			values.NewArray(),
		}, int64(min(rows, from+8192)-from)))
	}
	return doc, records
}

// wide is a document of twenty columns of numbers, each with the noise of a sensor of two decimals, a row a second.
func wide(rows int) (formats.Document, []arrow.Record) {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{{ID: "time", Label: "time", Type: formats.Time}}
	for i := range 20 {
		name := fmt.Sprint("sensor ", i)
		doc.Columns = append(doc.Columns, formats.Column{ID: name, Label: name, Type: formats.Number})
	}
	random := rand.New(rand.NewPCG(3, 4))
	schema := formats.Schema(doc.Columns)
	var records []arrow.Record
	for from := 0; from < rows; from += 8192 {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for i := from; i < min(rows, from+8192); i++ {
			b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(formatstest.Start.UnixNano() + int64(i)*1e9))
			for k := range 20 {
				b.Field(k + 1).(*array.Float64Builder).Append(float64(int(random.NormFloat64()*100*float64(k+1))) / 100)
			}
		}
		records = append(records, b.NewRecord())
	}
	return doc, records
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

var _ io.Writer = new(counter)
