package export_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/engine/export/request"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryPassesTheContract(t *testing.T) {
	exporttest.TestSource(t, func(*testing.T) exporttest.Target {
		return &exporttest.Memory{Cut: func(left int) int { return 1 + left/2 }}
	})
}

// parse reads a request of items; format is what stands in it beside the extension.
func parse(t testing.TB, format string, items ...string) *request.Request {
	t.Helper()
	return parseText(t, fmt.Sprintf(`{"format": {%s}, "type": "oneTime", "items": [%s]}`, format, strings.Join(items, ", ")))
}

func parseText(t testing.TB, text string) *request.Request {
	t.Helper()
	r, err := request.Parse([]byte(text), request.Options{})
	if err != nil {
		t.Fatalf("parse %s: %v", text, err)
	}
	return r
}

// item is an item's JSON: params stands beside channel and subtopic.
func item(params string) string {
	return fmt.Sprintf(`{"params": {"channelId": "c1", "subtopic": "events.data", %s}}`, params)
}

func newPlan(t testing.TB, src export.Source, r *request.Request, opts export.Options) (*export.Plan, export.Snapshot, error) {
	t.Helper()
	snap, err := src.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := export.NewPlan(t.Context(), snap, r, opts)
	return p, snap, err
}

// stream plans and streams a request of one item.
func stream(t testing.TB, src export.Source, r *request.Request, opts export.Options) string {
	t.Helper()
	p, snap, err := newPlan(t, src, r, opts)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	var b bytes.Buffer
	if _, err := export.Stream(t.Context(), snap, p, &b); err != nil {
		t.Fatalf("stream: %v", err)
	}
	return b.String()
}

// randomSource has random samples around a change of Europe's clocks, in records of random length.
func randomSource(t *rapid.T) *exporttest.Memory {
	random := newRandom(t)
	src := &exporttest.Memory{Cut: func(left int) int { return 1 + random.IntN(min(left, 50)) }}
	src.Append(exporttest.Random(random, rapid.IntRange(1, 300).Draw(t, "samples"))...)
	stretch := rapid.SampledFrom([]int64{1, 60, 600}).Draw(t, "stretch")
	for i := range src.Samples {
		x := &src.Samples[i]
		x.Time = berlinChange + (x.Time-1_700_000_000_000_000_000)*stretch - 250*stretch*1e9
	}
	return src
}

const berlinChange = 1_792_890_000_000_000_000 // 2026-10-25T01:00:00Z

func drawItem(t *rapid.T) string {
	var parts []string
	target := rapid.SampledFrom([]string{
		`{"value": "*"}`, `{"value": "b*"}`, `{"value": "b,a", "label": "zz,Ähre"}`, `{"value": "a,*", "label": "First"}`, `{"value": "b:x, a"}`,
	}).Draw(t, "target")
	parts = append(parts, `"target": `+target)
	at := func(name string) {
		if rapid.Bool().Draw(t, "has "+name) {
			offset := rapid.IntRange(-1000, 1000).Draw(t, name)
			if name == "to" {
				offset += 2001
			}
			parts = append(parts, fmt.Sprintf(`"%s": %d.5`, name, berlinChange/1_000_000_000+int64(offset)*17))
		}
	}
	at("from")
	at("to")
	if rapid.Bool().Draw(t, "decimate") {
		parts = append(parts, drawDecimation(t))
		if rapid.Bool().Draw(t, "has fill") {
			parts = append(parts, `"fill": `+rapid.SampledFrom([]string{"null", "-1.5", `"previous"`, `"linear"`}).Draw(t, "fill"))
		}
	}
	if rapid.Bool().Draw(t, "delta") {
		parts = append(parts, `"transform": "delta"`)
	}
	return item(strings.Join(parts, ", "))
}

var functionNames = []string{"avg", "min", "max", "sum", "variance", "stddev", "count", "first", "last"}

// drawDecimation is a bucket with one function or a list, moved where it can be.
func drawDecimation(t *rapid.T) string {
	width := rapid.SampledFrom([]string{"7m", "1h", "2h", "1d", "1w", "1M"}).Draw(t, "width")
	text := fmt.Sprintf(`"decimation": {"ds": %q, "dsf": %s`, width, drawFunctions(t))
	if offsets := map[string][]string{"1d": {"PT6H", "PT2H30M"}, "1w": {"P1D", "P2DT1S"}, "1M": {"P3DT6H"}}[width]; offsets != nil && rapid.Bool().Draw(t, "has offset") {
		text += fmt.Sprintf(`, "offset": %q`, rapid.SampledFrom(offsets).Draw(t, "offset"))
	}
	return text + "}"
}

func drawFunctions(t *rapid.T) string {
	names := rapid.Permutation(functionNames).Draw(t, "functions")
	if rapid.Bool().Draw(t, "one function") {
		return strconv.Quote(names[0])
	}
	text, _ := json.Marshal(names[:rapid.IntRange(1, 4).Draw(t, "number of functions")])
	return string(text)
}

var (
	rawIDs       = []string{"time", "timeUtc", "offset", "channel", "subtopic", "publisher", "name", "senmlName", "unit", "value", "stringValue", "boolValue", "dataValue", "sum", "created", "protocol"}
	decimatedIDs = []string{"time", "timeUtc", "offset", "channel", "subtopic", "publisher", "name", "senmlName", "unit", "stringValue", "count"}
)

func columnsJSON(ids []string) string {
	var list []string
	for _, id := range ids {
		list = append(list, fmt.Sprintf(`{"id": %q}`, id))
	}
	return `"columns": [` + strings.Join(list, ",") + `]`
}

// skipUnplannable lets a check go on where the random data has no such series, or a value that float64 can't hold.
func skipUnplannable(t *rapid.T, err error) {
	var missing *export.NotFoundError
	if errors.As(err, &missing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
}

func TestLongEqualsReference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		src := tame(randomSource(rt))
		zone := rapid.SampledFrom([]string{"utc", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"}).Draw(rt, "zone")
		text := drawItem(rt)
		ids := rawIDs
		if it := parse(t, `"extension": "csv"`, text).Items[0]; it.Bucket != nil {
			ids = append(it.ValueIDs("value"), decimatedIDs...)
		}
		ids = rapid.Permutation(ids).Draw(rt, "columns")[:rapid.IntRange(2, len(ids)).Draw(rt, "number of columns")] // a lone empty cell is quoted
		r := parse(t, fmt.Sprintf(`"extension": "csv", "timezone": "%s", %s`, zone, columnsJSON(ids)), text)
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
		rows := referenceRows(t, src, r, &r.Items[0])
		if int64(len(rows)) > p.Items[0].Rows || p.Items[0].Exact && int64(len(rows)) != p.Items[0].Rows {
			rt.Errorf("%d rows; planned were %d (exact: %v)", len(rows), p.Items[0].Rows, p.Items[0].Exact)
		}
		if want := referenceCSV(t, r, rows, ids, p.Items[0].Digits); got.String() != want {
			rt.Fatalf("%s\n%s", text, difference(got.String(), want))
		}
	})
}

// tame takes out values whose sums leave float64.
func tame(src *exporttest.Memory) *exporttest.Memory {
	for i := range src.Samples {
		if src.Samples[i].Number == -1e300 {
			src.Samples[i].Number = -12.25
		}
	}
	return src
}

func TestDigitsAreTheFewest(t *testing.T) {
	for _, c := range []struct {
		ns   int64
		want string
	}{{0, ":00Z"}, {5e8, ":00.500Z"}, {1_000_001_000, ":01.000001Z"}, {7, ":00.000000007Z"}} {
		src := &exporttest.Memory{}
		src.Append(exporttest.Number("c1", "events.data", "n", "V", c.ns, 1))
		if got := stream(t, src, parse(t, `"extension": "csv"`, item(`"target": {"value": "n"}`)), export.Options{}); !strings.Contains(got, c.want) {
			t.Errorf("%d ns prints as %q, want %s", c.ns, got, c.want)
		}
	}
}

func TestPlanPrintsAsJSONAndText(t *testing.T) {
	src := &exporttest.Memory{}
	src.Append(exporttest.Number("c1", "events.data", "n", "V", 1e9, 1), exporttest.Number("c1", "events.data", "n", "V", 3601e9, 1))
	p, _, err := newPlan(t, src, parse(t, `"extension": "csv"`, item(`"target": {"value": "n", "label": "N"}, "to": 7200, "decimation": {"ds": "1h"}`)), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"timezone":"UTC","items":[{"file":"c1-events.data.csv","from":null,"to":"1970-01-01T02:00:00Z","columns":["time","name","unit","value"],` +
		`"series":[{"name":"n","label":"N","unit":"V","samples":2}],"decimation":"avg of 1h, aligned to the wall clock of UTC; a row's time is its bucket's start","buckets":2,"rows":2,"exact":false,"bytes":72}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var text strings.Builder
	if err := p.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"rows     at most 2", "buckets  2: avg of 1h, aligned to the wall clock of UTC;", "n (V) as N: 2 samples", "to       1970-01-01T02:00:00Z"} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("the plan lacks %q:\n%s", line, text.String())
		}
	}
}
