package decimation

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

func TestDeltaOfRawSamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		samples := drawSamples(t)
		known := rapid.Bool().Draw(t, "a value before")
		var want []row
		before := null
		if known {
			before = 17.25
		}
		for _, s := range samples {
			if !math.IsNaN(s.v) {
				want = append(want, row{t: s.t, v: s.v - before})
				before = s.v
			}
		}
		asked := []int64(nil)
		look := func(_ int, t int64) (float64, bool, error) {
			asked = append(asked, t)
			return 17.25, known, nil
		}
		r := newDeltaReader(source(t, mem, samples, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 13)), nil), look, mem)
		var got []row
		for r.Next() {
			rec := r.Record()
			if !rec.Schema().Equal(r.Schema()) || rec.NumRows() == 0 {
				t.Fatalf("%d rows of %v", rec.NumRows(), rec.Schema())
			}
			values, times := rec.Column(1).(*array.Float64), rec.Column(2).(*array.Timestamp)
			for i := range values.Len() {
				at := int64(times.Value(i))
				// The other columns say what time their row had.
				if rec.Column(0).(*array.Uint8).Value(i) != uint8(at/second) || rec.Column(3).(*array.Binary).ValueString(i) != fmt.Sprint(at) {
					t.Fatalf("row %d has the other columns of another row", i)
				}
				v := null
				if values.IsValid(i) {
					v = values.Value(i)
				}
				got = append(got, row{t: at, v: v})
			}
		}
		if r.Err() != nil || !sameRows(got, want) {
			t.Fatalf("%v, %v, want %v", got, r.Err(), want)
		}
		if len(want) > 0 && !slices.Equal(asked, []int64{want[0].t}) || len(want) == 0 && asked != nil {
			t.Fatalf("looked back from %v, want once from the first value", asked)
		}
		r.Release()
		mem.AssertSize(asTest{t}, 0)
	})
}

func TestDeltaFaults(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	r := rand.New(rand.NewPCG(1, 1))
	huge := []sample{{second, -math.MaxFloat64}, {2 * second, math.MaxFloat64}}
	none := func(int, int64) (float64, bool, error) { return 0, false, nil }
	drain := func(d array.RecordReader) error {
		defer d.Release()
		for d.Next() {
		}
		return d.Err()
	}
	over := (*DeltaOverflowError)(nil)
	if err := drain(newDeltaReader(source(t, mem, huge, r, nil), none, mem)); !errors.As(err, &over) || over.Time != 2*second {
		t.Errorf("an overflow is %v", err)
	}
	broken := errors.New("broken")
	if err := drain(newDeltaReader(source(t, mem, huge[:1], r, nil), func(int, int64) (float64, bool, error) { return 0, false, broken }, mem)); err != broken {
		t.Errorf("a look-back that fails is %v", err)
	}
	if err := drain(newDeltaReader(source(t, mem, huge[:1], r, broken), none, mem)); err != broken {
		t.Errorf("a source that fails is %v", err)
	}
}

// TestDeltaOfSeveralColumns: each is differenced by itself, against the same by hand.
func TestDeltaOfSeveralColumns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 15))
		functions := rapid.SliceOfNDistinct(rapid.SampledFrom([]Function{Avg, Stddev, Count, Last}), 1, 4, rapid.ID).Draw(t, "dsf")
		before := make([]float64, len(functions)) // null where look-back knows no value
		for k := range before {
			if before[k] = 17.25; r.IntN(2) == 0 {
				before[k] = null
			}
		}
		var all, want []decimatedRow
		asked, wantAsked := map[int]int64{}, map[int]int64{}
		previous := slices.Clone(before)
		for i := range int64(rapid.IntRange(0, 60).Draw(t, "n")) {
			x, y := decimatedRow{t: i * second, count: 1 + r.Int64N(9)}, decimatedRow{t: i * second}
			any := false
			for k := range functions {
				v := float64(r.IntN(1000))
				if r.IntN(2) == 0 {
					x.values, y.values = append(x.values, null), append(y.values, null)
					continue
				}
				if _, ok := wantAsked[k]; !ok {
					wantAsked[k] = x.t
				}
				any = true
				x.values, y.values = append(x.values, v), append(y.values, v-previous[k])
				previous[k] = v
			}
			all = append(all, x)
			if y.count = x.count; any {
				want = append(want, y)
			}
		}
		look := func(k int, at int64) (float64, bool, error) {
			if _, again := asked[k]; again {
				t.Fatalf("column %d is asked for twice", k)
			}
			asked[k] = at
			return before[k], !math.IsNaN(before[k]), nil
		}
		got, err := table(t, newDeltaReader(decimatedTable(t, mem, functions, all, r), look, mem))
		if err != nil || !sameTables(got, want) {
			t.Fatalf("%v: of %v\n%v, %v, want\n%v", functions, all, got, err, want)
		}
		if !maps.Equal(asked, wantAsked) {
			t.Fatalf("looked back from %v, want %v", asked, wantAsked)
		}
		mem.AssertSize(asTest{t}, 0)
	})
}

func sameTables(a, b []decimatedRow) bool {
	return slices.EqualFunc(a, b, func(a, b decimatedRow) bool {
		return a.t == b.t && a.count == b.count && slices.EqualFunc(a.values, b.values, func(a, b float64) bool {
			return math.Float64bits(a) == math.Float64bits(b)
		})
	})
}

func TestDeltaOverflow(t *testing.T) {
	const huge = math.MaxFloat64
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	all := []decimatedRow{
		{t: 0, values: []float64{1, huge, -huge}},
		{t: day * second, values: []float64{2, null, null}},
		{t: 2 * day * second, values: []float64{3, null, huge}}, // the earliest, though not of the first column that has one
		{t: 3 * day * second, values: []float64{4, -huge, 1}},
	}
	for seed := range uint64(20) { // however the rows are cut into records
		src := decimatedTable(t, mem, []Function{Avg, Min, Max}, all, rand.New(rand.NewPCG(seed, 16)))
		_, err := table(t, newDeltaReader(src, func(int, int64) (float64, bool, error) { return 0, false, nil }, mem))
		want := "the delta of value.max at 1970-01-03T00:00:00Z, from -1.7976931348623157e+308 to 1.7976931348623157e+308, is beyond the range of float64"
		if over := (*DeltaOverflowError)(nil); !errors.As(err, &over) || over.Column != "value.max" || !contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestDeltaAllocatesNothingForARow: a record costs as much however many rows it has, also where every other one has no value.
func TestDeltaAllocatesNothingForARow(t *testing.T) {
	for _, empty := range []bool{false, true} {
		allocations := func(size int) float64 {
			var records []arrow.Record
			p := newPage(1)
			for i := range int64(10) {
				for j := range int64(size) {
					p.row(i*day*second+j, 1)
					p.value(0, float64(j), !empty || j%2 == 0)
				}
				records = append(records, p.record(Schema([]Function{Avg}), memory.DefaultAllocator))
			}
			src, err := array.NewRecordReader(Schema([]Function{Avg}), records)
			if err != nil {
				t.Fatal(err)
			}
			r := DeltaReader(src, func(int, int64) (float64, bool, error) { return 0, false, nil })
			defer r.Release()
			return testing.AllocsPerRun(5, func() {
				if !r.Next() {
					t.Fatal(r.Err())
				}
			})
		}
		if small, large := allocations(1000), allocations(4000); large > small+10 {
			t.Errorf("rows without a value %v: %v allocations for 1,000 rows, %v for 4,000", empty, small, large)
		}
	}
}

// TestPipeline is the monthly consumption of a meter: decimation, fill, delta with its look-back, against the same by hand.
func TestPipeline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		samples := drawSamples(t)
		spec := drawSpec(t, samples)
		spec.Buckets = drawShift(t, spec.Buckets)
		spec.Functions = rapid.SliceOfNDistinct(rapid.SampledFrom(allFunctions), 1, 3, rapid.ID).Draw(t, "functions")
		var fill *Fill
		if rapid.Bool().Draw(t, "filled") && spec.Buckets.Width().Unit != 's' {
			fill = &Fill{Mode: FillMode(rapid.IntRange(0, 3).Draw(t, "fill")), Value: 7}
		}
		cuts := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 14))

		want, first := pipeline(t, samples, spec, fill)
		scanned := map[int64]bool{}
		scan := func(from, to int64) (array.RecordReader, error) {
			if scanned[from] {
				t.Fatalf("the bucket of %s is read twice", utc(from))
			}
			scanned[from] = true
			i, _ := slices.BinarySearchFunc(samples, from, func(s sample, t int64) int { return cmp.Compare(s.t, t) })
			j := i
			for j < len(samples) && samples[j].t < to {
				j++
			}
			return source(t, mem, samples[i:j], cuts, nil), nil
		}
		before := func(at int64) (int64, bool, error) {
			for i := len(samples) - 1; i >= 0; i-- {
				if samples[i].t < at && !math.IsNaN(samples[i].v) {
					return samples[i].t, true, nil
				}
			}
			return 0, false, nil
		}
		src := source(t, mem, samples, cuts, nil)
		r, err := newReader(src, spec, mem)
		if err != nil {
			t.Fatal(err)
		}
		if fill != nil {
			r = newFillReader(r, spec.Buckets, *fill, math.MinInt64, math.MaxInt64, mem)
		}
		got, err := table(t, newDeltaReader(r, LookBackBucket(spec.Buckets, spec.Functions, first, before, scan), mem))
		if err != nil || !sameTables(got, want) {
			t.Fatalf("%v %s: %v, %v, want %v", spec.Functions, spec.Buckets, got, err, want)
		}
		mem.AssertSize(asTest{t}, 0)
	})
}

// pipeline is the slow reference, a function after the other. first is the time of the first value in the range.
func pipeline(t rapid.TB, samples []sample, spec Spec, fill *Fill) (want []decimatedRow, first int64) {
	for _, s := range slices.Backward(samples) {
		if s.t >= spec.From && s.t < spec.To && !math.IsNaN(s.v) {
			first = s.t
		}
	}
	firstBucket, _, err := spec.Buckets.Find(first)
	if err != nil {
		t.Fatal(err)
	}
	whole := spec
	whole.From, whole.To = math.MinInt64, math.MaxInt64
	for k, f := range spec.Functions {
		spec.Functions, whole.Functions = []Function{f}, []Function{f}
		column := decimated(t, samples, spec)
		if fill != nil {
			column = filled(t, column, spec.Buckets, *fill, math.MinInt64, math.MaxInt64)
		}
		previous := null
		for _, x := range decimated(t, samples, whole) {
			if x.t < firstBucket && !math.IsNaN(x.v) {
				previous = x.v
			}
		}
		for i, x := range column {
			if k == 0 {
				want = append(want, decimatedRow{t: x.t, count: x.count})
			}
			delta := x.v - previous
			if want[i].values = append(want[i].values, delta); !math.IsNaN(x.v) {
				previous = x.v
				want[i].some = true
			}
		}
	}
	return slices.DeleteFunc(want, func(x decimatedRow) bool { return !x.some }), first
}

// TestLookBackBucket reads no further than a question needs.
func TestLookBackBucket(t *testing.T) {
	b := NewBuckets(mustWidth(t, "1d"), mustZone(t, "UTC"))
	hour := int64(3600 * second)
	// Days 0 and 4 have two samples, days 1 and 3 one, day 2 none. Day 5 is the range's first.
	samples := []sample{{0, 1}, {hour, 3}, {24 * hour, 5}, {72 * hour, 7}, {96 * hour, 9}, {97 * hour, 15}, {120 * hour, 99}}
	for _, c := range []struct {
		first int64
		ask   []int // of avg, stddev, count
		want  string
		days  string
	}{
		{121 * hour, []int{0}, "[12]", "[4]"},
		{121 * hour, []int{2, 1, 0}, "[2 4.242640687119285 12]", "[4]"},
		{97 * hour, []int{0}, "[7]", "[3]"},
		{97 * hour, []int{0, 1, 2}, "[7 1.4142135623730951 1]", "[3 1 0]"},
		{97 * hour, []int{1, 0, 2}, "[1.4142135623730951 7 1]", "[3 1 0]"},
		{25 * hour, []int{1, 0}, "[1.4142135623730951 2]", "[0]"},
		{hour, []int{0, 1}, "[<nil> <nil>]", "[]"},
	} {
		var days []int64
		look := LookBackBucket(b, []Function{Avg, Stddev, Count}, c.first,
			func(at int64) (int64, bool, error) {
				for _, s := range slices.Backward(samples) {
					if s.t < at {
						return s.t, true, nil
					}
				}
				return 0, false, nil
			},
			func(from, to int64) (array.RecordReader, error) {
				days = append(days, from/day/second)
				in := slices.DeleteFunc(slices.Clone(samples), func(s sample) bool { return s.t < from || s.t >= to })
				return source(t, memory.DefaultAllocator, in, rand.New(rand.NewPCG(1, 17)), nil), nil
			})
		var got []any
		for _, k := range c.ask {
			v, ok, err := look(k, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, v); !ok {
				got[len(got)-1] = nil
			}
		}
		if fmt.Sprint(got) != c.want || fmt.Sprint(days) != c.days {
			t.Errorf("%v: %v from days %v, want %s from %s", c.ask, got, days, c.want, c.days)
		}
	}
}

func TestLookBackBucketFaults(t *testing.T) {
	b := NewBuckets(mustWidth(t, "1d"), mustZone(t, "UTC"))
	broken := errors.New("the index is broken")
	found := func(int64) (int64, bool, error) { return 0, true, nil }
	values := func(fault error, values ...float64) func(int64, int64) (array.RecordReader, error) {
		return func(int64, int64) (array.RecordReader, error) {
			var samples []sample
			for i, v := range values {
				samples = append(samples, sample{int64(i), v})
			}
			return source(t, memory.DefaultAllocator, samples, rand.New(rand.NewPCG(1, 18)), fault), nil
		}
	}
	for _, c := range []struct {
		name   string
		first  int64
		before func(int64) (int64, bool, error)
		scan   func(int64, int64) (array.RecordReader, error)
		want   string
	}{
		{"time line", math.MaxInt64, found, values(nil, 1), "time line"},
		{"before", day * second, func(int64) (int64, bool, error) { return 0, false, broken }, values(nil, 1), broken.Error()},
		{"scan", day * second, found, func(int64, int64) (array.RecordReader, error) { return nil, broken }, broken.Error()},
		{"read", day * second, found, values(broken, 1), broken.Error()},
		{"overflow", day * second, found, values(nil, math.MaxFloat64, math.MaxFloat64), "the sum of the bucket that starts at 1970-01-01T00:00:00Z is beyond"},
	} {
		if _, _, err := LookBackBucket(b, []Function{Sum}, c.first, c.before, c.scan)(0, 0); err == nil || !contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}
