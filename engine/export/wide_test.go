package export_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"

	"decant/decimation"
	"decant/engine/export"
	"decant/formats"
)

// wideColumn is a column of wide output: a series' name and one of its functions.
type wideColumn struct {
	id, name string
	function int
}

// referenceWide prints long rows as wide ones: times in order, the j-th value of a series in the j-th row of its time.
func referenceWide(zone *decimation.Zone, rows []refRow, columns []wideColumn, digits int) string {
	printer := formats.NewTimePrinter(zone.Location, zone.Name, formats.TimeStyle{Format: "iso", Digits: digits})
	var times []int64
	cells := map[int64]map[string][]refRow{}
	for _, row := range rows {
		if !slices.ContainsFunc(columns, func(c wideColumn) bool { return c.name == row.Name }) {
			continue
		}
		if cells[row.Time] == nil {
			cells[row.Time] = map[string][]refRow{}
			times = append(times, row.Time)
		}
		cells[row.Time][row.Name] = append(cells[row.Time][row.Name], row)
	}
	slices.Sort(times)
	var b strings.Builder
	b.WriteString("time")
	for _, c := range columns {
		b.WriteString("," + c.id)
	}
	b.WriteString("\n")
	for _, at := range times {
		height := 0
		for _, series := range cells[at] {
			height = max(height, len(series))
		}
		for j := range height {
			b.Write(printer.Append(nil, at))
			for _, c := range columns {
				b.WriteByte(',')
				if series := cells[at][c.name]; j < len(series) {
					b.WriteString(valueCell(series[j], c.function))
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func TestWideEqualsReference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		src := tame(randomSource(rt))
		for i := range src.Samples { // one series a name, and many times that several of them share
			src.Samples[i].Channel, src.Samples[i].Subtopic, src.Samples[i].Publisher, src.Samples[i].Unit = "c1", "events.data", "p", "V"
			src.Samples[i].Time -= src.Samples[i].Time % 60e9
		}
		params := `"target": {"value": "*"}`
		if rapid.Bool().Draw(rt, "decimate") {
			params += ", " + drawDecimation(rt)
			if rapid.Bool().Draw(rt, "fill") {
				params += `, "fill": null`
			}
		}
		if rapid.Bool().Draw(rt, "delta") {
			params += `, "transform": "delta"`
		}
		it := parse(t, `"extension": "csv"`, item(params)).Items[0]
		var columns []wideColumn
		for _, name := range []string{"a", "b", "b:x", "Ü"} {
			if !slices.ContainsFunc(src.Samples, func(x sample) bool { return x.Name == name }) {
				continue
			}
			if !it.List {
				columns = append(columns, wideColumn{name, name, 0})
				continue
			}
			for k, f := range it.Functions {
				columns = append(columns, wideColumn{name + "." + f.String(), name, k})
			}
		}
		columns = rapid.Permutation(columns).Draw(rt, "columns")
		columns = columns[:rapid.IntRange(1, len(columns)).Draw(rt, "number of columns")]
		ids := []string{"time"}
		it.Target = nil
		for _, c := range columns { // fill ends where the printed series do
			ids = append(ids, c.id)
			it.Target = append(it.Target, exactly(c.name))
		}
		r := parse(t, `"extension": "csv", "timezone": "Europe/Berlin", `+columnsJSON(ids), item(params+`, "outputFormat": "wide"`))
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer mem.AssertSize(t, 0)
		src.Alloc = mem
		snap, _ := src.Open(t.Context())
		p, err := export.NewPlan(t.Context(), snap, r, export.Options{Memory: mem})
		skipUnplannable(rt, err)
		var got bytes.Buffer
		if _, err := export.Stream(t.Context(), snap, p, &got); err != nil {
			rt.Fatalf("stream: %v", err)
		}
		want := referenceWide(r.Format.Zone, referenceRows(t, src, r, &it), columns, p.Items[0].Digits)
		if got.String() != want {
			rt.Fatalf("%s\n%s", params, difference(got.String(), want))
		}
	})
}

// A time whose rows reach past the end of a record stays in one piece.
func TestWideGroupsAcrossRecords(t *testing.T) {
	src := &memorySource{}
	for i := range int64(8190) {
		src.Append(number("a", i*1e9, float64(i)))
	}
	for j := range 10 {
		src.Append(number("a", 8190e9, float64(j)), number("b", 8190e9, float64(-j-1)))
	}
	src.Append(number("b", 8191e9, 1))
	r := parse(t, `"extension": "csv", "columns": [{"id": "time"}, {"id": "b"}, {"id": "a"}]`, item(`"target": {"value": "*"}, "outputFormat": "wide"`))
	lines := strings.Split(strings.TrimSpace(stream(t, src, r, export.Options{})), "\n")
	if len(lines) != 1+8190+10+1 {
		t.Fatalf("%d lines", len(lines))
	}
	for j, line := range lines[8191:8201] {
		if want := fmt.Sprintf("1970-01-01T02:16:30Z,%d,%d", -j-1, j); line != want {
			t.Errorf("got %s, want %s", line, want)
		}
	}
	if lines[8201] != "1970-01-01T02:16:31Z,1," {
		t.Errorf("the last line is %s", lines[8201])
	}
}
