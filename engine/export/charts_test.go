package export_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"

	"decant/decimation"
	"decant/engine/export"
	"decant/engine/export/request"
	"decant/formats"
)

// What a PDF shows of a series is exact, and its chart is of the raw samples, the item's own buckets, or the printed deltas.
func TestSummariesEqualReference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		src := tame(randomSource(rt))
		text := drawItem(rt)
		r := parse(t, `"extension": "pdf", "timezone": "Europe/Berlin"`, text)
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer mem.AssertSize(t, 0)
		src.Alloc = mem
		p, snap, err := newPlan(t, src, r, export.Options{Memory: mem})
		skipUnplannable(rt, err)
		got, err := p.Summaries(t.Context(), snap)
		if err != nil {
			rt.Fatal(err)
		}
		it := r.Items[0]
		rows := referenceRows(t, src, r, &it)
		for i, s := range referenceSeries(src, &it) {
			var values []float64
			for _, x := range s.rows {
				if isValue(x.Sample) {
					values = append(values, x.Number)
				}
			}
			g := got[i]
			if g.Samples != int64(len(s.rows)) || g.Numbers != int64(len(values)) {
				rt.Errorf("%s counts %d and %d, want %d and %d", s.label, g.Samples, g.Numbers, len(s.rows), len(values))
			}
			if len(values) == 0 {
				continue
			}
			mean := statistic(t, values, decimation.Avg)
			if g.Min != slices.Min(values) || g.Max != slices.Max(values) || g.Mean != *mean {
				rt.Errorf("%s has %v %v %v, want %v %v %v", s.label, g.Min, g.Max, g.Mean, slices.Min(values), slices.Max(values), *mean)
			}
			if want := it.List; want != (g.Chart.Line != "") || want && g.Chart.Line != it.Functions[0].String() {
				rt.Errorf("the chart says that it shows %q", g.Chart.Line)
			}
			switch {
			case it.Delta:
				checkPoints(rt, g.Chart, ofSeries(rows, s), nil)
			case it.Bucket == nil:
				if len(g.Chart.Points) != len(values) || !g.Chart.Band {
					rt.Errorf("%d points of %d values", len(g.Chart.Points), len(values))
				}
			default:
				checkPoints(rt, g.Chart, ofSeries(rows, s), func(at int64) (low, high float64, ok bool) {
					return extremes(t, r, &it, s.rows, at)
				})
			}
		}
	})
}

func ofSeries(rows []refRow, s refSeries) []refRow {
	return slices.DeleteFunc(slices.Clone(rows), func(x refRow) bool {
		return x.Name != s.key.Name || x.Unit != s.key.Unit || x.Publisher != s.key.Publisher
	})
}

func extremes(t *testing.T, r *request.Request, it *request.Item, rows []refRow, at int64) (low, high float64, ok bool) {
	b, err := it.Buckets(r.Format.Zone)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range rows {
		if start, _ := bucketOf(t, b, x.Time); start != at || !isValue(x.Sample) {
			continue
		}
		if !ok {
			low, high, ok = x.Number, x.Number, true
		}
		low, high = min(low, x.Number), max(high, x.Number)
	}
	return low, high, ok
}

// checkPoints compares a chart with the printed rows; band, where set, gives a bucket's extremes.
func checkPoints(t *rapid.T, chart formats.Chart, rows []refRow, band func(at int64) (low, high float64, ok bool)) {
	if len(chart.Points) != len(rows) {
		t.Fatalf("%d points of %d rows", len(chart.Points), len(rows))
	}
	for i, p := range chart.Points {
		row := rows[i]
		if v := row.values[0]; p.Time != row.Time || p.Empty != (v == nil) || v != nil && p.Value != *v {
			t.Fatalf("point %d is %+v, the row %s", i, p, fmt.Sprint(row.Time, v))
		}
		if band == nil && chart.Band {
			t.Fatal("a band where there is none")
		}
		if low, high, ok := bandAt(band, row.Time); chart.Band && ok && (p.Low != low || p.High != high) {
			t.Fatalf("the band at point %d is %v to %v, want %v to %v", i, p.Low, p.High, low, high)
		}
	}
}

func bandAt(band func(at int64) (low, high float64, ok bool), at int64) (low, high float64, ok bool) {
	if band == nil {
		return 0, 0, false
	}
	return band(at)
}
