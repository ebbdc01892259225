package export_test

import (
	"fmt"
	"strings"
	"testing"

	"decant/engine/export"
	"decant/formats"
)

// TestLongTextsMakeShortRecords: records are bounded by the text in them too, and say what the source has.
func TestLongTextsMakeShortRecords(t *testing.T) {
	const rows, bytes, perRecord = 600, 50_000, 4 << 20 / 50_000
	src := &memorySource{}
	var long, wide strings.Builder
	long.WriteString("time,name,value\n")
	wide.WriteString("time,log,n\n")
	for i := range int64(rows) {
		text := number("log", i*1e9, 0)
		text.Kind, text.Text = formats.ValueString, fmt.Sprint(i)+strings.Repeat("x", bytes)
		src.Append(text, number("n", i*1e9, float64(i)))
		at := fmt.Sprintf("1970-01-01T00:%02d:%02dZ", i/60, i%60)
		fmt.Fprintf(&long, "%s,log,%s\n%s,n,%d\n", at, text.Text, at, i)
		fmt.Fprintf(&wide, "%s,%s,%d\n", at, text.Text, i)
	}
	for _, tt := range []struct {
		shape, columns, want string
		perRow               int64
	}{
		{"long", `[{"id": "time"}, {"id": "name"}, {"id": "value"}]`, long.String(), 2},
		{"wide", `[{"id": "time"}, {"id": "log"}, {"id": "n"}]`, wide.String(), 1},
	} {
		t.Run(tt.shape, func(t *testing.T) {
			r := parse(t, `"extension": "csv", "columns": `+tt.columns, item(`"target": {"value": "*"}, "outputFormat": "`+tt.shape+`"`))
			var before, most int64
			got := stream(t, src, r, export.Options{Progress: func(_ int, rows, _ int64) {
				most, before = max(most, rows-before), rows
			}})
			if got != tt.want {
				t.Error("the file has not what the source has")
			}
			if most > tt.perRow*(perRecord+1) {
				t.Errorf("a record has %d rows, most of them with %d bytes", most, bytes)
			}
		})
	}
}
