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

// referenceWide prints long rows as wide ones: times in order, the j-th value of a series in the j-th row of its time.
func referenceWide(zone *decimation.Zone, rows []refRow, names []string, digits int) string {
	printer := formats.NewTimePrinter(zone.Location, zone.Name, formats.TimeStyle{Format: "iso", Digits: digits})
	var times []int64
	cells := map[int64]map[string][]string{}
	for _, row := range rows {
		if !slices.Contains(names, row.Name) {
			continue
		}
		if cells[row.Time] == nil {
			cells[row.Time] = map[string][]string{}
			times = append(times, row.Time)
		}
		cells[row.Time][row.Name] = append(cells[row.Time][row.Name], valueCell(row))
	}
	slices.Sort(times)
	var b strings.Builder
	b.WriteString("time," + strings.Join(names, ",") + "\n")
	for _, at := range times {
		height := 0
		for _, column := range cells[at] {
			height = max(height, len(column))
		}
		for j := range height {
			b.Write(printer.Append(nil, at))
			for _, name := range names {
				b.WriteByte(',')
				if column := cells[at][name]; j < len(column) {
					b.WriteString(column[j])
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
		var names []string
		for _, name := range rapid.Permutation([]string{"a", "b", "b:x", "Ü"}).Draw(rt, "columns") {
			if slices.ContainsFunc(src.Samples, func(x sample) bool { return x.Name == name }) {
				names = append(names, name)
			}
		}
		names = names[:rapid.IntRange(1, len(names)).Draw(rt, "number of columns")]
		params := `"target": {"value": "*"}, "outputFormat": "wide"`
		if rapid.Bool().Draw(rt, "decimate") {
			params += `, "decimation": {"ds": "1h", "dsf": "max"}`
			if rapid.Bool().Draw(rt, "fill") {
				params += `, "fill": null`
			}
		}
		if rapid.Bool().Draw(rt, "delta") {
			params += `, "transform": "delta"`
		}
		r := parse(t, `"extension": "csv", "timezone": "Europe/Berlin", `+columnsJSON(append([]string{"time"}, names...)), item(params))
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
		it := r.Items[0]
		it.Target = it.Target[:0:0]
		for _, name := range names { // fill ends where the printed series do
			it.Target = append(it.Target, exactly(name))
		}
		want := referenceWide(r.Format.Zone, referenceRows(t, src, r, &it), names, p.Items[0].Digits)
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
