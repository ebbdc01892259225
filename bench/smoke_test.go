package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
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
