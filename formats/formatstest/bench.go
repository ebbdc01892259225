package formatstest

import (
	"fmt"
	"io"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
)

// BenchmarkWrite measures a format on one record of rows, written once a round.
func BenchmarkWrite(b *testing.B, format string, open formats.Open, doc formats.Document, rows []Row) {
	rec := Record(memory.DefaultAllocator, doc.Columns, rows)
	defer rec.Release()
	b.Run(fmt.Sprintf("format=%s/rows=%d", format, len(rows)), func(b *testing.B) {
		doc.TempDir = b.TempDir()
		for range b.N {
			w, err := open(io.Discard, doc)
			if err != nil {
				b.Fatal(err)
			}
			if err := w.Write(rec); err != nil {
				b.Fatal(err)
			}
			if err := w.Finish(formats.Report{Rows: rec.NumRows()}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
