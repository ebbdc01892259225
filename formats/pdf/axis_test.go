package pdf

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"decant/formats"
)

func TestValueAxis(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		most   int
		want   string
	}{
		{0, 10, 5, "0 2 4 6 8 10"},
		{12, 29.2, 5, "10 15 20 25 30"},
		{-2300, -700, 5, "-2500 -2000 -1500 -1000 -500"},
		{-1, 1, 4, "-1.0 -0.5 0 0.5 1.0"},
		{0.001, 0.0024, 4, "0.0010 0.0015 0.0020 0.0025"},
		{21.5, 21.5, 3, "20 21 22 23"},
		{0, 0, 4, "-1.0 -0.5 0 0.5 1.0"},
		{0, 3e7, 3, "0 1e7 2e7 3e7"},
		{1e9, 1e9 + 2, 2, "1e9 1.000000001e9 1.000000002e9"},
		{0, 1.1e-6, 4, "0 5e-7 1e-6 1.5e-6"},
		{-math.MaxFloat64, math.MaxFloat64, 4, "-1.79769e308 1.79769e308"},
		{5e-324, 1e-323, 4, "4.94066e-324 9.88131e-324"},
	} {
		a := newValueAxis(c.lo, c.hi, c.most)
		var labels []string
		for _, v := range a.ticks {
			labels = append(labels, a.label(v))
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("%v to %v: ticks are %s, want %s", c.lo, c.hi, got, c.want)
		}
	}
}

// Whatever the values, an axis spans them, has few ticks in ascending order, and labels that differ.
func TestValueAxisHoldsItsValues(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		lo := rapid.Float64().Draw(r, "lo")
		hi := rapid.OneOf(rapid.Float64(), rapid.Map(rapid.Float64Range(0, 100), func(d float64) float64 { return lo + d })).Draw(r, "hi")
		if math.IsInf(hi, 0) {
			r.Skip("not a sample's value")
		}
		lo, hi = min(lo, hi), max(lo, hi)
		most := rapid.IntRange(2, 8).Draw(r, "most")
		a := newValueAxis(lo, hi, most)
		if !(a.lo <= lo && hi <= a.hi && a.lo < a.hi) {
			r.Fatalf("the axis from %v to %v does not hold %v to %v", a.lo, a.hi, lo, hi)
		}
		if len(a.ticks) < 2 || len(a.ticks) > most+3 || !slices.IsSorted(a.ticks) {
			r.Fatalf("ticks are %v", a.ticks)
		}
		p := projection{plot: box{0, 0, 100, 100}, to: 1, lo: a.lo, hi: a.hi}
		for _, v := range append(a.ticks, lo, hi) {
			if y := p.y(v); !(y > -1 && y < 101) {
				r.Fatalf("%v is drawn at %v, outside the plot", v, y)
			}
		}
		seen := map[string]bool{}
		for _, v := range a.ticks {
			label := a.label(v)
			if back, err := strconv.ParseFloat(label, 64); err != nil && !math.IsInf(back, 0) {
				r.Fatalf("label %q is no number", label)
			}
			if len(a.ticks) > 2 && seen[label] {
				r.Fatalf("two ticks of %v are labelled %s", a.ticks, label)
			}
			seen[label] = true
		}
	})
}

func TestTimeTicks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, to string
		most     int
		want     string // label (context where it changes)
	}{
		{"2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 5, "00:00 (25 Oct 2026), 06:00, 12:00, 18:00, 00:00 (26 Oct 2026)"},
		{"2026-03-29T00:00:00Z", "2026-03-29T04:00:00Z", 6, "01:00 (29 Mar 2026), 03:00, 04:00, 05:00, 06:00"}, // 02:00 does not exist
		{"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", 6, "Apr (2026), Jul, Oct, Jan (2027)"},
		{"2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", 5, "5 Oct (2026), 12 Oct, 19 Oct, 26 Oct"},
		{"1678-01-01T00:00:00Z", "2262-01-01T00:00:00Z", 6, "1700, 1800, 1900, 2000, 2100, 2200"},
		{"2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", 4, "00.0 (1 Jan 2026 01:00), 00.5, 01.0"},
		{"2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", 4, "01:00:00 (1 Jan 2026), 01:00:15, 01:00:30, 01:00:45, 01:01:00"},
	} {
		var got []string
		context := ""
		for _, tick := range timeTicks(parse(t, c.from), parse(t, c.to), berlin, c.most) {
			s := tick.label
			if tick.context != context {
				context = tick.context
				s += " (" + context + ")"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s to %s: ticks are\n%s, want\n%s", c.from, c.to, s, c.want)
		}
	}
}

func parse(t *testing.T, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixNano()
}

// Ticks ascend, lie in the range, and are few, for any range in any zone.
func TestTimeTicksInRange(t *testing.T) {
	var zones []*time.Location
	for _, name := range []string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	rapid.Check(t, func(r *rapid.T) {
		from := rapid.Int64Range(math.MinInt64/2, math.MaxInt64/2).Draw(r, "from")
		length := int64(math.Exp(rapid.Float64Range(1, 43).Draw(r, "log of length")))
		most := rapid.IntRange(1, 10).Draw(r, "most")
		zone := rapid.SampledFrom(zones).Draw(r, "zone")
		ticks := timeTicks(from, from+length, zone, most)
		if len(ticks) > most+2 {
			r.Errorf("%d ticks, at most %d wanted", len(ticks), most)
		}
		for i, tick := range ticks {
			if tick.at < from || tick.at > from+length || i > 0 && tick.at <= ticks[i-1].at {
				r.Errorf("tick %d at %d is out of order or range", i, tick.at)
			}
		}
	})
}

func TestRuns(t *testing.T) {
	var got []int
	points := make([]formats.ChartPoint, 8)
	for _, i := range []int{0, 3, 4, 7} {
		points[i].Empty = true
	}
	for run := range runs(points) {
		got = append(got, len(run))
	}
	if !slices.Equal(got, []int{2, 2}) {
		t.Errorf("runs are of %v points, want [2 2]", got)
	}
}
