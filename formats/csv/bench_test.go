package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
	"decant/formats/formatstest"
)

// long is a raw long document: time, name, unit, value, of 8 series, in records of 64 Ki rows.
func long(rows, digits int) (formats.Document, []arrow.Record) {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{
		{ID: "time", Label: "time", Type: formats.Time},
		{ID: "name", Label: "name", Type: formats.Text},
		{ID: "unit", Label: "unit", Type: formats.Text},
		{ID: "value", Label: "value", Type: formats.Number},
	}
	scale := math.Pow10(digits)
	var cells []formatstest.Row
	for i := range 64 << 10 {
		value := 20 + 10*math.Sin(float64(i)/1000)
		if digits < 15 {
			value = math.Round(value*scale) / scale
		}
		cells = append(cells, formatstest.Row{
			formatstest.Start.UnixNano() + int64(i/8)*1e9,
			"urn:dev:mac:0024befffe804ff" + strconv.Itoa(i%8) + ":temp", "Cel", value,
		})
	}
	return doc, repeat(formatstest.Record(memory.DefaultAllocator, doc.Columns, cells), rows)
}

// wide is a document of a time and 20 series that have a value at each, with two decimals.
func wide(rows int) (formats.Document, []arrow.Record) {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{{ID: "time", Label: "time", Type: formats.Time}}
	for i := range 20 {
		name := fmt.Sprintf("urn:dev:mac:0024befffe804ff%d:temp", i)
		doc.Columns = append(doc.Columns, formats.Column{ID: name, Label: name, Type: formats.Number})
	}
	var cells []formatstest.Row
	for i := range 8 << 10 {
		row := formatstest.Row{formatstest.Start.UnixNano() + int64(i)*1e9}
		for k := range 20 {
			row = append(row, math.Round(100*(20+10*math.Sin(float64(i+100*k)/1000)))/100)
		}
		cells = append(cells, row)
	}
	return doc, repeat(formatstest.Record(memory.DefaultAllocator, doc.Columns, cells), rows)
}

// repeat gives so many rows, which are rec's again and again.
func repeat(rec arrow.Record, rows int) (records []arrow.Record) {
	for rows > 0 {
		n := min(int64(rows), rec.NumRows())
		records = append(records, rec.NewSlice(0, n))
		rows -= int(n)
	}
	return records
}

func BenchmarkWrite(b *testing.B) {
	for _, c := range []struct {
		name string
		rows int
		make func(rows int) (formats.Document, []arrow.Record)
	}{
		{"shape=long/digits=2", 1e6, func(rows int) (formats.Document, []arrow.Record) { return long(rows, 2) }},
		{"shape=long/digits=17", 1e6, func(rows int) (formats.Document, []arrow.Record) { return long(rows, 17) }},
		{"shape=wide/columns=20", 1e5, wide},
	} {
		doc, records := c.make(c.rows)
		for _, compression := range []string{"none", "gzip", "zstd"} {
			b.Run(c.name+"/compression="+compression, func(b *testing.B) {
				doc.Compression = "none"
				var size counter
				write(b, &size, doc, records)
				b.SetBytes(int64(size)) // of text, compressed or not
				doc.Compression = compression
				for b.Loop() {
					write(b, io.Discard, doc, records)
				}
				b.ReportMetric(float64(c.rows*b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
		if len(doc.Columns) > 4 {
			continue
		}
		// What the same rows cost by the standard library alone.
		b.Run(c.name+"/by=encoding-csv", func(b *testing.B) {
			for b.Loop() {
				if err := baseline(io.Discard, doc, records); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(c.rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func write(t testing.TB, out io.Writer, doc formats.Document, records []arrow.Record) {
	w, err := Open(out, doc)
	if err != nil {
		t.Fatal(err)
	}
	defer formats.Abandon(w)
	for _, rec := range records {
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(formats.Report{}); err != nil {
		t.Fatal(err)
	}
}

func baseline(out io.Writer, doc formats.Document, records []arrow.Record) error {
	w := stdcsv.NewWriter(out)
	w.Write([]string{"time", "name", "unit", "value"})
	row := make([]string, 4)
	for _, rec := range records {
		times := rec.Column(0).(*array.Timestamp)
		names, units := rec.Column(1).(*array.Dictionary), rec.Column(2).(*array.Dictionary)
		values := rec.Column(3).(*array.Float64)
		for i := range int(rec.NumRows()) {
			row[0] = time.Unix(0, int64(times.Value(i))).In(doc.Zone).Format(time.RFC3339)
			row[1] = names.Dictionary().(*array.String).Value(names.GetValueIndex(i))
			row[2] = units.Dictionary().(*array.String).Value(units.GetValueIndex(i))
			row[3] = fmt.Sprint(values.Value(i))
			w.Write(row)
		}
	}
	w.Flush()
	return w.Error()
}

// The benchmark's two ways print the same.
func TestBaseline(t *testing.T) {
	doc, records := long(5000, 2)
	var want, got bytes.Buffer
	if err := baseline(&want, doc, records); err != nil {
		t.Fatal(err)
	}
	write(t, &got, doc, records)
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Error("decant and encoding/csv print different files")
	}
}
