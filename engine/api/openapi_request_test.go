package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"decant/engine/export/request"
)

// seeds are requests that hold every field there is.
var seeds = []string{
	`{"id": "a", "title": "t", "tags": [{"label": "site", "value": "x"}], "run": "auto", "enabled": true, "grace": "PT0S", "backfill": 2,
	  "format": {"filename": "f", "extension": "csv", "columns": [{"id": "time", "label": "T"}, {"id": "value.avg"}], "timezone": "europe/berlin", "template": "expanded",
	    "csvDelimiter": ";", "timeFormat": "%Y", "csv": {"profile": "excel-eu", "lineEnd": "crlf", "bom": true, "decimalComma": true, "null": "-", "formulaGuard": false}, "compression": "zstd"},
	  "type": "recurring", "periodicity": "P1Y2M3W4DT5H6M7.5S", "periodStart": 1483228800.5,
	  "items": [{"params": {"target": {"value": "a,b", "label": "A,B"}, "channelId": "c", "subtopic": "events/data", "period": "P1M",
	    "decimation": {"ds": "1M", "dsf": ["avg", "max"], "offset": "PT6H"}, "transform": "delta", "outputFormat": "long", "publisher": "", "unit": "kWh", "fill": "linear"}, "filename": "g"}],
	  "condition": {"target": {"value": "a"}, "channelId": "c", "subtopic": "", "publisher": "p", "unit": "u", "period": "PT1H", "dsf": "max", "op": "gte", "value": 1.5},
	  "notification": {"messages": [
	    {"target": "a@example.com", "policy": "onSuccess", "medium": "email", "title": "t", "text": "{{rows}}", "attach": true},
	    {"policy": "onFailure", "medium": "discord", "title": "", "text": ""}]}}`,
	`{"format": {"extension": "parquet"}, "type": "oneTime", "items": [{"params": {"target": {"value": "x*"}, "channelId": "c", "subtopic": "", "from": 0, "to": 10,
	  "decimation": {"ds": "15m", "dsf": "count"}, "fill": null}}]}`,
	`{"format": {"extension": "csv", "columns": [{"id": "job.id"}]}, "type": "oneTime", "items": [{"params": {"resource": "job",
	  "filter": [{"status": "d*", "rows": {"gte": 1, "lt": 10}}, {"job.createdAt": {"gte": 0}}]}}, {"params": {"resource": "export", "filter": [{"enabled": true}]}}]}`,
}

// values are what a field of a changed request may hold.
var values = []string{
	`null`, `true`, `false`, `0`, `1`, `-1`, `0.5`, `1000`, `1001`, `1e10`, `1e11`, `""`, `" "`, `"a"`, `"a,b"`, `"*"`, `"null"`, `"avg"`, `"P1M"`, `"PT1.5S"`, `"PT0,5S"`, `"P0D"`, `"PT"`,
	`"1d"`, `"007d"`, `"xlsx"`, `"none"`, `"tabular"`, `"oneTime"`, `"utc"`, `"\t"`, `">"`, `"series"`, `"slack"`, `[]`, `[[]]`, `["avg"]`, `["avg", "avg"]`, `{}`, `{"value": "a"}`, `{"gte": 1}`,
	`{"id": "time"}`, `[{"id": "time"}]`, `[{}]`, `[{"unit": null}]`, `[{"label": "a", "value": "b"}]`,
}

// mutate changes a JSON value somewhere: a member is replaced, left out, or copied under another's name.
func mutate(t *rapid.T, v any) any {
	inside := rapid.IntRange(0, 9).Draw(t, "inside") > 0
	switch node := v.(type) {
	case map[string]any:
		if !inside || len(node) == 0 {
			break
		}
		names := slices.Sorted(maps.Keys(node))
		name := rapid.SampledFrom(names).Draw(t, "name")
		if rapid.IntRange(0, 2).Draw(t, "remove") == 0 {
			delete(node, name)
		} else {
			node[name] = mutate(t, node[name])
		}
		return node
	case []any:
		if !inside || len(node) == 0 {
			break
		}
		i := rapid.IntRange(0, len(node)-1).Draw(t, "index")
		node[i] = mutate(t, node[i])
		return node
	}
	return decoded(rapid.SampledFrom(values).Draw(t, "value"))
}

func decoded(text string) any {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
	if err != nil {
		panic(strconv.Quote(text) + ": " + err.Error())
	}
	return v
}

// TestDescriptionAllowsWhatIsTaken: a request that the service takes is one that the description allows, so that clients made from it can send all there
// is. (The other way round it may say more than a schema can.)
func TestDescriptionAllowsWhatIsTaken(t *testing.T) {
	d := readDescription()
	schema := d.schema(t, d.compiler, "#/components/schemas/ExportRequest")
	taken, refused := 0, 0
	check := func(text []byte) error {
		if _, err := request.Parse(text, request.Options{Service: true}); err != nil {
			refused++
			return nil
		}
		taken++
		return schema.Validate(decoded(string(text)))
	}
	for i, seed := range seeds {
		if _, err := request.Parse([]byte(seed), request.Options{Service: true}); err != nil {
			t.Fatalf("seed %d: %v", i, err)
		}
		if err := check([]byte(seed)); err != nil {
			t.Errorf("seed %d: %v", i, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := decoded(rapid.SampledFrom(seeds).Draw(t, "seed"))
		for range rapid.IntRange(1, 2).Draw(t, "changes") {
			v = mutate(t, v)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(text); err != nil {
			t.Fatalf("%s is taken: %v", text, err)
		}
	})
	t.Logf("%d requests were taken and %d refused", taken, refused)
}
