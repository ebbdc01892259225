package export_test

import (
	"slices"
	"testing"

	"decant/engine/export"
)

// Where cells don't tell the offset of their times, the header names the zone.
func TestHeadersNameTheZone(t *testing.T) {
	src := &memorySource{}
	src.Append(number("n", 0, 1))
	const columns = `, "columns": [{"id": "time"}, {"id": "timeUtc"}, {"id": "created", "label": "received"}, {"id": "value"}]`
	for _, c := range []struct {
		name, format, params string
		want                 []string
	}{
		{"iso tells the offset", `"extension": "csv", "timezone": "europe/berlin"`, ``, []string{"time", "name", "unit", "value"}},
		{"local", `"extension": "csv", "timezone": "europe/berlin", "timeFormat": "local"`, ``, []string{"time (Europe/Berlin)", "name", "unit", "value"}},
		{"UTC is a zone too", `"extension": "csv", "timeFormat": "local"`, ``, []string{"time (UTC)", "name", "unit", "value"}},
		{"each column its own zone", `"extension": "csv", "timezone": "Asia/Tokyo", "timeFormat": "%H:%M"` + columns, ``,
			[]string{"time (Asia/Tokyo)", "timeUtc", "received (Asia/Tokyo)", "value"}},
		{"a layout with an offset", `"extension": "csv", "timezone": "Asia/Tokyo", "timeFormat": "%H:%M %:z"`, ``, []string{"time", "name", "unit", "value"}},
		{"unix", `"extension": "csv", "timezone": "Asia/Tokyo", "timeFormat": "unix"`, ``, []string{"time", "name", "unit", "value"}},
		{"a label that says it", `"extension": "csv", "timezone": "Asia/Tokyo", "timeFormat": "local", "columns": [{"id": "time", "label": "in asia/tokyo"}]`, ``, []string{"in asia/tokyo"}},
		{"a label that is taken", `"extension": "csv", "timeFormat": "local", "columns": [{"id": "time", "label": "t"}, {"id": "value", "label": "t (UTC)"}]`, ``, []string{"t", "t (UTC)"}},
		{"wide", `"extension": "csv", "timeFormat": "local", "columns": [{"id": "time"}, {"id": "n"}]`, `, "outputFormat": "wide"`, []string{"time (UTC)", "n"}},
		{"jsonl", `"extension": "jsonl", "timeFormat": "local"`, ``, []string{"time (UTC)", "name", "unit", "value"}},
		{"xlsx", `"extension": "xlsx", "timeFormat": "local"`, ``, []string{"time (UTC)", "name", "unit", "value"}},
		{"parquet has it in the type", `"extension": "parquet", "timeFormat": "local"`, ``, []string{"time", "name", "unit", "value"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _, err := newPlan(t, src, parse(t, c.format, item(`"target": {"value": "n"}`+c.params)), export.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, column := range p.Items[0].Columns() {
				got = append(got, column.Label)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("the header is %q, want %q", got, c.want)
			}
		})
	}
}
