package xlsx

import (
	"io"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/xuri/excelize/v2"

	"decant/formats"
	"decant/formats/formatstest"
)

// BenchmarkFourColumns prints the same million rows of time, name, unit and value with this package and with excelize's own
// StreamWriter.
func BenchmarkFourColumns(b *testing.B) {
	const rows, batch = 1_000_000, 10_000
	doc := formatstest.Document()
	doc.Columns = []formats.Column{
		{ID: "time", Label: "time", Type: formats.Time},
		{ID: "name", Label: "name", Type: formats.Text},
		{ID: "unit", Label: "unit", Type: formats.Text},
		{ID: "value", Label: "value", Type: formats.Number},
	}
	cells := make([]formatstest.Row, batch)
	for i := range cells {
		cells[i] = formatstest.Row{formatstest.Start.UnixNano() + int64(i)*1e9, "urn:dev:mac:0024befffe804ff1:temp", "Cel", 20 + float64(i*7919%1000)/100}
	}
	perSecond := func(b *testing.B) { b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s") }

	b.Run("writer=decant", func(b *testing.B) {
		rec := formatstest.Record(memory.DefaultAllocator, doc.Columns, cells)
		defer rec.Release()
		for b.Loop() {
			printBatches(b, doc, rec, rows/batch)
		}
		perSecond(b)
	})
	b.Run("writer=excelize", func(b *testing.B) {
		for b.Loop() {
			streamBatches(b, doc, cells, rows/batch)
		}
		perSecond(b)
	})
}

func printBatches(b *testing.B, doc formats.Document, rec arrow.Record, n int) {
	b.Helper()
	w, err := Open(io.Discard, doc)
	if err != nil {
		b.Fatal(err)
	}
	for range n {
		if err := w.Write(rec); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Finish(formats.Report{}); err != nil {
		b.Fatal(err)
	}
}

func streamBatches(b *testing.B, doc formats.Document, cells []formatstest.Row, n int) {
	b.Helper()
	f := excelize.NewFile(excelize.Options{TmpDir: b.TempDir()})
	defer f.Close()
	layout := dateLayout(0)
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &layout})
	if err != nil {
		b.Fatal(err)
	}
	s, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		b.Fatal(err)
	}
	line := 0
	for range n {
		for _, row := range cells {
			line++
			at := time.Unix(0, row[0].(int64)).In(doc.Zone)
			err := s.SetRow(cellName(0, line), []any{excelize.Cell{StyleID: style, Value: at}, row[1], row[2], row[3]})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := s.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Write(io.Discard); err != nil {
		b.Fatal(err)
	}
}
