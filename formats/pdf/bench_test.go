package pdf

import (
	"io"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
	"decant/formats/formatstest"
)

// BenchmarkReport prints the largest report that the default limits allow.
func BenchmarkReport(b *testing.B) {
	const rows = 100_000
	s := long(formatstest.Document().Zone, "A year", "urn:dev:mac:0024befffe804ff1:temperature", "Cel", rows, 5*time.Minute, func(i int) float64 { return float64(i*7919%1000) / 64 })
	s.doc.Series[0].Chart.Points = s.doc.Series[0].Chart.Points[:500]
	rec := formatstest.Record(memory.DefaultAllocator, s.doc.Columns, s.rows)
	defer rec.Release()
	for b.Loop() {
		w, err := Open(io.Discard, s.doc)
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Write(rec); err != nil {
			b.Fatal(err)
		}
		if err := w.Finish(formats.Report{Rows: rows}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
