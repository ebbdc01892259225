package export_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/engine/export/request"
	"decant/formats"
)

// counting counts the scans of each series by their range.
type counting struct {
	export.Snapshot
	mu    sync.Mutex
	scans map[scanned]int
}

func count(snap export.Snapshot) *counting {
	return &counting{Snapshot: snap, scans: map[scanned]int{}}
}

type scanned struct {
	id       export.SeriesID
	from, to int64
}

func (c *counting) Scan(ctx context.Context, id export.SeriesID, from, to int64, columns ...string) (array.RecordReader, error) {
	c.mu.Lock()
	c.scans[scanned{id, from, to}]++
	c.mu.Unlock()
	return c.Snapshot.Scan(ctx, id, from, to, columns...)
}

// ranged is how often the series of an item were scanned over the item's range; a look-back scans other ranges.
func (c *counting) ranged(it *export.Item) (scans []int) {
	for _, s := range it.Series {
		scans = append(scans, c.scans[scanned{s.ID, it.From, it.To}])
	}
	return scans
}

// drawGroup is items that differ in functions and shape alone, and columns that all of them can fill.
func drawGroup(t *rapid.T, names []string) (items, columns []string) {
	selection := fmt.Sprintf(`"target": {"value": %q}`, strings.Join(names, ","))
	for _, end := range []string{"from", "to"} {
		if rapid.Bool().Draw(t, "has "+end) {
			selection += fmt.Sprintf(`, %q: %d`, end, berlinChange/1_000_000_000+map[string]int64{"from": -9000, "to": 9000}[end])
		}
	}
	decimation := ""
	if rapid.IntRange(0, 3).Draw(t, "decimate") > 0 {
		decimation = rapid.SampledFrom([]string{`"ds": "7m"`, `"ds": "1h"`, `"ds": "1d", "offset": "PT6H"`}).Draw(t, "buckets")
		if rapid.Bool().Draw(t, "has fill") {
			selection += `, "fill": ` + rapid.SampledFrom([]string{"null", `"previous"`, `"linear"`}).Draw(t, "fill")
		}
	}
	if rapid.Bool().Draw(t, "delta") {
		selection += `, "transform": "delta"`
	}
	columns = []string{"time"}
	add := func(ids ...string) {
		for _, id := range ids {
			if !slices.Contains(columns, id) {
				columns = append(columns, id)
			}
		}
	}
	for range rapid.IntRange(2, 5).Draw(t, "items") {
		params := selection
		if decimation != "" {
			params += `, "decimation": {` + decimation + `, "dsf": ` + drawFunctions(t) + `}`
		}
		wide := rapid.Bool().Draw(t, "wide")
		it := request.Item{}
		if parsed, err := request.Parse([]byte(`{"format": {"extension": "csv"}, "type": "oneTime", "items": [`+item(params)+`]}`), request.Options{}); err == nil {
			it = parsed.Items[0]
		}
		if wide {
			params += `, "outputFormat": "wide"`
			for _, name := range names {
				add(it.ValueIDs(name)...)
			}
		} else {
			add("name")
			add(it.ValueIDs("value")...)
		}
		named := fmt.Sprintf(`{"filename": "item %d", `, len(items))
		items = append(items, named+strings.TrimPrefix(item(params), "{"))
	}
	return items, columns
}

// Items that have the same rows read each series once, and give the bytes that each gives alone.
func TestGroupsEqualSeparateRuns(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		src := tame(randomSource(rt))
		var names []string
		for i := range src.Samples {
			x := &src.Samples[i]
			x.Channel, x.Subtopic, x.Publisher, x.Unit = "c1", "events.data", "", "V"
			if !slices.Contains(names, x.Name) {
				names = append(names, x.Name)
			}
		}
		slices.Sort(names)
		items, columns := drawGroup(rt, names)
		extension := rapid.SampledFrom(append(slices.Repeat([]string{"csv"}, 3*len(extensions)), extensions...)).Draw(rt, "extension")
		format := fmt.Sprintf(`"extension": %q, "timezone": "Europe/Berlin", `, extension)
		r := parse(t, format+columnsJSON(columns), items...)

		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer mem.AssertSize(t, 0)
		src.Alloc = mem
		p, snap, err := newPlan(t, src, r, export.Options{Memory: mem})
		skipUnplannable(rt, err)
		counted := count(snap)
		dir := filepath.Join(t.TempDir(), "out")
		m, err := export.Run(t.Context(), counted, p, dir)
		if err != nil {
			rt.Skip(err) // a PDF that is too wide
		}
		for _, scans := range counted.ranged(&p.Items[0]) {
			if scans > 1 {
				rt.Errorf("%d scans of a series for %d items", scans, len(items))
			}
		}
		for i := range items {
			fills := r.Items[i].Fills()
			own := slices.DeleteFunc(slices.Clone(columns), func(id string) bool { return !fills(id) })
			alone := parse(t, format+columnsJSON(own), items[i])
			p, snap, err := newPlan(t, src, alone, export.Options{Memory: mem})
			if err != nil {
				rt.Fatalf("plan of item %d alone: %v", i, err)
			}
			var want bytes.Buffer
			wanted, err := export.Stream(t.Context(), snap, p, &want)
			if err != nil {
				rt.Fatalf("item %d alone: %v", i, err)
			}
			got, err := os.ReadFile(filepath.Join(dir, m.Files[i].File))
			if err != nil {
				rt.Fatal(err)
			}
			if extension == "csv" || extension == "jsonl" {
				if diff := difference(string(got), want.String()); diff != "" {
					rt.Fatalf("item %d %s\n%s", i, items[i], diff)
				}
			}
			if extension != "xlsx" && !bytes.Equal(got, want.Bytes()) {
				rt.Errorf("item %d has other bytes: %d and %d long", i, len(got), want.Len())
			} // but for the whole request, which XLSX prints on its About sheet
			ignored := func(f export.File) export.File {
				f.File, f.Item, f.Bytes, f.SHA256 = "", 0, 0, ""
				return f
			}
			if diff := cmp.Diff(ignored(wanted.Files[0]), ignored(m.Files[i])); diff != "" {
				rt.Errorf("the manifest says of item %d: %s", i, diff)
			}
		}
	})
}

// hourly has two series of a sample a minute, and values before the range that look-backs find.
func hourly() *exporttest.Memory {
	src := &exporttest.Memory{}
	for i := range int64(600) {
		src.Append(number("a", i*60e9, float64(i)), number("b", i*60e9+1e9, float64(-i)))
	}
	return src
}

// What a job of several items, or a PDF, shows of a series comes from one scan.
func TestScans(t *testing.T) {
	const target = `"target": {"value": "a,b"}, "from": 7200`
	for _, c := range []struct {
		name, format string
		items        []string
		want         int // scans of each series over the range
	}{
		{"a PDF of raw samples", `"extension": "pdf"`, []string{item(target)}, 1},
		{"a PDF of buckets", `"extension": "pdf"`, []string{item(target + `, "decimation": {"ds": "1h", "dsf": ["avg", "stddev"]}`)}, 1},
		{"a PDF of sums", `"extension": "pdf"`, []string{item(target + `, "decimation": {"ds": "1h", "dsf": "sum"}, "fill": "linear"`)}, 1},
		{"a PDF of deltas", `"extension": "pdf"`, []string{item(target + `, "decimation": {"ds": "1h", "dsf": "max"}, "transform": "delta"`)}, 1},
		{"a PDF of raw deltas", `"extension": "pdf"`, []string{item(target + `, "transform": "delta"`)}, 1},
		{"functions and shapes", `"extension": "csv", "columns": [{"id": "time"}, {"id": "value"}, {"id": "a.max"}]`, []string{
			item(target + `, "decimation": {"ds": "1h"}`),
			item(target + `, "decimation": {"ds": "1h", "dsf": ["max", "min"]}, "outputFormat": "wide"`),
			item(target + `, "decimation": {"ds": "1h", "dsf": "stddev"}`),
		}, 1},
		{"deltas of functions that are not empty together", `"extension": "csv"`, []string{
			item(target + `, "decimation": {"ds": "1m", "dsf": "last"}, "transform": "delta"`),
			item(target + `, "decimation": {"ds": "1m", "dsf": ["stddev"]}, "transform": "delta"`),
		}, 1},
		{"samples, long and wide, as PDF", `"extension": "pdf", "columns": [{"id": "time"}, {"id": "name"}, {"id": "a"}]`, []string{
			item(target), item(target + `, "outputFormat": "wide"`),
		}, 1},
		{"other buckets", `"extension": "csv"`, []string{
			item(target + `, "decimation": {"ds": "1h"}`), item(target + `, "decimation": {"ds": "2h"}`),
		}, 2},
		{"moved buckets", `"extension": "csv"`, []string{
			item(target + `, "decimation": {"ds": "1d"}`), item(target + `, "decimation": {"ds": "1d", "offset": "PT1H"}`),
		}, 2},
		{"other fill", `"extension": "csv"`, []string{
			item(target + `, "decimation": {"ds": "1d"}`), item(target + `, "decimation": {"ds": "1d"}, "fill": 0`), item(target + `, "decimation": {"ds": "1d"}, "fill": 1`),
		}, 3},
		{"buckets, samples and deltas", `"extension": "csv"`, []string{
			item(target), item(target + `, "decimation": {"ds": "1d"}`), item(target + `, "transform": "delta"`),
		}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, snap, err := newPlan(t, hourly(), parse(t, c.format, c.items...), export.Options{})
			if err != nil {
				t.Fatal(err)
			}
			counted := count(snap)
			if _, err := export.Run(t.Context(), counted, p, filepath.Join(t.TempDir(), "out")); err != nil {
				t.Fatal(err)
			}
			if got := counted.ranged(&p.Items[0]); !slices.Equal(got, []int{c.want, c.want}) {
				t.Errorf("the series were scanned %v times, want %d", got, c.want)
			}
		})
	}
}

// A wide PDF of several functions draws the first, calls the series by its own name, and has a column each.
func TestListColumns(t *testing.T) {
	r := parse(t, `"extension": "pdf", "columns": [{"id": "time"}, {"id": "A.max"}, {"id": "a.avg", "label": "mean of a"}, {"id": "b.max"}]`,
		item(`"target": {"value": "a,b", "label": "A,b"}, "decimation": {"ds": "1h", "dsf": ["avg", "max"]}, "outputFormat": "wide"`))
	p, snap, err := newPlan(t, hourly(), r, export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []formats.Column{{ID: "time", Label: "time", Type: formats.Time}, {ID: "A.max", Label: "A.max", Type: formats.Number},
		{ID: "a.avg", Label: "mean of a", Type: formats.Number}, {ID: "b.max", Label: "b.max", Type: formats.Number}}
	if diff := cmp.Diff(want, p.Items[0].Columns()); diff != "" {
		t.Error(diff)
	}
	summaries, err := p.Summaries(t.Context(), snap)
	if err != nil {
		t.Fatal(err)
	}
	for i, label := range []string{"A", "b"} {
		if s := summaries[i]; s.Label != label || s.Chart.Line != "avg" || !s.Chart.Band || len(s.Chart.Points) != 10 {
			t.Errorf("series %d is shown as %+v", i, s)
		}
	}
}

// Columns of items with and without a list, and what is said of one that none can fill.
func TestListColumnFaults(t *testing.T) {
	const list = `"target": {"value": "a", "label": "L"}, "decimation": {"ds": "1h", "dsf": ["avg", "max"]}`
	const wide = `, "outputFormat": "wide"`
	for _, c := range []struct {
		name, columns string
		items         []string
		want          string // of the fault; empty: there is none
	}{
		{"each item its own", `[{"id": "time"}, {"id": "value"}, {"id": "value.max"}]`, []string{item(list), item(`"target": {"value": "a"}`)}, ""},
		{"a plain name in wide output", `[{"id": "time"}, {"id": "a"}]`, []string{item(list + wide)},
			`format.columns[1].id: "a": no item can fill this column: items[0] has a list of functions, so a column says which: write a.avg or a.max`},
		{"a plain label", `[{"id": "time"}, {"id": "L"}]`, []string{item(list + wide)}, "write L.avg or L.max"},
		{"another function", `[{"id": "time"}, {"id": "a.sum"}]`, []string{item(list + wide)}, "write a.avg or a.max"},
		{"a misspelt function", `[{"id": "time"}, {"id": "a.maks"}]`, []string{item(list + wide)}, "did you mean a.max?"},
		{"a misspelt name", `[{"id": "time"}, {"id": "LL.max"}]`, []string{item(list + wide)}, "allowed are time, L.avg, L.max, a.avg, a.max; did you mean L.max?"},
		{"a function of an item without a list", `[{"id": "time"}, {"id": "a.max"}]`, []string{item(`"target": {"value": "a"}, "decimation": {"ds": "1h", "dsf": "max"}` + wide)},
			"items[0] has one function and no list: write a"},
		{"a function of raw samples", `[{"id": "time"}, {"id": "a.max"}]`, []string{item(`"target": {"value": "a"}` + wide)}, "items[0] is not decimated: write a"},
		{"a name under a prefix", `[{"id": "time"}, {"id": "b"}]`, []string{item(`"target": {"value": "*"}, "decimation": {"ds": "1h", "dsf": ["avg"]}` + wide)}, "write b.avg"},
		{"a name that was never there", `[{"id": "time"}, {"id": "zz.avg"}]`, []string{item(`"target": {"value": "*"}, "decimation": {"ds": "1h", "dsf": ["avg"]}` + wide)},
			"no series of the wide items is called zz"},
		{"a plain value", `[{"id": "time"}, {"id": "value"}]`, []string{item(list), item(list + wide)}, "write value.avg or value.max"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := fmt.Sprintf(`{"format": {"extension": "csv", "columns": %s}, "type": "oneTime", "items": [%s]}`, c.columns, strings.Join(c.items, ", "))
			r, err := request.Parse([]byte(text), request.Options{})
			if err == nil {
				_, _, err = newPlan(t, hourly(), r, export.Options{})
			}
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("the error is %v, want %q", err, c.want)
			}
		})
	}
}
