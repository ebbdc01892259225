package xlsx

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/xuri/excelize/v2"

	"decant/formats"
	"decant/formats/formatstest"
)

// BenchmarkFourColumns prints the same million rows of time, name, unit and value with this package and with excelize's own StreamWriter, in turns. rows/s and
// ns/op are this package's, bytes and excelize-bytes the sizes of the files.
func BenchmarkFourColumns(b *testing.B) {
	const rows = 1_000_000
	for _, series := range []int{1, 8} {
		b.Run(fmt.Sprintf("series=%d/rows=1e6", series), func(b *testing.B) {
			doc, cells := fourColumns(series, rows)
			var records []arrow.Record
			for at := 0; at < rows; at += 10_000 {
				rec := formatstest.Record(memory.DefaultAllocator, doc.Columns, cells[at:at+10_000])
				defer rec.Release()
				records = append(records, rec)
			}
			var ours, theirs time.Duration
			var size, excelizeSize counter
			for b.Loop() {
				b.StopTimer()
				runtime.GC()
				began := time.Now()
				excelizeSize = 0
				if err := printByExcelize(&excelizeSize, doc, cells); err != nil {
					b.Fatal(err)
				}
				theirs += time.Since(began)
				runtime.GC() // nobody pays for what another left behind
				b.StartTimer()
				began = time.Now()
				size = 0
				printRecords(b, &size, doc, records)
				ours += time.Since(began)
			}
			rate := func(took time.Duration) float64 { return rows * float64(b.N) / took.Seconds() }
			b.ReportMetric(rate(ours), "rows/s")
			b.ReportMetric(rate(theirs), "excelize-rows/s")
			b.ReportMetric(rate(ours)/rate(theirs), "of-excelize")
			b.ReportMetric(float64(size), "bytes")
			b.ReportMetric(float64(excelizeSize), "excelize-bytes")
		})
	}
}

// BenchmarkAlone prints what BenchmarkFourColumns does, without excelize beside it: for profiles.
func BenchmarkAlone(b *testing.B) {
	const rows = 1_000_000
	doc, cells := fourColumns(8, rows)
	rec := formatstest.Record(memory.DefaultAllocator, doc.Columns, cells)
	defer rec.Release()
	for b.Loop() {
		printRecords(b, io.Discard, doc, []arrow.Record{rec})
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// fourColumns makes rows of series that take turns: once a second each, two decimals that wander.
func fourColumns(series, n int) (formats.Document, []formatstest.Row) {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{
		{ID: "time", Label: "time", Type: formats.Time},
		{ID: "name", Label: "name", Type: formats.Text},
		{ID: "unit", Label: "unit", Type: formats.Text},
		{ID: "value", Label: "value", Type: formats.Number},
	}
	names := make([]string, series)
	hundredths := make([]int, series)
	for i := range names {
		names[i] = fmt.Sprintf("urn:dev:mac:0024befffe804f%02x:temp", i)
		hundredths[i] = 2000 + 100*i
	}
	rows := make([]formatstest.Row, n)
	seed := uint32(1)
	for i := range rows {
		k := i % series
		seed = seed*1664525 + 1013904223
		hundredths[k] += int(seed>>24)%21 - 10
		rows[i] = formatstest.Row{formatstest.Start.UnixNano() + int64(i/series)*1e9, names[k], "Cel", float64(hundredths[k]) / 100}
	}
	return doc, rows
}

func printRecords(b *testing.B, out io.Writer, doc formats.Document, records []arrow.Record) {
	b.Helper()
	w, err := Open(out, doc)
	if err != nil {
		b.Fatal(err)
	}
	defer formats.Abandon(w)
	for _, rec := range records {
		if err := w.Write(rec); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Finish(formats.Report{}); err != nil {
		b.Fatal(err)
	}
}

// printByExcelize prints rows of fourColumns by excelize's StreamWriter.
func printByExcelize(out io.Writer, doc formats.Document, rows []formatstest.Row) error {
	f := excelize.NewFile()
	defer f.Close()
	layout := dateLayout(0)
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &layout})
	if err != nil {
		return err
	}
	s, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	header := make([]any, len(doc.Columns))
	for i, c := range doc.Columns {
		header[i] = c.Label
	}
	if err := s.SetRow("A1", header); err != nil {
		return err
	}
	for i, row := range rows {
		at := time.Unix(0, row[0].(int64)).In(doc.Zone)
		if err := s.SetRow(cellName(0, i+2), []any{excelize.Cell{StyleID: style, Value: at}, row[1], row[2], row[3]}); err != nil {
			return err
		}
	}
	if err := s.Flush(); err != nil {
		return err
	}
	return f.Write(out)
}

// counter counts bytes.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// What the benchmark compares has the same cells.
func TestSameCellsAsExcelize(t *testing.T) {
	doc, rows := fourColumns(3, 1000)
	var plain bytes.Buffer
	if err := printByExcelize(&plain, doc, rows); err != nil {
		t.Fatal(err)
	}
	read := func(file []byte, sheet string) [][]string {
		book, err := excelize.OpenReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		cells, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		return cells
	}
	got, want := read(formatstest.Print(t, Open, doc, rows), dataSheet), read(plain.Bytes(), "Sheet1")
	if len(got) != len(rows)+1 || len(want) != len(got) {
		t.Fatalf("%d rows, excelize has %d; want %d", len(got), len(want), len(rows)+1)
	}
	for i := range want {
		if fmt.Sprint(got[i]) != fmt.Sprint(want[i]) {
			t.Fatalf("row %d is %q, excelize's %q", i+1, got[i], want[i])
		}
	}
}
