package bench

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/perf/benchfmt"

	"decant/engine"
)

// These tests run each benchmark of decant bench once, small, and read what it prints as benchstat does. No test looks at a time.

// lines are the results that benchmark text holds, by name; text that benchstat could not read is a fault.
func lines(t *testing.T, text []byte) map[string][]*benchfmt.Result {
	t.Helper()
	all := map[string][]*benchfmt.Result{}
	r := benchfmt.NewReader(bytes.NewReader(text), "stdout")
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.Result:
			all[string(rec.Name)] = append(all[string(rec.Name)], rec.Clone())
		case *benchfmt.SyntaxError:
			t.Error(rec)
		}
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// expect sees that the text has rounds lines of each name with those units, and no others.
func expect(t *testing.T, text []byte, rounds int, want map[string][]string) {
	t.Helper()
	got := lines(t, text)
	for name, units := range want {
		if len(got[name]) != rounds {
			t.Errorf("%d lines of %s, want %d\n%s", len(got[name]), name, rounds, text)
		}
		for _, r := range got[name] {
			for _, key := range []string{"goos", "goarch", "pkg", "points", "series"} {
				if r.GetConfig(key) == "" {
					t.Errorf("%s has no %s", name, key)
				}
			}
			var have []string
			for _, v := range r.Values {
				unit := v.Unit
				if v.OrigUnit != "" {
					unit = v.OrigUnit
				}
				have = append(have, unit)
				if v.Value <= 0 {
					t.Errorf("%s: %v %s", name, v.Value, unit)
				}
			}
			if !slices.Equal(have, append([]string{"ns/op"}, units...)) || r.Iters < 1 {
				t.Errorf("%s: %d times, %v", name, r.Iters, have)
			}
		}
	}
	for name := range got {
		if want[name] == nil {
			t.Errorf("a line of %s", name)
		}
	}
}

var roofline = []string{"points/s", "B/s", "peak-MiB"}

func TestDecimationBenchmark(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	units := append(slices.Clone(roofline), "of-roofline")
	for _, data := range DataKinds {
		var out bytes.Buffer
		said := ""
		opts := Options{Dir: t.TempDir(), Data: data, Points: 20_000, Series: 10, Cores: []int{1}, Count: 2,
			Functions: []string{"all", "avg+max"}, Buckets: []string{"15m", "1M"}, Zones: []string{"UTC", "Europe/Berlin"}}
		if err := RunDecimation(t.Context(), opts, &out, func(text string) { said += text }); err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{"Roofline/data=" + data + "-1": roofline}
		for _, f := range opts.Functions {
			for _, b := range opts.Buckets {
				for _, zone := range []string{"", "/zone=Europe-Berlin"} {
					for _, touch := range []string{"warm", "first"} {
						want[fmt.Sprintf("Decimation/data=%s/func=%s/bucket=%s%s/touch=%s-1", data, f, b, zone, touch)] = units
					}
				}
			}
		}
		expect(t, out.Bytes(), 2, want)
		for name := range want {
			if !strings.Contains(said, name+" ") {
				t.Errorf("%s is not in the summary\n%s", name, said)
			}
		}
	}
}

// TestDecimationReadsEverySample, once, on any number of cores.
func TestDecimationReadsEverySample(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	d := walk(7, 3000)
	in := reading(t, d)
	for _, functions := range []string{"avg", "all", "first+count"} {
		x, err := newShape(functions, "15m", "utc")
		if err != nil {
			t.Fatal(err)
		}
		for cores := 1; cores <= 3; cores++ {
			if n, err := Decimate(t.Context(), in.snap, in.series, x.spec, cores); err != nil || n != d.Points() {
				t.Errorf("%s on %d cores: %d samples of %d, %v", functions, cores, n, d.Points(), err)
			}
		}
	}
}

// TestDecimationOfAStore reads a store that is there, and leaves it as it is.
func TestDecimationOfAStore(t *testing.T) {
	var out bytes.Buffer
	opts := Options{Input: storeOf(t, walk(3, 700)), Cores: []int{1}, Count: 1, Functions: []string{"avg"}, Touches: []string{TouchWarm}}
	if err := RunDecimation(t.Context(), opts, &out, func(string) {}); err != nil {
		t.Fatal(err)
	}
	expect(t, out.Bytes(), 1, map[string][]string{
		"Roofline/data=input-1":                                  roofline,
		"Decimation/data=input/func=avg/bucket=15m/touch=warm-1": append(slices.Clone(roofline), "of-roofline"),
	})
	if summary, err := engine.Verify(t.Context(), Config(opts.Input), func(string, int64, string) {}); err != nil || summary.Samples != 2100 {
		t.Errorf("afterwards the store holds %+v, %v", summary, err)
	}
}

func TestIngestBenchmark(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var out bytes.Buffer
	opts := Options{Dir: t.TempDir(), Points: 20_005, Series: 5, Cores: []int{1}, Count: 1} // 401 packs a series, the last of one sample
	if err := RunIngest(t.Context(), opts, &out, func(string) {}); err != nil {
		t.Fatal(err)
	}
	expect(t, out.Bytes(), 1, map[string][]string{
		"Append/data=walk-1":                  {"points/s", "peak-MiB"},
		"Ingest/data=walk/qos=1/records=10-1": {"messages/s", "points/s", "B/s", "peak-MiB", "of-append"},
	})
	if left, err := os.ReadDir(opts.Dir); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

func TestExportBenchmark(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	units := []string{"points/s", "rows/s", "B/s", "peak-MiB", "of-roofline"}
	for _, c := range []struct {
		opts Options
		want []string
	}{
		{Options{Formats: formats}, []string{"format=csv", "format=csv-wide", "format=xlsx", "format=parquet", "format=jsonl", "format=arrow", "format=pdf"}},
		{Options{Formats: []string{"csv"}, Buckets: []string{"1m"}, Functions: []string{"avg+max", "stddev"}},
			[]string{"format=csv/func=avg+max/bucket=1m", "format=csv/func=stddev/bucket=1m"}},
		{Options{Formats: []string{"csv-wide"}, Buckets: []string{"1m"}, Functions: []string{"avg+max", "stddev"}},
			[]string{"format=csv-wide/func=avg+max/bucket=1m", "format=csv-wide/func=stddev/bucket=1m"}},
	} {
		var out bytes.Buffer
		c.opts.Dir, c.opts.Points, c.opts.Series, c.opts.Cores, c.opts.Count = t.TempDir(), 2000, 4, []int{1}, 1
		if err := RunExport(t.Context(), c.opts, &out, func(string) {}); err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{"Roofline/data=walk-1": roofline}
		for _, name := range c.want {
			want["Export/data=walk/"+name+"-1"] = units
		}
		expect(t, out.Bytes(), 1, want)
	}
}

// TestPDFsBucket: more rows than a PDF may have are decimated by the shortest bucket that leaves few enough.
func TestPDFsBucket(t *testing.T) {
	s, err := reading(t, walk(2, 60_000)).export(t.Context(), printing{format: "pdf"})
	if err != nil || s.name != "Export/data=input/format=pdf/func=avg/bucket=1m" {
		t.Errorf("%s, %v", s.name, err)
	}
}
