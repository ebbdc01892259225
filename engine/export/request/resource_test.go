package request

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listing is a request of one resource item.
func listing(format, params string) string {
	return `{"format": {"extension": "csv"` + format + `}, "type": "oneTime", "items": [{"params": {` + params + `}}]}`
}

func TestResourceItems(t *testing.T) {
	text := listing("", `"resource": "series", "from": null, "filter": [{"name": "urn:*", "count": {"gte": 10, "lt": 20}}, {"series.lastTime": {"lt": 1.5}}, {"unit": ""}]`)
	r, err := Parse([]byte(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	urn, none, ten, twenty, late := "urn:*", "", int64(10), int64(20), int64(1_500_000_000)
	want := Item{Resource: SeriesResource, Filter: []Rule{
		{{Attribute: "name", Glob: &urn}, {Attribute: "count", Gte: &ten, Lt: &twenty}},
		{{Attribute: "lastTime", Lt: &late}},
		{{Attribute: "unit", Glob: &none}},
	}}
	if diff := cmp.Diff(want, r.Items[0], cmp.AllowUnexported(Item{})); diff != "" {
		t.Error(diff)
	}
	r, err = Parse([]byte(listing("", `"resource": "export", "filter": [{"enabled": true, "tags": "site=*"}]`)), Options{})
	if err != nil || *r.Items[0].Filter[0][0].Glob != "true" {
		t.Errorf("a filter of exports: %v", err)
	}
	r, err = Parse([]byte(listing("", `"resource": "channel", "filter": [{"lastTime": {"gte": "1970-01-01T00:00:01Z"}}]`)), Options{ISOTimes: true})
	if err != nil || *r.Items[0].Filter[0][0].Gte != 1e9 || !strings.Contains(string(r.Raw), `{"gte":1}`) {
		t.Errorf("an ISO time in a filter: %v", err)
	}
}

func TestResourceFaults(t *testing.T) {
	filter := func(entries string) string { return listing("", `"resource": "series", "filter": `+entries) }
	for _, c := range []struct {
		text  string
		paths string // of all faults
		says  string
	}{
		{listing("", `"resource": "serie"`), "items[0].params.resource", "did you mean series?"},
		{listing("", `"resource": "series", "limit": 3`), "items[0].params.limit", "no such field"},
		{listing("", `"resource": "series", "from": 0, "period": "P1D", "decimation": {"ds": "1d"}, "fill": null, "outputFormat": "wide", "target": {"value": "a"}`),
			"items[0].params.target items[0].params.from items[0].params.period items[0].params.decimation items[0].params.outputFormat items[0].params.fill", "selects no samples"},
		{filter(`{}`), "items[0].params.filter", "allowed is a list"},
		{filter(`[]`), "items[0].params.filter", "no row would match"},
		{filter(`[{}]`), "items[0].params.filter[0]", "leave the filter out"},
		{filter(`[{"name": null}]`), "items[0].params.filter[0]", "leave the filter out"},
		{filter(`[{"nmae": "a"}]`), "items[0].params.filter[0].nmae", "did you mean name?"},
		{filter(`[{"name": "a", "series.name": "b"}]`), "items[0].params.filter[0].series.name", "listed already"},
		{filter(`[{"name": 1}]`), "items[0].params.filter[0].name", "allowed is a text"},
		{filter(`[{"name": "a\\b"}]`), "items[0].params.filter[0].name", "backslash"},
		{filter(`[{"count": 3}]`), "items[0].params.filter[0].count", "allowed is an object"},
		{filter(`[{"count": {}}]`), "items[0].params.filter[0].count", "no bound"},
		{filter(`[{"count": {"gt": 3}}]`), "items[0].params.filter[0].count.gt", "did you mean gte?"},
		{filter(`[{"count": {"gte": 1.5}}]`), "items[0].params.filter[0].count.gte", "whole number"},
		{filter(`[{"count": {"gte": 3, "lt": 3}}]`), "items[0].params.filter[0].count.lt", "greater than gte"},
		{filter(`[{"lastTime": {"gte": 1488326400000}}]`), "items[0].params.filter[0].lastTime.gte", "milliseconds"},
		{filter(`[{"lastTime": {"gte": "2026-09"}}]`), "items[0].params.filter[0].lastTime.gte", "allowed is a number"},
		{listing("", `"resource": "export", "filter": [{"enabled": "yes"}]`), "items[0].params.filter[0].enabled", "true or false"},
		{listing(`, "columns": [{"id": "name"}]`, `"resource": "series"`), "format.columns[0].id", "write series.name"},
		{listing(`, "columns": [{"id": "series.nmae"}]`, `"resource": "series"`), "format.columns[0].id", "did you mean series.name?"},
		{listing(`, "columns": [{"id": "series.name"}, {"id": "time"}]`, `"resource": "series"`), "format.columns[1].id", "no item can fill"},
	} {
		got := faults(t, c.text, Options{})
		var paths []string
		for _, f := range got {
			paths = append(paths, f.Path)
		}
		if strings.Join(paths, " ") != c.paths || !strings.Contains(got[0].String(), c.says) {
			t.Errorf("%s: got %q, want faults at %q that say %q", c.text, got, c.paths, c.says)
		}
	}
	// What lenient handling leaves out must not widen a filter to all rows.
	if got := faults(t, filter(`[{"nmae": "a"}]`), Options{Lenient: true}); len(got) != 1 || got[0].Path != "items[0].params.filter[0]" {
		t.Errorf("an entry that lenient handling leaves empty: %q", got)
	}
}
