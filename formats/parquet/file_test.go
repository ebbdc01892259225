package parquet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"pgregory.net/rapid"

	"decant/formats"
	"decant/formats/formatstest"
)

// What pyarrow says of a file: it reads each page, whose checksum it verifies, and holds the statistics against the cells.
func TestStatisticsAndEncodings(t *testing.T) {
	formatstest.NeedPython(t, "pyarrow")
	const script = `
import io, json, sys
import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
data = sys.stdin.buffer.read()
f = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
encodings = []
for g in range(f.num_row_groups):
    group, table = f.metadata.row_group(g), f.read_row_group(g)
    assert [(s.column_index, s.descending, s.nulls_first) for s in group.sorting_columns] == [(0, False, False)], group.sorting_columns
    for i, column in enumerate(table.columns):
        chunk = group.column(i)
        s, m = chunk.statistics, pc.min_max(column)
        if pa.types.is_timestamp(column.type):
            m = {k: pa.scalar(m[k].value, pa.int64()) for k in ("min", "max")}
            low, high = s.min_raw, s.max_raw
        else:
            low, high = s.min, s.max
        assert s.null_count == column.null_count and chunk.num_values == len(column), (g, i, s)
        assert low == m["min"].as_py() and high == m["max"].as_py(), (g, i, s, m)
        encodings.append(chunk.encodings[0])
json.dump(encodings, sys.stdout)
`
	doc, rows := encodings(groupRows + 50_000)
	cmd := exec.Command("python3", "-c", script)
	cmd.Stdin = bytes.NewReader(formatstest.Print(t, Open, doc, rows))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got []string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := []string{
		"DELTA_BINARY_PACKED", "RLE_DICTIONARY", "RLE_DICTIONARY", "RLE_DICTIONARY", "RLE_DICTIONARY", "DELTA_BINARY_PACKED", "PLAIN",
		"DELTA_BINARY_PACKED", "RLE_DICTIONARY", "RLE_DICTIONARY", "PLAIN", "PLAIN", "DELTA_BINARY_PACKED", "PLAIN",
	}
	if !slices.Equal(got, want) {
		t.Errorf("encodings are\n%v, want\n%v", got, want)
	}
}

// The footer's statistics of texts outlive the row groups that they were made of.
func TestStatisticsOfManyGroups(t *testing.T) {
	doc := formatstest.Document()
	doc.Columns = []formats.Column{{ID: "name", Label: "name", Type: formats.Text}}
	rows := make([]formatstest.Row, 3*groupRows+1)
	for i := range rows {
		rows[i] = formatstest.Row{"group " + strconv.Itoa(i/groupRows)}
	}
	r, err := file.NewParquetReader(bytes.NewReader(formatstest.Print(t, Open, doc, rows)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for g := range 4 {
		column, err := r.MetaData().RowGroup(g).ColumnChunk(0)
		if err != nil {
			t.Fatal(err)
		}
		stats, err := column.Statistics()
		if err != nil {
			t.Fatal(err)
		}
		want := "group " + strconv.Itoa(g)
		if least, most := string(stats.EncodeMin()), string(stats.EncodeMax()); least != want || most != want {
			t.Errorf("row group %d holds %q to %q, want %q", g, least, most, want)
		}
	}
}

func TestEncodingsAreReadByPyarrow(t *testing.T) {
	t.Parallel()
	doc, rows := encodings(pageRows + 100)
	formatstest.ReadByPyarrow(t, "parquet", formatstest.Print(t, Open, doc, rows)).Check(t, doc, rows)
}

func TestReadByPandas(t *testing.T) {
	formatstest.NeedPython(t, "pandas")
	const script = `
import io, sys
import pandas
d = pandas.read_parquet(io.BytesIO(sys.stdin.buffer.read()))
print(len(d), d["time"].dt.tz, d["time"].dt.unit, "%.1f" % d["value"].sum(), d["name"].nunique())
`
	doc, rows := encodings(40_000)
	cmd := exec.Command("python3", "-c", script)
	cmd.Stdin = bytes.NewReader(formatstest.Print(t, Open, doc, rows))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sum := 0.0
	for _, row := range rows {
		if v, ok := row[3].(float64); ok {
			sum += v
		}
	}
	if want := fmt.Sprintf("40000 Europe/Berlin ns %.1f 40\n", sum); string(out) != want {
		t.Errorf("pandas finds %q, want %q", out, want)
	}
}

// Whatever cells are missing and however pages fall, Arrow's reader finds the rows that were written.
func TestReadsBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		doc := formatstest.Document()
		n := rapid.IntRange(1, 300).Draw(r, "rows")
		all := formatstest.Rows(n)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		missing := rapid.Float64Range(0, 1).Draw(r, "missing")
		for _, row := range all {
			for i := range row {
				if random.Float64() < missing {
					row[i] = nil
				}
			}
		}
		checkReadsBack(r, formatstest.Print(t, Open, doc, all), doc, all)
	})
}

// checkReadsBack holds what Arrow's reader finds in a file against the rows that were written.
func checkReadsBack(t rapid.TB, printed []byte, doc formats.Document, rows []formatstest.Row) {
	t.Helper()
	want := formatstest.Record(memory.DefaultAllocator, doc.Columns, rows)
	defer want.Release()
	table, err := pqarrow.ReadTable(context.Background(), bytes.NewReader(printed), nil, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	if int(table.NumRows()) != len(rows) {
		t.Fatalf("%d rows came back of %d", table.NumRows(), len(rows))
	}
	reader := array.NewTableReader(table, 0)
	defer reader.Release()
	printer := formats.NewPrinter(formats.Document{Zone: doc.Zone})
	cells := formats.ReadCells(nil, want, doc.Columns)
	for first := 0; reader.Next(); first += int(reader.Record().NumRows()) {
		for i, c := range doc.Columns {
			got := reader.Record().Column(i)
			for k := range got.Len() {
				if !sameCell(got, k, &cells[i], first+k, printer) {
					t.Fatalf("column %s, row %d came back as %s", c.Label, first+k, got.ValueStr(k))
				}
			}
		}
	}
}

func sameCell(got arrow.Array, k int, c *formats.Cells, row int, printer *formats.Printer) bool {
	if got.IsNull(k) || c.Missing(row) {
		return got.IsNull(k) && c.Missing(row)
	}
	switch a := got.(type) {
	case *array.Timestamp:
		return int64(a.Value(k)) == c.Int(row)
	case *array.Int64:
		return a.Value(k) == c.Int(row)
	case *array.Float64:
		return a.Value(k) == c.Number(row)
	case *array.Boolean:
		return a.Value(k) == c.Bool(row)
	case *array.Binary:
		return bytes.Equal(a.Value(k), c.Bytes(row))
	case *array.String:
		return a.Value(k) == string(printer.Append(nil, c, row))
	}
	return false
}

// Texts of more kinds than are looked up, in row groups that end by their bytes: the file is the same for any cut into records, whatever
// dictionaries they have, and any number of cores.
func TestManyTexts(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	doc := formatstest.Document()
	doc.Columns = []formats.Column{{ID: "stringValue", Label: "text", Type: formats.Text}, {ID: "value", Label: "value", Type: formats.Number}}
	rows := make([]formatstest.Row, mostTexts+mostTexts/2)
	for i := range rows {
		rows[i] = formatstest.Row{fmt.Sprintf("%0400d", i%(mostTexts+100)), float64(i)}
	}
	print := func(cut, cores int) []byte {
		doc := doc
		doc.Cores = cores
		var out bytes.Buffer
		w, err := Open(&out, doc)
		if err != nil {
			t.Fatal(err)
		}
		for from := 0; from < len(rows); from += cut {
			rec := formatstest.Record(mem, doc.Columns, rows[from:min(len(rows), from+cut)])
			if err := w.Write(rec); err != nil {
				t.Fatal(err)
			}
			rec.Release()
		}
		if err := w.Finish(formats.Report{Rows: int64(len(rows))}); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	want := print(len(rows), 1)
	for _, cut := range []int{1000, 8191} {
		if !bytes.Equal(want, print(cut, 2)) {
			t.Errorf("records of %d rows give another file", cut)
		}
	}
}
