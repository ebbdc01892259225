package export_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/xuri/excelize/v2"

	"decant/engine/export"
	"decant/formats/formatstest"
)

// What the files of an item with a list of functions and moved buckets look like: a column a function, and buckets in words.
func TestListGolden(t *testing.T) {
	const list = `"target": {"value": "a,b", "label": "A,b"}, "decimation": {"ds": "1d", "dsf": ["avg", "stddev", "count"], "offset": "PT1H30M"}, "transform": "delta"`
	long := item(list)
	wide := item(list + `, "outputFormat": "wide"`)
	columns := `, "columns": [{"id": "time"}, {"id": "A.avg"}, {"id": "b.count", "label": "n of b"}]`
	for _, extension := range []string{"csv", "jsonl", "xlsx", "parquet", "arrow"} {
		for shape, r := range map[string][2]string{"long": {"", long}, "wide": {columns, wide}} {
			t.Run(extension+" "+shape, func(t *testing.T) {
				r := parse(t, fmt.Sprintf(`"extension": %q, "timezone": "Europe/Berlin"%s`, extension, r[0]), r[1])
				file := []byte(stream(t, hourly(), r, export.Options{TempDir: t.TempDir()}))
				formatstest.Golden(t, filepath.Join("lists", shape+"."+extension+".txt"), dump(t, extension, file))
			})
		}
	}
}

// dump is a file as text.
func dump(t *testing.T, extension string, file []byte) []byte {
	t.Helper()
	switch extension {
	case "xlsx":
		return dumpSheets(t, file)
	case "parquet":
		table, err := pqarrow.ReadTable(context.Background(), bytes.NewReader(file), nil, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
		if err != nil {
			t.Fatal(err)
		}
		defer table.Release()
		r := array.NewTableReader(table, table.NumRows())
		defer r.Release()
		if !r.Next() {
			t.Fatal("the table has no rows")
		}
		return formatstest.Text(table.Schema(), r.Record())
	case "arrow":
		r, err := ipc.NewFileReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var records []arrow.Record
		for i := range r.NumRecords() {
			rec, err := r.RecordAt(i)
			if err != nil {
				t.Fatal(err)
			}
			defer rec.Release()
			records = append(records, rec)
		}
		return formatstest.Text(r.Schema(), records...)
	}
	return file
}

func dumpSheets(t *testing.T, file []byte) []byte {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	var b strings.Builder
	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "sheet %s\n", sheet)
		for _, row := range rows {
			fmt.Fprintf(&b, "%s\n", strings.Join(row, " | "))
		}
	}
	return []byte(b.String())
}

// A PDF's chart draws the first function of a list and says so; the table, of two pages, has them all.
func TestListPDF(t *testing.T) {
	formatstest.Need(t, "pdftotext")
	r := parse(t, `"extension": "pdf"`, item(`"target": {"value": "a,b"}, "decimation": {"ds": "1h", "dsf": ["max", "avg", "stddev"]}`))
	path := filepath.Join(t.TempDir(), "list.pdf")
	if err := os.WriteFile(path, []byte(stream(t, hourly(), r, export.Options{})), 0o666); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for want, times := range map[string]int{"max, band: min–max": 2, "max, avg, stddev of 1h": 1, "value.max": 2, "value.avg": 2, "value.stddev": 2, "17.46424919657298": 20} {
		if got := strings.Count(string(text), want); got != times {
			t.Errorf("%q stands %d times in the file, want %d:\n%s", want, got, times, text)
		}
	}
}
