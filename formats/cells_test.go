package formats_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"

	"decant/formats"
	"decant/formats/formatstest"
)

// The cells of any slice of a record are the rows that it was built from.
func TestCellsOfSlices(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	doc := formatstest.Document()
	rows := formatstest.Rows(300)
	rec := formatstest.Record(mem, doc.Columns, rows)
	defer rec.Release()
	printer := formats.NewPrinter(doc)
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(0, len(rows)).Draw(t, "from")
		to := rapid.IntRange(from, len(rows)).Draw(t, "to")
		slice := rec.NewSlice(int64(from), int64(to))
		defer slice.Release()
		if err := formats.CheckRecord(slice, doc.Columns); err != nil {
			t.Fatal(err)
		}
		cells := formats.ReadCells(nil, slice, doc.Columns)
		for i := range to - from {
			for j := range doc.Columns {
				got := string(printer.Append(nil, &cells[j], i))
				want, missing := text(doc, j, rows[from+i][j])
				if got != want || cells[j].Missing(i) != missing {
					t.Fatalf("row %d, column %d: %q (missing: %v), want %q (%v)", from+i, j, got, cells[j].Missing(i), want, missing)
				}
			}
		}
	})
}

// text prints a row's cell the slow way.
func text(doc formats.Document, column int, cell any) (text string, missing bool) {
	switch v := cell.(type) {
	case int64:
		switch doc.Columns[column].Type {
		case formats.Time:
			return time.Unix(0, v).In(doc.Zone).Format(time.RFC3339), false
		case formats.TimeUTC:
			return time.Unix(0, v).UTC().Format(time.RFC3339), false
		}
		return fmt.Sprint(v), false
	case float64:
		return string(formats.AppendNumber(nil, v)), false
	case []byte:
		return string(formats.AppendBytes(nil, v)), false
	case string, bool:
		return fmt.Sprint(v), false
	case formatstest.Value:
		switch v.Kind {
		case formats.ValueNumber:
			return string(formats.AppendNumber(nil, v.Number)), false
		case formats.ValueBool:
			return fmt.Sprint(v.Number != 0), false
		case formats.ValueString:
			return v.Text, false
		case formats.ValueBytes:
			return string(formats.AppendBytes(nil, []byte(v.Text))), false
		}
	}
	return "", true
}

func TestCheckRecord(t *testing.T) {
	doc := formatstest.Document()
	rec := formatstest.Record(memory.DefaultAllocator, doc.Columns, formatstest.Rows(3))
	defer rec.Release()
	if err := formats.CheckRecord(rec, doc.Columns[1:]); err == nil {
		t.Error("a record with a column too many was taken")
	}
	other := append([]formats.Column{}, doc.Columns...)
	other[2].Type = formats.Number
	err := formats.CheckRecord(rec, other)
	want := `column "name, of the series" is dictionary<values=utf8, indices=int32, ordered=false> in a record; the document says float64`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestValidateReportsAll(t *testing.T) {
	err := formats.Document{Times: formats.TimeStyle{Format: "fancy", Digits: 4}}.Validate()
	want := `the document has no columns
the document has no zone
times can't have 4 fraction digits; allowed are 0, 3, 6 and 9
time format "fancy" is not known; allowed are iso, local, unix, unixMilli, or a strftime layout such as "%Y-%m-%d %H:%M:%S"`
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}
