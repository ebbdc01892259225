package export_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"decant/engine/export"
	"decant/engine/export/exporttest"
	"decant/formats"
	"decant/formats/formatstest"
)

// extensions are the formats that the tests of whole jobs run through.
var extensions = export.Extensions()

func TestManifest(t *testing.T) {
	src := &exporttest.Memory{}
	for i := range int64(4) {
		src.Append(exporttest.Number("c1", "events.data", "power", "kW", i*1800e9, float64(i)))
		src.Append(exporttest.Number("c1", "events.data", "other", "kW", i*1800e9, float64(i)))
	}
	text := exporttest.Number("c1", "events.data", "power", "kW", 60e9, 0)
	text.Kind, text.Text = 3, "off"
	src.Append(text)
	r := parseText(t, `{"format": {"extension": "csv", "timezone": "europe/berlin", "columns": [{"id": "time"}, {"id": "value"}, {"id": "Power"}]}, "type": "oneTime", "title": "ignored",
		"items": [`+item(`"target": {"value": "power", "label": "Power"}, "from": 0, "to": 5400, "decimation": {"ds": "1h"}`)+`,
		{"filename": "wide", "params": {"channelId": "c1", "subtopic": "events/data", "target": {"value": "power,*", "label": "Power"}, "outputFormat": "wide"}}]}`)
	at := int64(0)
	p, snap, err := newPlan(t, src, r, export.Options{Now: 7200e9, Version: "1.2.3", Clock: func() int64 { at += 1e9; return at }})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "a", "b")
	m, err := export.Run(t.Context(), snap, p, dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	formatstest.Golden(t, "manifest.json", got)
	for _, f := range m.Files {
		content, err := os.ReadFile(filepath.Join(dir, f.File))
		if err != nil || int64(len(content)) != f.Bytes || fmt.Sprintf("%x", sha256.Sum256(content)) != f.SHA256 {
			t.Errorf("%s has %d bytes, %v; the manifest says %d and %s", f.File, len(content), err, f.Bytes, f.SHA256)
		}
	}
}

// shuffled brings the samples into another order of arrival that keeps the order among those of one series and time.
func shuffled(random *rand.Rand, samples []exporttest.Sample) []exporttest.Sample {
	var out []exporttest.Sample
	groups := map[string][]exporttest.Sample{}
	var keys []string
	for _, x := range samples {
		key := fmt.Sprint(x.Channel, x.Subtopic, x.Publisher, x.Name, x.Unit, x.Time)
		groups[key] = append(groups[key], x)
		keys = append(keys, key)
	}
	random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, key := range keys {
		out = append(out, groups[key][0])
		groups[key] = groups[key][1:]
	}
	return out
}

// The bytes of a file do not depend on the run, the order of arrival or how a scan is cut.
func TestSameBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 3))
	samples := exporttest.Random(random, 150)
	for _, extension := range extensions {
		for name, params := range map[string]string{
			"raw":       `"target": {"value": "*"}`,
			"decimated": `"target": {"value": "*"}, "decimation": {"ds": "1m", "dsf": "max"}, "fill": "previous"`,
			"wide":      `"target": {"value": "a,b", "label": "A,B"}, "outputFormat": "wide", "publisher": "p1", "unit": "V"`,
		} {
			format := fmt.Sprintf(`"extension": %q, "timezone": "Europe/Berlin"`, extension)
			if name == "wide" {
				format += `, "columns": [{"id": "time"}, {"id": "A"}, {"id": "b", "label": "Bee"}]`
			}
			t.Run(extension+" "+name, func(t *testing.T) {
				first := ""
				for i := range 20 {
					src := &exporttest.Memory{Samples: shuffled(random, samples), Cut: func(left int) int { return 1 + random.IntN(left) }}
					got := stream(t, src, parse(t, format, item(params)), export.Options{TempDir: t.TempDir()})
					if i == 0 {
						first = got
					}
					if got != first || got == "" {
						t.Fatalf("run %d has other bytes: %d and %d long", i, len(got), len(first))
					}
				}
			})
		}
	}
}

// A job that is cancelled, or whose source fails, at any point leaves nothing behind.
func TestStoppedJobsLeaveNothing(t *testing.T) {
	broken := errors.New("the source is broken")
	rapid.Check(t, func(rt *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer mem.AssertSize(t, 0)
		src := &exporttest.Memory{Samples: exporttest.Random(newRandom(rt), 200), Cut: func(int) int { return 7 }, Alloc: mem}
		extension := rapid.SampledFrom(extensions).Draw(rt, "extension")
		r := parse(t, fmt.Sprintf(`"extension": %q`, extension), item(`"target": {"value": "*"}`), item(`"target": {"value": "a*"}`),
			item(`"target": {"value": "*"}, "decimation": {"ds": "1m", "dsf": ["avg", "last"]}`), item(`"target": {"value": "*"}, "decimation": {"ds": "1m", "dsf": "max"}`))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		left := rapid.IntRange(0, 60).Draw(rt, "records before")
		fails := rapid.Bool().Draw(rt, "fails")
		src.Fault = func() error {
			if left--; left >= 0 {
				return nil
			}
			if fails {
				return broken
			}
			cancel()
			return nil
		}
		parent := t.TempDir()
		dir := filepath.Join(parent, "out")
		if rapid.Bool().Draw(rt, "folder is there") {
			if err := os.Mkdir(dir, 0o777); err != nil {
				rt.Fatal(err)
			}
		}
		before := tree(rt, parent)
		p, snap, err := newPlan(t, src, r, export.Options{Memory: mem})
		if err != nil {
			rt.Skip(err)
		}
		_, err = export.Run(ctx, snap, p, dir)
		if err == nil {
			if left < 0 {
				rt.Fatal("the job was stopped and says it is done")
			}
			return
		}
		if fails && !errors.Is(err, broken) || !fails && !errors.Is(err, context.Canceled) {
			rt.Errorf("the job says %v", err)
		}
		if diff := cmp.Diff(before, tree(rt, parent)); diff != "" {
			rt.Errorf("the job left something: %s", diff)
		}
	})
}

func tree(t *rapid.T, dir string) []string {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestOverwriteReplacesWhatTheManifestLists(t *testing.T) {
	src := &exporttest.Memory{}
	src.Append(exporttest.Number("c1", "events.data", "n", "V", 0, 1))
	dir := filepath.Join(t.TempDir(), "out")
	run := func(filename string, overwrite bool) error {
		r := parse(t, `"extension": "csv", "filename": "`+filename+`"`, item(`"target": {"value": "n"}`))
		p, snap, err := newPlan(t, src, r, export.Options{Overwrite: overwrite})
		if err != nil {
			t.Fatal(err)
		}
		_, err = export.Run(t.Context(), snap, p, dir)
		return err
	}
	if err := run("one", false); err != nil {
		t.Fatal(err)
	}
	var exists *export.ExistsError
	if err := run("two", false); !errors.As(err, &exists) {
		t.Fatalf("a folder that is not empty: %v", err)
	}
	if err := run("two", true); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 || entries[0].Name() != "manifest.json" || entries[1].Name() != "two.csv" {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	var m export.Manifest
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil || json.Unmarshal(data, &m) != nil || m.Files[0].File != "two.csv" {
		t.Errorf("the manifest is %s, %v", data, err)
	}
}

func TestStreamTakesOneItem(t *testing.T) {
	src := &exporttest.Memory{}
	src.Append(exporttest.Number("c1", "events.data", "n", "V", 0, 1))
	one := item(`"target": {"value": "n"}`)
	p, snap, err := newPlan(t, src, parse(t, `"extension": "csv"`, one, one), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var fault *export.RequestError
	if _, err := export.Stream(t.Context(), snap, p, nil); !errors.As(err, &fault) {
		t.Errorf("two items in one stream: %v", err)
	}
}

// A cell that a sheet can't hold refuses the job and names the sample.
func TestCellErrorNamesTheSample(t *testing.T) {
	for _, c := range []struct{ columns, params string }{
		{``, `"target": {"value": "*"}`},
		{`, "columns": [{"id": "time"}, {"id": "a"}, {"id": "b"}]`, `"target": {"value": "*"}, "outputFormat": "wide"`},
	} {
		src := &exporttest.Memory{}
		for i := range int64(9000) {
			src.Append(number("a", i*1e9, 1), number("b", i*1e9, 1))
		}
		text := number("b", 8500e9, 0)
		text.Kind, text.Text = formats.ValueString, strings.Repeat("x", 40000)
		src.Append(text)
		p, snap, err := newPlan(t, src, parse(t, `"extension": "xlsx"`+c.columns, item(c.params)), export.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = export.Run(t.Context(), snap, p, filepath.Join(t.TempDir(), "out"))
		var sample *export.SampleError
		if !errors.As(err, &sample) || sample.Time != 8500e9 || sample.Series.Name != "b" {
			t.Errorf("the error is %v", err)
		}
	}
}
