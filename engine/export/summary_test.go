package export

import (
	"math"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
)

func TestISOTime(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ns   int64
		zone *time.Location
		want string
	}{
		{0, time.UTC, "1970-01-01T00:00:00Z"},
		{1_767_225_600_000_000_000, london, "2026-01-01T00:00:00+00:00"},
		{1_783_000_000_500_000_000, london, "2026-07-02T14:46:40.5+01:00"},
		{-4_000_000_000_000_000_000, london, "1843-03-31T16:52:05-00:01:15"},
	} {
		if got := isoTime(c.ns, c.zone); got != c.want {
			t.Errorf("%d prints as %s, want %s", c.ns, got, c.want)
		}
	}
}

// rawPoints charts values a second apart from 0 on; NaN leaves one out.
func rawPoints(t *testing.T, chart formats.Chart, values []float64) []formats.ChartPoint {
	t.Helper()
	times := newTimes(memory.DefaultAllocator)
	column := array.NewFloat64Builder(memory.DefaultAllocator)
	numbers := int64(0)
	for i, v := range values {
		if times.Append(arrow.Timestamp(int64(i) * 1e9)); math.IsNaN(v) {
			column.AppendNull()
			continue
		}
		numbers++
		column.Append(v)
	}
	x := newRawChart(chart, numbers)
	x.add(&cursor{n: len(values), times: times.NewArray().(*array.Timestamp).TimestampValues(), values: []*array.Float64{column.NewFloat64Array()}})
	points, err := x.points()
	if err != nil {
		t.Fatal(err)
	}
	return points
}

func TestRawChart(t *testing.T) {
	if got := rawPoints(t, formats.Chart{To: 3e9}, []float64{1, math.NaN(), 3}); len(got) != 2 || got[1] != (formats.ChartPoint{Time: 2e9, Value: 3, Low: 3, High: 3}) {
		t.Errorf("a few samples are charted as %v", got)
	}
	values := make([]float64, 1000)
	for i := range values {
		values[i] = float64(i % 2)
		if i >= 500 && i < 600 {
			values[i] = math.NaN()
		}
	}
	got := rawPoints(t, formats.Chart{To: 1000e9}, values)
	breaks := 0
	for i, p := range got {
		switch {
		case p.Empty:
			breaks++
		case p.Low != 0 || p.High != 1 || p.Value != 0.5 || p.Time%2e9 != 0:
			t.Errorf("point %d is %v", i, p)
		}
	}
	if len(got) != 451 || breaks != 1 {
		t.Errorf("%d points with %d breaks, want 450 and one", len(got), breaks)
	}
	wide := formats.Chart{From: math.MinInt64 + 1, To: math.MaxInt64}
	if got := rawPoints(t, wide, make([]float64, 600)); len(got) != 2 || got[0].Empty || got[1].Empty {
		t.Errorf("all of time has points %v", got) // the first of them ends 193 ns after 1970
	}
}

func TestOffsetText(t *testing.T) {
	for seconds, want := range map[int]string{0: "+00:00", 37800: "+10:30", -12600: "-03:30", 3208: "+00:53:28"} {
		if got := offsetText(seconds); got != want {
			t.Errorf("%d s print as %s, want %s", seconds, got, want)
		}
	}
}
