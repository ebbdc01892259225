package xlsx

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"decant/formats"
	"decant/formats/formatstest"
)

func TestContract(t *testing.T) {
	formatstest.Run(t, Open, formatstest.Options{Rows: 400, Faults: 30})
}

func TestContractOverSeveralSheets(t *testing.T) {
	limitRows(t, 70)
	formatstest.Run(t, Open, formatstest.Options{Rows: 250, Faults: 8})
}

func limitRows(t *testing.T, rows int) {
	t.Helper()
	set(t, &maxRows, rows)
}

func TestGolden(t *testing.T) {
	doc := formatstest.Document()
	for _, c := range []struct {
		name string
		set  func(*formats.Document)
		rows int
	}{
		{"tabular", func(*formats.Document) {}, 18},
		{"expanded", func(d *formats.Document) { d.Expanded = true }, 4},
		{"empty", func(*formats.Document) {}, 0},
		{"millis", func(d *formats.Document) { d.Times.Digits = 3 }, 2},
		{"micros", func(d *formats.Document) { d.Times.Digits = 6 }, 2},
		{"unix", func(d *formats.Document) { d.Times.Format, d.Times.Digits = "unix", 3 }, 2},
		{"strftime", func(d *formats.Document) { d.Times.Format = "%d.%m.%Y %H:%M" }, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := doc
			c.set(&doc)
			file := formatstest.Print(t, Open, doc, formatstest.Rows(c.rows))
			formatstest.Golden(t, c.name+".txt", dump(t, file))
		})
	}
	t.Run("sheets", func(t *testing.T) {
		limitRows(t, 6)
		file := formatstest.Print(t, Open, doc, formatstest.Rows(12))
		formatstest.Golden(t, "sheets.txt", dump(t, file))
	})
	t.Run("sheets expanded", func(t *testing.T) {
		limitRows(t, 2*(len(doc.Columns)+1))
		doc := doc
		doc.Expanded = true
		file := formatstest.Print(t, Open, doc, formatstest.Rows(5))
		formatstest.Golden(t, "sheets-expanded.txt", dump(t, file))
	})
}

// dump is the parts of a workbook, and its cells as excelize reads them back: type, style and raw value.
func dump(t *testing.T, file []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		fmt.Fprintf(&out, "part %s %s\n", f.Name, f.Modified.UTC().Format("2006-01-02 15:04:05"))
	}
	book, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for _, sheet := range book.GetSheetList() {
		fmt.Fprintf(&out, "\nsheet %s\n", sheet)
		rows, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for j, value := range row {
				at := cellName(j, i+1)
				kind, err := book.GetCellType(sheet, at)
				if err != nil {
					t.Fatal(err)
				}
				shown, err := book.GetCellValue(sheet, at)
				if err != nil {
					t.Fatal(err)
				}
				if value == "" && kind == excelize.CellTypeUnset {
					continue
				}
				fmt.Fprintf(&out, "%s %d %q", at, kind, value)
				if shown != value {
					fmt.Fprintf(&out, " shows %q", shown)
				}
				fmt.Fprintln(&out)
			}
		}
	}
	names := book.GetDefinedName()
	for _, n := range names {
		fmt.Fprintf(&out, "\nname %s %s %s\n", n.Scope, n.Name, n.RefersTo)
	}
	return out.Bytes()
}

func TestSameBytesEveryRun(t *testing.T) {
	limitRows(t, 90)
	doc := formatstest.Document()
	rows := formatstest.Rows(600)
	hashes := map[[32]byte]bool{}
	for range 20 {
		hashes[sha256.Sum256(formatstest.Print(t, Open, doc, rows))] = true
	}
	if len(hashes) != 1 {
		t.Errorf("20 runs over several sheets gave %d different files", len(hashes))
	}
}

func TestRefusedCells(t *testing.T) {
	columns := []formats.Column{{ID: "a", Label: "a", Type: formats.Text}, {ID: "b", Label: "the b", Type: formats.Value}, {ID: "c", Label: "c", Type: formats.Bytes}}
	text := func(s string) formatstest.Value { return formatstest.Value{Kind: formats.ValueString, Text: s} }
	for _, c := range []struct {
		name   string
		row    formatstest.Row
		column string // empty: taken
	}{
		{"longest", formatstest.Row{strings.Repeat("ä", maxText), text(strings.Repeat("𝄞", maxText/2)), make([]byte, maxText*3/4-2)}, ""},
		{"one too long", formatstest.Row{strings.Repeat("x", maxText+1), nil, nil}, "a"},
		{"surrogates count twice", formatstest.Row{nil, text(strings.Repeat("𝄞", maxText/2+1)), nil}, "the b"},
		{"bytes too long", formatstest.Row{nil, nil, make([]byte, maxText)}, "c"},
		{"control character", formatstest.Row{nil, text("a\x01"), nil}, "the b"},
		{"no character", formatstest.Row{"\ufffe", nil, nil}, "a"},
		{"not UTF-8", formatstest.Row{nil, text("\xff"), nil}, "the b"},
		{"replacement character", formatstest.Row{"\ufffd", text("\ufffd"), nil}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := formatstest.Document()
			doc.Columns = columns
			w, err := Open(io.Discard, doc)
			if err != nil {
				t.Fatal(err)
			}
			rec := formatstest.Record(memory.DefaultAllocator, columns, []formatstest.Row{{"ok", nil, nil}, c.row})
			defer rec.Release()
			err = errors.Join(w.Write(rec), w.Finish(formats.Report{}))
			var fault *CellError
			switch {
			case c.column == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.column != "" && (!errors.As(err, &fault) || fault.Row != 2 || fault.Column != c.column):
				t.Errorf("want a fault of row 2, column %q; got %v", c.column, err)
			}
		})
	}
}

func TestRefusedDocuments(t *testing.T) {
	doc := formatstest.Document()
	doc.Columns = make([]formats.Column, maxColumns+1)
	if _, err := Open(io.Discard, doc); err == nil {
		t.Error("a document with too many columns was opened")
	}
	doc.Columns = []formats.Column{{Label: "a\x00b", Type: formats.Number}}
	var fault *CellError
	if _, err := Open(io.Discard, doc); !errors.As(err, &fault) || fault.Row != 0 {
		t.Errorf("a label with a control character: %v", err)
	}
}

// Whatever text a cell takes comes back as that text, and a formula never.
func TestTextComesBack(t *testing.T) {
	columns := []formats.Column{{ID: "a", Label: "a", Type: formats.Text}, {ID: "v", Label: "v", Type: formats.Value}}
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("_x0041F=&<>'\"+-@\t\n\r ")))).Draw(r, "text")
		if _, fault := appendText(nil, text); fault != "" {
			r.Skip("refused")
		}
		doc := formatstest.Document()
		doc.Columns = columns
		file := formatstest.Print(t, Open, doc, []formatstest.Row{{text, formatstest.Value{Kind: formats.ValueString, Text: text}}})
		book, err := excelize.OpenReader(bytes.NewReader(file))
		if err != nil {
			r.Fatal(err)
		}
		defer book.Close()
		for _, at := range []string{"A2", "B2"} {
			got, err := book.GetCellValue(dataSheet, at)
			if err != nil {
				r.Fatal(err)
			}
			if got != text {
				r.Errorf("%s reads back as %q, was %q", at, got, text)
			}
			if formula, _ := book.GetCellFormula(dataSheet, at); formula != "" {
				r.Errorf("%s is the formula %q", at, formula)
			}
		}
	})
}

func TestAboutSheet(t *testing.T) {
	doc := formatstest.Document()
	request := strings.Repeat("€", maxText) + "end"
	doc.About = []formats.Line{{Label: "request", Text: request}, {Label: "odd\x00", Text: "=1+1"}}
	var out bytes.Buffer
	w, err := Open(&out, doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(formats.Report{Rows: 7, Notes: []formats.Line{{Label: "left out", Text: "3 strings"}}}); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows(aboutSheet)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"title", doc.Title}, {"request", strings.Repeat("€", maxText)}, {"", "end"}, {"odd\ufffd", "=1+1"},
		{"times", "date cells in the wall time of Europe/Berlin"}, {"rows", "7"}, {"left out", "3 strings"},
	}
	if len(rows) != len(want) {
		t.Fatalf("the sheet has %d lines, want %d", len(rows), len(want))
	}
	for i := range want {
		if rows[i][0] != want[i][0] || rows[i][1] != want[i][1] {
			t.Errorf("line %d is %.80q, want %.80q", i+1, rows[i], want[i])
		}
	}
}
