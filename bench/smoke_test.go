package bench

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"

	"decant/ingest/ingesttest"
)

// These tests run each workload of the benchmarks once, small, and see that both sides of each comparison do the same work.

var small = walk(3, 700)

func TestExportsPrintWhatTheirRivalsPrint(t *testing.T) {
	in := reading(t, small)
	rows, err := Rows(small)
	if err != nil {
		t.Fatal(err)
	}
	print := func(format string) []byte {
		var text bytes.Buffer
		requests, err := in.plans(t.Context(), printing{format: format})
		if err != nil {
			t.Fatal(err)
		}
		n, size, err := in.print(t.Context(), requests, &text)
		if err != nil || n != int64(len(rows)) || size != int64(text.Len()) {
			t.Fatalf("%s: %d rows, %d bytes of %d, %v", format, n, size, text.Len(), err)
		}
		return text.Bytes()
	}

	var want bytes.Buffer
	if err := PlainCSV(&want, rows); err != nil {
		t.Fatal(err)
	}
	if got := print("csv"); !bytes.Equal(got, want.Bytes()) {
		t.Errorf("csv begins with\n%.200s\nand encoding/csv with\n%.200s", got, want.Bytes())
	}

	want.Reset()
	if err := PlainJSON(&want, rows); err != nil {
		t.Fatal(err)
	}
	if got := print("jsonl"); !bytes.Equal(got, want.Bytes()) {
		t.Errorf("jsonl begins with\n%.200s\nand encoding/json with\n%.200s", got, want.Bytes())
	}

	want.Reset()
	if err := PlainXLSX(&want, rows); err != nil {
		t.Fatal(err)
	}
	got, plain := sheet(t, print("xlsx")), sheet(t, want.Bytes())
	if len(got) != len(plain) {
		t.Fatalf("xlsx has %d rows, excelize's %d", len(got), len(plain))
	}
	for i := range plain {
		if fmt.Sprint(got[i]) != fmt.Sprint(plain[i]) {
			t.Fatalf("xlsx: row %d is %q, excelize's is %q", i+1, got[i], plain[i])
		}
	}

	for _, format := range []string{"parquet", "arrow", "pdf"} {
		print(format)
	}
}

// TestWideHasAColumnForEachSeries, and a row for each time that they share.
func TestWideHasAColumnForEachSeries(t *testing.T) {
	const series, samples = 12, 300
	in := reading(t, Dataset{Data: DataTetouan, Series: series, Samples: samples})
	for _, c := range []struct {
		p             printing
		rows, columns int
	}{
		{printing{format: csvWide}, samples, 1 + series},
		{printing{format: csvWide, width: "1h", functions: "avg"}, samples / 6, 1 + series},
		{printing{format: csvWide, width: "1h", functions: "avg+max"}, samples / 6, 1 + 2*series},
	} {
		requests, err := in.plans(t.Context(), c.p)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if _, _, err := in.print(t.Context(), requests, &text); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&text).ReadAll()
		if err != nil || len(rows) != 1+c.rows || len(rows[0]) != c.columns {
			t.Errorf("%+v: %d rows, %d columns, %v; want %d and %d", c.p, len(rows)-1, len(rows[0]), err, c.rows, c.columns)
		}
		for _, row := range rows {
			if slices.Contains(row, "") {
				t.Fatalf("%+v: %q has an empty cell", c.p, row)
			}
		}
	}
}

// sheet reads the cells of a workbook's first sheet as they are shown.
func sheet(t *testing.T, file []byte) [][]string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(f.GetSheetList()[0])
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestImportReadsTheYear(t *testing.T) {
	text := unzip(t, tetouan)
	if n, err := plainNumbers(bytes.NewReader(text)); complete(n, err) != nil {
		t.Fatal(n, err)
	}
	name := filepath.Join(t.TempDir(), "tetouan.csv")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	once(t, importing(t, name))
}

func TestIngestTakesEveryMessage(t *testing.T) {
	const messages = 2_000
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{})
	once(t, taking(t, broker, messages))
	once(t, counting(t, broker, messages))
}

// once does a work, which checks by itself what it did.
func once(t testing.TB, w work) {
	t.Helper()
	if _, err := w.once(); err != nil {
		t.Fatal(err)
	}
}
