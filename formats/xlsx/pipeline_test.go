package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/xuri/excelize/v2"
	"go.uber.org/goleak"

	"decant/formats"
	"decant/formats/formatstest"
)

// set changes one of the package's bounds for a test.
func set[T any](t *testing.T, bound *T, value T) {
	t.Helper()
	old := *bound
	*bound = value
	t.Cleanup(func() { *bound = old })
}

func TestContractOverSmallChunks(t *testing.T) {
	set(t, &chunkCells, 100)
	formatstest.Run(t, Open, formatstest.Options{Rows: 300, Faults: 15})
}

// Where sheets end by rows, by bytes and by chunks, and the table of texts is soon full, the rows all come back, in order, and no cut shows.
func TestRowsComeBack(t *testing.T) {
	doc, rows := fourColumns(5, 600)
	for i := range rows {
		rows[i][1] = fmt.Sprintf("series %d", i%120)
		if i%7 == 0 {
			rows[i][2] = nil
		}
	}
	want := printedRows(t, doc, rows)
	for _, c := range []struct {
		name          string
		chunk, sheet  int
		bytes         int64
		shared, texts int
		sheets        int
	}{
		{"as they are", chunkCells, maxRows, maxPartBytes, maxShared, maxSharedBytes, 1},
		{"one row a chunk", 1, maxRows, maxPartBytes, maxShared, maxSharedBytes, 1},
		{"chunks that a sheet cuts", 4 * 60, 91, maxPartBytes, maxShared, maxSharedBytes, 7},
		{"sheets of so many bytes", 4 * 20, maxRows, 20_000, maxShared, maxSharedBytes, 8},
		{"few shared texts", 4 * 60, maxRows, maxPartBytes, 10, maxSharedBytes, 1},
		{"few bytes of shared texts", 4 * 60, maxRows, maxPartBytes, maxShared, 100, 1},
		{"no shared texts", 4 * 60, maxRows, maxPartBytes, 0, maxSharedBytes, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			set(t, &chunkCells, c.chunk)
			set(t, &maxRows, c.sheet)
			set(t, &maxPartBytes, c.bytes)
			set(t, &maxShared, c.shared)
			set(t, &maxSharedBytes, c.texts)
			file := formatstest.Print(t, Open, doc, rows)
			for _, cores := range []int{1, 5} {
				doc.Cores = cores
				if !bytes.Equal(formatstest.Print(t, Open, doc, rows), file) {
					t.Errorf("with %d cores the file is another", cores)
				}
			}
			sheets := readSheets(t, file)
			if len(sheets) != c.sheets {
				t.Errorf("%d sheets, want %d", len(sheets), c.sheets)
			}
			var got [][]string
			for _, sheet := range sheets {
				if sheet[0][0] != "time" {
					t.Errorf("a sheet starts with %q", sheet[0])
				}
				got = append(got, sheet[1:]...)
			}
			if !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("%d rows that differ from the %d written", len(got), len(want))
			}
		})
	}
}

// printedRows is what rows of fourColumns show.
func printedRows(t *testing.T, doc formats.Document, rows []formatstest.Row) (printed [][]string) {
	t.Helper()
	times := formats.NewTimePrinter(doc.Zone, doc.ZoneName, formats.TimeStyle{Format: "local"})
	for _, row := range rows {
		unit := ""
		if row[2] != nil {
			unit = row[2].(string)
		}
		printed = append(printed, []string{string(times.Append(nil, row[0].(int64))), row[1].(string), unit, string(formats.AppendNumber(nil, row[3].(float64)))})
	}
	return printed
}

// readSheets reads all sheets but About.
func readSheets(t *testing.T, file []byte) (sheets [][][]string) {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for _, name := range book.GetSheetList() {
		if name == aboutSheet {
			continue
		}
		rows, err := book.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		sheets = append(sheets, rows)
	}
	return sheets
}

// No more chunks are under way than the document's cores allow, and what is gathered is less than a chunk.
func TestBoundedChunks(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	set(t, &chunkCells, 4*50)
	doc, rows := fourColumns(1, 77)
	doc.Cores = 3
	opened, err := Open(io.Discard, doc)
	if err != nil {
		t.Fatal(err)
	}
	x := opened.(*writer)
	defer x.Close()
	for range 100 {
		rec := formatstest.Record(mem, doc.Columns, rows)
		err := x.Write(rec)
		rec.Release()
		if err != nil {
			t.Fatal(err)
		}
		if len(x.queue) > 4 || x.open != nil && x.open.count >= 50 {
			t.Fatalf("%d chunks are under way and %d rows gathered; the bounds are 4 and 50", len(x.queue), x.open.count)
		}
		if chunks := len(x.queue) + len(x.idle); chunks > 5 {
			t.Fatalf("%d chunks were made, want 5 at most", chunks)
		}
	}
	if len(x.queue) != 4 {
		t.Errorf("%d chunks are under way, want 4", len(x.queue))
	}
}

// A chunk of long texts ends early: what is held does not grow with the texts.
func TestChunkEndsByText(t *testing.T) {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{{ID: "a", Label: "a", Type: formats.Bytes}}
	rows := make([]formatstest.Row, 500)
	for i := range rows {
		rows[i] = formatstest.Row{make([]byte, 24_000)} // 32,000 characters
	}
	rec := formatstest.Record(memory.DefaultAllocator, doc.Columns, rows)
	defer rec.Release()
	opened, err := Open(io.Discard, doc)
	if err != nil {
		t.Fatal(err)
	}
	x := opened.(*writer)
	defer x.Close()
	if err := x.Write(rec); err != nil {
		t.Fatal(err)
	}
	const full = chunkText/32_000 + 1
	if x.rows != 500/full*full || x.open.count != 500%full {
		t.Errorf("%d rows are on their way and %d gathered; a chunk should have %d", x.rows, x.open.count, full)
	}
}

// Of several cells that no sheet can hold the first one is named, whichever chunk is printed first, and nothing is left behind.
func TestFirstFaultIsNamed(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	set(t, &chunkCells, 4*10)
	doc, rows := fourColumns(1, 400)
	for _, i := range []int{123, 129, 131, 250, 399} {
		rows[i][1] = "a\x00"
	}
	for range 20 {
		w, err := Open(io.Discard, doc)
		if err != nil {
			t.Fatal(err)
		}
		rec := formatstest.Record(mem, doc.Columns, rows)
		err = errors.Join(w.Write(rec), w.Finish(formats.Report{}))
		rec.Release()
		var fault *CellError
		if !errors.As(err, &fault) || fault.Row != 124 || fault.Column != "name" {
			t.Fatalf("want a fault of row 124, column name; got %v", err)
		}
	}
}

// The shared strings are numbered by the rows: a dictionary's order and entries that no row shows leave no trace.
func TestDictionariesLeaveNoTrace(t *testing.T) {
	doc, rows := fourColumns(6, 60)
	whole := formatstest.Record(memory.DefaultAllocator, doc.Columns, rows)
	defer whole.Release()
	print := func(from, step int64) []byte {
		var out bytes.Buffer
		w, err := Open(&out, doc)
		if err != nil {
			t.Fatal(err)
		}
		for at := from; at < 60; at += step {
			rec := whole.NewSlice(at, min(at+step, 60)) // with the whole dictionary
			if err := w.Write(rec); err != nil {
				t.Fatal(err)
			}
			rec.Release()
		}
		if err := w.Finish(formats.Report{Rows: 60 - from}); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for _, from := range []int64{0, 3} {
		want := formatstest.Print(t, Open, doc, rows[from:])
		for _, step := range []int64{1, 5, 60} {
			if !bytes.Equal(print(from, step), want) {
				t.Errorf("rows from %d on, %d a record, give another file", from, step)
			}
		}
	}
	table := unzip(t, formatstest.Print(t, Open, doc, rows), sharedPart)
	if !bytes.Contains(table, []byte(`uniqueCount="11"`)) { // 4 labels, 6 names, 1 unit
		t.Errorf("the table of shared strings is %s", table)
	}
}

// unzip is the content of one part of a file.
func unzip(t *testing.T, file []byte, part string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	content, err := z.Open(part)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	text, err := io.ReadAll(content)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
