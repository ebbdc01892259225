package xlsx

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"decant/formats"
	"decant/formats/formatstest"
)

// openpyxl reads the workbook with its own XML parser: dates, numbers, bools and text come back as such.
func TestReadByOpenpyxl(t *testing.T) {
	formatstest.NeedPython(t, "openpyxl")
	limitRows(t, 12)
	doc := formatstest.Document()
	doc.Times.Digits = 3
	rows := formatstest.Rows(30)
	path := filepath.Join(t.TempDir(), "book.xlsx")
	if err := os.WriteFile(path, formatstest.Print(t, Open, doc, rows), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", "-c", `
import sys, json, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
fast = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True) # another parser, which pandas uses
result = []
for sheet in book.worksheets:
    if sheet.title == "About":
        continue
    assert sheet.freeze_panes == "A2", sheet.freeze_panes
    assert sheet.auto_filter.ref == sheet.dimensions, (sheet.auto_filter.ref, sheet.dimensions)
    assert sheet["A1"].font.b
    readonly = fast[sheet.title].iter_rows(min_row=2, max_col=sheet.max_column, max_row=sheet.max_row)
    for row, plain in zip(sheet.iter_rows(min_row=2), readonly, strict=True):
        assert [c.value for c in row] == [c.value for c in plain]
        assert all(c.data_type != "f" for c in row)
        result.append([c.value.isoformat(sep=" ", timespec="milliseconds") if c.is_date and c.value is not None else c.value for c in row])
json.dump(result, sys.stdout)`, path).Output()
	if err != nil {
		t.Fatalf("openpyxl: %v\n%s", err, stderr(err))
	}
	var got [][]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(rows) {
		t.Fatalf("openpyxl reads %d rows, want %d", len(got), len(rows))
	}
	local := formats.NewTimePrinter(doc.Zone, doc.ZoneName, formats.TimeStyle{Format: "local", Digits: 3})
	for i, row := range rows {
		if row[0] != nil {
			if want := string(local.Append(nil, row[0].(int64))); got[i][0] != want {
				t.Errorf("row %d: time is %v, want %s", i, got[i][0], want)
			}
		}
		if row[3] != nil && got[i][3] != row[3] {
			t.Errorf("row %d: number is %v, want %v", i, got[i][3], row[3])
		}
		if row[4] != nil && got[i][4] != float64(row[4].(int64)) {
			t.Errorf("row %d: integer is %v, want %v", i, got[i][4], row[4])
		}
		if row[5] != nil && got[i][5] != row[5] {
			t.Errorf("row %d: bool is %v, want %v", i, got[i][5], row[5])
		}
		// openpyxl reads an empty string as no value
		if text, ok := row[2].(string); ok && text != "" && got[i][2] != text {
			t.Errorf("row %d: text is %q, want %q", i, got[i][2], text)
		}
	}
}

// LibreOffice opens the workbook and gives every sheet as CSV with the same numbers.
func TestConvertByLibreOffice(t *testing.T) {
	formatstest.Need(t, "soffice")
	if testing.Short() {
		t.Skip("starting LibreOffice takes seconds")
	}
	limitRows(t, 40)
	doc := formatstest.Document()
	doc.Columns = []formats.Column{
		{ID: "time", Label: "time", Type: formats.Time},
		{ID: "name", Label: "name", Type: formats.Text},
		{ID: "value", Label: "value", Type: formats.Number},
	}
	var rows []formatstest.Row
	for _, row := range formatstest.Rows(60) {
		number, _ := row[3].(float64)
		rows = append(rows, formatstest.Row{row[1], row[2], number * 1.1})
	}
	var got [][]string
	for _, sheet := range convert(t, formatstest.Print(t, Open, doc, rows), false, "Data", "Data (2)") {
		if strings.Join(sheet[0], ",") != "time,name,value" {
			t.Errorf("a sheet starts with %q", sheet[0])
		}
		got = append(got, sheet[1:]...)
	}
	if len(got) != len(rows) {
		t.Fatalf("LibreOffice gives %d rows, want %d", len(got), len(rows))
	}
	for i, row := range rows {
		value, err := strconv.ParseFloat(got[i][2], 64)
		if err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		if want := row[2].(float64); math.Abs(value-want) > 1e-14*math.Abs(want) { // it writes 15 digits
			t.Errorf("row %d: number is %v, want %v", i, value, want)
		}
		if text, ok := row[1].(string); ok && got[i][1] != text {
			t.Errorf("row %d: text is %q, want %q", i, got[i][1], text)
		}
		if row[0] != nil && !strings.HasPrefix(got[i][0], "2026-10-2") {
			t.Errorf("row %d: time is %q, not a date", i, got[i][0])
		}
	}
}

// LibreOffice shows every cell of a sheet that is full and of the one behind it as it was written.
func TestFullSheetInLibreOffice(t *testing.T) {
	if os.Getenv("DECANT_LONG") == "" {
		t.Skip("it takes a minute; DECANT_LONG=1 runs it")
	}
	formatstest.Need(t, "soffice")
	doc, rows := fourColumns(8, maxRows+1000)
	want := printedRows(t, doc, rows)
	at := 0
	for _, sheet := range convert(t, formatstest.Print(t, Open, doc, rows), true, "Data", "Data (2)") {
		for _, row := range sheet[1:] {
			if at >= len(want) || strings.Join(row, ",") != strings.Join(want[at], ",") {
				t.Fatalf("row %d shows %q; of %d rows it should show %q", at, row, len(want), want[min(at, len(want)-1)])
			}
			at++
		}
	}
	if at != len(want) {
		t.Errorf("LibreOffice gives %d rows, want %d", at, len(want))
	}
}

// convert has LibreOffice give sheets of a workbook as CSV, with cells as they are or as they are shown.
func convert(t *testing.T, file []byte, shown bool, sheets ...string) (read [][][]string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "book.xlsx")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	// 44: comma, 34: quote, 76: UTF-8; -1: all sheets
	filter := fmt.Sprintf("csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,%v,false,false,false,-1", shown)
	cmd := exec.Command("soffice", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", filter, "--outdir", dir, path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v\n%s", err, out)
	}
	for _, sheet := range sheets {
		text, err := os.ReadFile(filepath.Join(dir, "book-"+sheet+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, rows)
	}
	return read
}

func stderr(err error) string {
	if exit, ok := err.(*exec.ExitError); ok {
		return string(exit.Stderr)
	}
	return ""
}
