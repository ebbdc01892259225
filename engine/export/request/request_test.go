package request

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"decant/decimation"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// faults parses what must not be valid and gives "path: message" of each fault.
func faults(t *testing.T, data string, options Options) Faults {
	t.Helper()
	_, err := Parse([]byte(data), options)
	var f Faults
	if !errors.As(err, &f) {
		t.Fatalf("Parse(%s) = %v, want Faults", data, err)
	}
	return f
}

func TestPublishedRequestListsEveryFault(t *testing.T) {
	got := faults(t, string(read(t, "connhex-create.json")), Options{})
	var paths []string
	for _, f := range got {
		paths = append(paths, f.Path)
	}
	want := []string{
		"format.csvDelimiter",
		"items[0].params",      // recurring, with from and to
		"format.columns[0].id", // "string" is no column of a long item
		"notification.messages[0].target",
		"notification.messages", // one of two
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("faults (-want +got):\n%s\n%v", diff, got)
	}
}

func TestMeterMonthlyIsValid(t *testing.T) {
	r, err := Parse(read(t, "meter-monthly.json"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	it := r.Items[0]
	if !r.Recurring || r.Periodicity.Months != 1 || r.PeriodStart == nil || *r.PeriodStart != 1483228800e9 {
		t.Errorf("recurrence: %+v", r)
	}
	if diff := cmp.Diff([]Name{{"urn:dev:meter:1:energy", false, "Zone 1"}, {"urn:dev:meter:2:energy", false, "Zone 2"}}, it.Target); diff != "" {
		t.Error(diff)
	}
	if *it.Bucket != (decimation.Width{N: 1, Unit: 'M'}) || !slices.Equal(it.Functions, []decimation.Function{decimation.Max}) || it.List || !it.Delta || it.Wide || it.Period.Months != 1 {
		t.Errorf("item: %+v", it)
	}
	if r.Format.Zone.Name != "Africa/Casablanca" || r.Format.CSV.Delimiter != ';' || len(r.Notification) != 2 {
		t.Errorf("format: %+v", r.Format)
	}
}

// a valid request, into which the cases below put their fault.
const valid = `{"format": {"extension": "csv"}, "type": "oneTime", "items": [{"params": {
	"target": {"value": "a"}, "channelId": "c", "subtopic": "events.data"}}]}`

func TestOneFault(t *testing.T) {
	cases := []struct {
		replace, by string
		path, says  string
	}{
		{`{"format"`, `["format"`, "", "not JSON"},
		{`"type"`, `"type": "oneTime", "type"`, "", "stands twice"},
		{`"a"}`, `"a"}, "target": {"value": "b"}`, "", "stands twice"},
		{`"type": "oneTime"`, `"typ": "oneTime", "type": "oneTime"`, "typ", "did you mean type?"},
		{`"type": "oneTime"`, `"type": "onetime"`, "type", "did you mean oneTime?"},
		{`"type": "oneTime"`, `"type": 1`, "type", "this is a number; allowed is a string"},
		{`"type": "oneTime"`, `"type": "recurring"`, "periodicity", "missing"},
		{`"type": "oneTime"`, `"type": "recurring", "periodicity": "PT59S"`, "periodicity", "one minute"},
		{`"type": "oneTime"`, `"type": "recurring", "periodicity": "P"`, "periodicity", ""},
		{`"type": "oneTime"`, `"type": "oneTime", "periodicity": "P1M"`, "periodicity", "does not recur"},
		{`"extension": "csv"`, `"extension": "xls"`, "format.extension", "did you mean xlsx?"},
		{`"extension": "csv"`, `"extension": "csv.gz"`, "format.extension", "csv here, and gzip as format.compression"},
		{`"extension": "csv"`, `"extension": "jsonl.zst", "compression": "gzip"`, "format.extension", "jsonl here, and zstd as format.compression"},
		{`"extension": "csv"`, `"extension": "xlsx.gz"`, "format.extension", "did you mean xlsx?"},
		{`"extension": "csv"`, `"extension": "csv", "filename": "a\u0000"`, "format.filename", "NUL"},
		{`"extension": "csv"`, `"extension": "csv", "timezone": "CEST"`, "format.timezone", ""},
		{`"extension": "csv"`, `"extension": "csv", "timezone": ""`, "format.timezone", ""},
		{`"extension": "csv"`, `"extension": "jsonl", "template": "expanded"`, "format.template", "csv, xlsx and pdf"},
		{`"extension": "csv"`, `"extension": "csv", "csvDelimiter": "\""`, "format.csvDelimiter", "one character"},
		{`"extension": "csv"`, `"extension": "csv", "csv": {"decimalComma": true}`, "format.csv.decimalComma", "csvDelimiter"},
		{`"extension": "csv"`, `"extension": "csv", "csv": {"profile": "excel-us"}`, "format.csv.profile", "excel-eu"},
		{`"extension": "csv"`, `"extension": "xlsx", "compression": "gzip"`, "format.compression", "compressed already"},
		{`"extension": "csv"`, `"extension": "csv", "compression": "snappy"`, "format.compression", "zstd"},
		{`"extension": "csv"`, `"extension": "csv", "timeFormat": "%Q"`, "format.timeFormat", ""},
		{`"extension": "csv"`, `"extension": "csv", "columns": []`, "format.columns", "default columns"},
		{`"extension": "csv"`, `"extension": "csv", "columns": [{"id": "time"}, {"id": "time", "label": "t"}]`, "format.columns[1].id", "listed already"},
		{`"extension": "csv"`, `"extension": "csv", "columns": [{"id": "time"}, {"id": "value", "label": "time"}]`, "format.columns[1]", "listed already"},
		{`"extension": "csv"`, `"extension": "csv", "columns": [{"id": "count"}]`, "format.columns[0].id", "no long item is decimated"},
		{`"extension": "csv"`, `"extension": "csv", "columns": [{"id": "valeu"}]`, "format.columns[0].id", "did you mean value?"},
		{`"value": "a"`, `"value": "a,,b"`, "items[0].params.target.value", "empty name"},
		{`"value": "a"`, `"value": "a*b"`, "items[0].params.target.value", `\*`},
		{`"value": "a"`, `"value": "a\\b"`, "items[0].params.target.value", "backslash"},
		{`"value": "a"`, `"value": "a,b", "label": "A"`, "items[0].params.target.label", "1 labels for 2 names"},
		{`"value": "a"`, `"value": "a,b*", "label": "A,B"`, "items[0].params.target.label", "2 labels for 1 names"},
		{`"channelId": "c"`, `"channelId": ""`, "items[0].params.channelId", "empty"},
		{`"channelId": "c", `, ``, "items[0].params.channelId", "missing"},
		{`"channelId": "c"`, `"channelId": "c", "from": 1488326400000`, "items[0].params.from", "milliseconds"},
		{`"channelId": "c"`, `"channelId": "c", "from": 1e10`, "items[0].params.from", "1678 to 2262"},
		{`"channelId": "c"`, `"channelId": "c", "from": 2, "to": 2`, "items[0].params.to", "empty"},
		{`"channelId": "c"`, `"channelId": "c", "from": 1, "to": 2, "period": "P1D"`, "items[0].params", "leave out one"},
		{`"channelId": "c"`, `"channelId": "c", "from": "2026-09"`, "items[0].params.from", "allowed is a number"},
		{`"channelId": "c"`, `"channelId": "c", "period": "P0.5M"`, "items[0].params.period", ""},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "15x"}`, "items[0].params.decimation.ds", ""},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "0m"}`, "items[0].params.decimation.ds", ""},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "1d", "dsf": "mean"}`, "items[0].params.decimation.dsf", ""},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "1d", "dsf": 1}`, "items[0].params.decimation.dsf", "this is a number; allowed is a function such as avg, or a list of them"},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "1d", "dsf": []}`, "items[0].params.decimation.dsf", "leave this out for avg"},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "1d", "dsf": ["avg", "maks"]}`, "items[0].params.decimation.dsf[1]", "did you mean max?"},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "1d", "dsf": ["avg", "max", "avg"]}`, "items[0].params.decimation.dsf[2]", "avg is listed already at items[0].params.decimation.dsf[0]"},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "1d", "dsf": ["avg", 1]}`, "items[0].params.decimation.dsf[1]", "this is a number; allowed is a string"},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "1d", "offset": "PT24H"}`, "items[0].params.decimation.offset", "not shorter than 1d"},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "6h", "offset": "PT1H"}`, "items[0].params.decimation.offset", "follow the wall clock"},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "1d", "offset": "6h"}`, "items[0].params.decimation.offset", "ISO 8601"},
		{`"channelId": "c"`, `"channelId": "c", "fill": null`, "items[0].params.fill", "needs decimation"},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "1d"}, "fill": "next"`, "items[0].params.fill", "linear"},
		{`"channelId": "c"`, `"channelId": "c", "decimation": {"ds": "1d"}, "fill": 1e999`, "items[0].params.fill", "float64"},
		{`"channelId": "c"`, `"channelId": "c", "transform": "rate"`, "items[0].params.transform", "delta"},
		{`"channelId": "c"`, `"channelId": "c", "outputFormat": "wide"`, "format.columns", "wide item needs columns"},
		{`"channelId": "c"`, `"channelId": "c", "filter": []`, "items[0].params.filter", "items with resource"},
		{`"items": [`, `"notification": {"messages": []}, "items": [`, "notification.messages", "exactly two"},
	}
	for _, c := range cases {
		t.Run(c.by, func(t *testing.T) {
			request := strings.Replace(valid, c.replace, c.by, 1)
			if request == valid {
				t.Fatalf("%s does not stand in the request", c.replace)
			}
			got := faults(t, request, Options{})
			if len(got) != 1 || got[0].Path != c.path || !strings.Contains(got[0].Message, c.says) {
				t.Errorf("got %q, want one fault at %q that says %q", got, c.path, c.says)
			}
		})
	}
}

// What stands in decimation is what the item says; an offset is looked at in an unknown zone, too.
func TestDecimation(t *testing.T) {
	for _, c := range []struct {
		decimation string
		functions  []decimation.Function
		list       bool
		buckets    string
	}{
		{`{"ds": "1d"}`, []decimation.Function{decimation.Avg}, false, "1d"},
		{`{"ds": "1d", "dsf": "last"}`, []decimation.Function{decimation.Last}, false, "1d"},
		{`{"ds": "1d", "dsf": ["count"], "offset": "PT6H"}`, []decimation.Function{decimation.Count}, true, "1d+PT6H"},
		{`{"ds": "1y", "dsf": ["max", "first"], "offset": "P3M"}`, []decimation.Function{decimation.Max, decimation.First}, true, "1y+P3M"},
	} {
		r, err := Parse([]byte(strings.Replace(valid, `"channelId"`, `"decimation": `+c.decimation+`, "channelId"`, 1)), Options{})
		if err != nil {
			t.Errorf("%s: %v", c.decimation, err)
			continue
		}
		it := r.Items[0]
		b, err := it.Buckets(r.Format.Zone)
		if err != nil || !slices.Equal(it.Functions, c.functions) || it.List != c.list || b.String() != c.buckets {
			t.Errorf("%s is %v (a list: %v) of %s, %v", c.decimation, it.Functions, it.List, b, err)
		}
	}
	request := strings.Replace(valid, `"channelId"`, `"decimation": {"ds": "1d", "offset": "P1D"}, "channelId"`, 1)
	var paths []string
	for _, f := range faults(t, strings.Replace(request, `"csv"`, `"csv", "timezone": "CEST"`, 1), Options{}) {
		paths = append(paths, f.Path)
	}
	if want := []string{"format.timezone", "items[0].params.decimation.offset"}; !slices.Equal(paths, want) {
		t.Errorf("the faults are at %v, want %v", paths, want)
	}
}

// The columns of items with several forms of dsf: what an item can fill, and what is said of one that none can.
func TestLongColumns(t *testing.T) {
	for _, c := range []struct {
		decimation string
		id         string
		says       string // "": it can be filled
	}{
		{``, "value", ""},
		{``, "sum", ""},
		{``, "value.avg", "items[0] is not decimated: write value"},
		{`"decimation": {"ds": "1d", "dsf": "avg"}, `, "value", ""},
		{`"decimation": {"ds": "1d", "dsf": "avg"}, `, "value.avg", "items[0] has one function and no list: write value"},
		{`"decimation": {"ds": "1d", "dsf": "avg"}, `, "sum", "it belongs to long rows of raw samples"},
		{`"decimation": {"ds": "1d", "dsf": ["avg"]}, `, "value.avg", ""},
		{`"decimation": {"ds": "1d", "dsf": ["avg"]}, `, "count", ""},
		{`"decimation": {"ds": "1d", "dsf": ["avg"]}, `, "value", "write value.avg"},
		{`"decimation": {"ds": "1d", "dsf": ["avg", "max", "sum"]}, `, "value.min", "write value.avg, value.max or value.sum"},
		{`"decimation": {"ds": "1d", "dsf": ["avg", "max"]}, `, "value.maxx", "did you mean value.max?"},
		{`"decimation": {"ds": "1d", "dsf": ["avg", "max"]}, `, "valu.max", "did you mean value.max?"},
	} {
		text := strings.Replace(strings.Replace(valid, `"channelId"`, c.decimation+`"channelId"`, 1), `"csv"`, `"csv", "columns": [{"id": "time"}, {"id": "`+c.id+`"}]`, 1)
		_, err := Parse([]byte(text), Options{})
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s under {%s}: %v, want %q", c.id, c.decimation, err, c.says)
		}
	}
}

func TestWideNeedsTime(t *testing.T) {
	request := strings.Replace(strings.Replace(valid, `"csv"`, `"csv", "columns": [{"id": "a"}]`, 1), `"channelId"`, `"outputFormat": "wide", "channelId"`, 1)
	got := faults(t, request, Options{})
	if len(got) != 1 || got[0].Path != "format.columns" {
		t.Error(got)
	}
}

func TestLenient(t *testing.T) {
	request := strings.Replace(valid, `"csv"`, `"csv", "colour": {"a": 1}`, 1)
	request = strings.Replace(request, `"type"`, `"title": "June", "tpye": 1, "type"`, 1)
	r, err := Parse([]byte(request), Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"tpye", "format.colour"}, r.IgnoredParameters); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"title"}, r.Ignored); diff != "" {
		t.Error(diff)
	}
	want := `{"format":{"extension":"csv"},"title":"June","type":"oneTime","items":[{"params":{"target":{"value":"a"},"channelId":"c","subtopic":"events.data"}}]}`
	if string(r.Raw) != want {
		t.Errorf("Raw = %s\nwant  %s", r.Raw, want)
	}
	again, err := Parse(r.Raw, Options{})
	if err != nil || string(again.Raw) != want {
		t.Errorf("what lenient handling leaves is not valid: %v", err)
	}
}

func TestTargets(t *testing.T) {
	request := strings.Replace(valid, `"value": "a"`, `"value": " a\\,b , c\\*,\\\\d, e* ,*", "label": "A\\,B, C ,D*"`, 1)
	r, err := Parse([]byte(request), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Name{{"a,b", false, "A,B"}, {"c*", false, "C"}, {`\d`, false, "D*"}, {"e", true, ""}, {"", true, ""}}
	if diff := cmp.Diff(want, r.Items[0].Target); diff != "" {
		t.Error(diff)
	}
}

func TestTimes(t *testing.T) {
	berlin, err := decimation.LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		text string
		want int64 // ns; 0: refused
	}{
		{"1488326400", 1488326400e9},
		{"1488326400.123456789", 1488326400123456789},
		{"0.0000000005", 0}, // half to even
		{"0.0000000015", 2},
		{"-1.5e0", -1500000000},
		{"2026-09", 1788213600e9},
		{"2026-09-01", 1788213600e9},
		{"2026-09-01T00:00", 1788213600e9},
		{"2026-09-01 00:00:00", 1788213600e9},
		{"2026-09-01T00:00:00.25", 1788213600250000000},
		{"2026-09-01T00:00:00Z", 1788220800e9},
		{"2026-09-01T02:00:00+02:00", 1788220800e9},
		{"2026-09-01T02:00:00+0200", 1788220800e9},
		{"2026-03-29T02:30", 1774746000e9}, // a gap: its end, 03:00+02:00
		{"2026-10-25T02:30", 1792888200e9}, // twice: the earlier, +02:00
	}
	for _, c := range cases {
		got, err := ParseTime(c.text, berlin)
		if err != nil || got != c.want {
			t.Errorf("ParseTime(%q) = %d, %v; want %d", c.text, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "now", "2026-13", "2026-02-30", "2026-09-01T25:00", "1488326400000", "NaN", "1e-9999999999x", "2026-09-01T00:00+99:00", "1500-01-01"} {
		if got, err := ParseTime(bad, berlin); err == nil {
			t.Errorf("ParseTime(%q) = %d, want a refusal", bad, got)
		}
	}
	if got, err := ParseTime("1e-999999999", berlin); err != nil || got != 0 {
		t.Errorf("a tiny number: %d, %v", got, err)
	}
}

func TestISOTimesBecomeSeconds(t *testing.T) {
	request := strings.Replace(valid, `"channelId": "c"`, `"channelId": "c", "from": "2017-07-01T00:00:00.5Z", "to": "2017-08"`, 1)
	r, err := Parse([]byte(request), Options{ISOTimes: true})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(r.Raw), `"from":1498867200.5,"to":1501545600`) {
		t.Errorf("Raw = %s", r.Raw)
	}
	if _, err := Parse(r.Raw, Options{}); err != nil {
		t.Errorf("the manifest's copy can't be run again: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(valid))
	f.Add([]byte(strings.Replace(valid, `"channelId"`, `"decimation": {"ds": "1M", "dsf": ["avg", "last"], "offset": "P3DT6H"}, "channelId"`, 1)))
	f.Add([]byte(listing("", `"resource": "job", "filter": [{"status": "f*"}, {"job.finishedAt": {"gte": "2026-09"}, "rows": {"lt": 3}}]`)))
	f.Add([]byte(recurring(`"id": "a", "tags": [{"label": "a", "value": "b"}], "run": "manual", "enabled": false, "grace": "PT0S", "backfill": 3`)))
	f.Add([]byte(with(`"condition": {"target": {"value": "a\*"}, "channelId": "c", "subtopic": "", "unit": "V", "period": "P1D", "dsf": "last", "op": "ne", "value": 1e2}`)))
	for _, name := range []string{"connhex-create.json", "meter-monthly.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data, Options{Lenient: true, ISOTimes: true})
		if err != nil {
			return
		}
		again, err := Parse(r.Raw, Options{})
		if err != nil {
			t.Fatalf("what was taken is refused when it comes again: %v\n%s", err, r.Raw)
		}
		if string(again.Raw) != string(r.Raw) {
			t.Fatalf("Raw changes:\n%s\n%s", r.Raw, again.Raw)
		}
	})
}
