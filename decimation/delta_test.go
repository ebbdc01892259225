package decimation

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

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

// TestPipeline is the monthly consumption of a meter: decimation, fill, delta with its look-back, against the same by hand.
func TestPipeline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		samples := drawSamples(t)
		spec := drawSpec(t, samples)
		want := decimated(t, samples, spec)
		cuts := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 14))
		scan := func(from, to int64) (array.RecordReader, error) {
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
		look := func(k int, at int64) (float64, bool, error) {
			// The first row may have an empty value: the look-back starts at the series' first bucket.
			return LookBackBucket(spec.Buckets, spec.Functions, want[0].t, before, scan)(k, at)
		}
		whole := spec
		whole.From, whole.To = math.MinInt64, math.MaxInt64
		previous := null
		for _, x := range decimated(t, samples, whole) {
			if len(want) > 0 && x.t < want[0].t && !math.IsNaN(x.v) {
				previous = x.v
			}
		}
		for i := 0; i < len(want); i++ {
			if math.IsNaN(want[i].v) {
				continue
			}
			want[i].v, previous = want[i].v-previous, want[i].v
		}
		// A row whose own value is empty is left out; the first one stays where nothing is before it.
		var kept []row
		for i, x := range decimated(t, samples, spec) {
			if !math.IsNaN(x.v) {
				kept = append(kept, want[i])
			}
		}
		src, _ := scan(math.MinInt64, math.MaxInt64)
		r, err := newReader(src, spec, mem)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rows(t, newDeltaReader(r, look, mem))
		if err != nil || !sameRows(got, kept) {
			t.Fatalf("%s %s: %v, %v, want %v", spec.Functions[0], spec.Buckets.Width(), got, err, kept)
		}
		mem.AssertSize(asTest{t}, 0)
	})
}
