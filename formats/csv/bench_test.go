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
	rec := formatstest.Record(memory.DefaultAllocator, doc.Columns, cells)
	var records []arrow.Record
	for rows > 0 {
		n := min(int64(rows), rec.NumRows())
		records = append(records, rec.NewSlice(0, n))
		rows -= int(n)
	}
	return doc, records
}

func BenchmarkWrite(b *testing.B) {
	const rows = 1e6
	for _, digits := range []int{2, 17} {
		doc, records := long(rows, digits)
		name := fmt.Sprintf("format=csv/rows=1e6/digits=%d/", digits)
		for _, compression := range []string{"none", "gzip", "zstd"} {
			b.Run(name+"compression="+compression, func(b *testing.B) {
				doc.Compression = compression
				for range b.N {
					w, err := Open(io.Discard, doc)
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
			})
		}
		// What the same rows cost by the standard library alone.
		b.Run(name+"by=encoding-csv", func(b *testing.B) {
			for range b.N {
				if err := baseline(io.Discard, doc, records); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
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
	w, err := Open(&got, doc)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range records {
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(formats.Report{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Error("decant and encoding/csv print different files")
	}
}
