package decimation

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

// raw is a source of rows alone.
func raw(t rapid.TB, mem memory.Allocator, samples []sample) *faulty {
	return recordsOf(t, mem, samples, rand.New(rand.NewPCG(1, 2)), nil)
}

// TestSummariesAreRows sends the same samples through bucket, fill and delta, as rows and with summaries wherever the source likes, on one core and on several:
// what comes out is the same to the bit.
func TestSummariesAreRows(t *testing.T) {
	given := 0
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		samples := drawSamples(t)
		spec := drawSpec(t, samples)
		spec.Functions = rapid.SliceOfNDistinct(rapid.SampledFrom(everyFunction), 1, 5, rapid.ID).Draw(t, "functions")
		if spec.Buckets.calendar && rapid.Bool().Draw(t, "offset") {
			shifted, err := spec.Buckets.Shift(Period{Clock: rapid.Int64Range(1, 23).Draw(t, "hours") * 3600 * second})
			if err != nil {
				t.Fatal(err)
			}
			spec.Buckets = shifted
		}
		fill := rapid.SampledFrom([]*Fill{nil, {}, {Mode: FillPrevious}, {Mode: FillValue, Value: 7}, {Mode: FillLinear}}).Draw(t, "fill")
		if fill != nil && spec.Buckets.width.Unit == 's' {
			fill = nil // too many rows
		}
		delta := rapid.Bool().Draw(t, "delta")
		seed := rapid.Uint64().Draw(t, "cuts")
		withSummaries := func(from, to int64) (array.RecordReader, error) {
			src := &summing{r: rand.New(rand.NewPCG(seed, uint64(from)))}
			for _, x := range samples {
				if x.t >= from && (x.t < to || to == math.MaxInt64) {
					src.samples = append(src.samples, x)
				}
			}
			src.faulty = raw(t, mem, src.samples)
			t.Cleanup(func() { given += src.given })
			return src, nil
		}
		rest := func(r array.RecordReader, err error) []string {
			if err != nil {
				t.Fatal(err)
			}
			if fill != nil {
				r = FillReader(r, spec.Buckets, *fill, spec.From, spec.To)
			}
			if delta {
				before := func(at int64) (int64, bool, error) {
					for i := len(samples) - 1; i >= 0; i-- {
						if samples[i].t < at && !math.IsNaN(samples[i].v) {
							return samples[i].t, true, nil
						}
					}
					return 0, false, nil
				}
				first := int64(math.MaxInt64)
				for _, x := range samples {
					if x.t >= spec.From && !math.IsNaN(x.v) {
						first = x.t
						break
					}
				}
				look := func(int, int64) (float64, bool, error) { return 0, false, nil }
				if first != math.MaxInt64 {
					look = LookBackBucket(spec.Buckets, spec.Functions, first, before, withSummaries)
				}
				r = DeltaReader(r, look)
			}
			return lines(t, r)
		}
		whole := spec
		whole.Total = new(Moments)
		want := rest(newReader(raw(t, mem, samples), whole, mem))
		src, _ := withSummaries(math.MinInt64, math.MaxInt64)
		summed := spec
		summed.Total = new(Moments)
		if got := rest(newReader(src, summed, mem)); !slices.Equal(got, want) {
			t.Fatalf("%v in buckets of %s, with summaries\n%q, of rows\n%q", spec.Functions, spec.Buckets, got, want)
		}
		for _, f := range []Function{Min, Max, Avg, Sum, Count, First, Last} {
			got, _ := summed.Total.must(t, f)
			want, _ := whole.Total.must(t, f)
			if got != want {
				t.Fatalf("in all %s is %v, of rows %v", f, got, want)
			}
		}
		var extent Extent
		if len(samples) > 0 {
			extent = Extent{First: samples[0].t, Last: samples[len(samples)-1].t, Samples: int64(len(samples))}
		}
		pool := NewPool(rapid.IntRange(1, 3).Draw(t, "cores"), nil)
		if got := rest(pool.newReader(withSummaries, spec, extent, rapid.Int64Range(5, 100).Draw(t, "size"), mem)); !slices.Equal(got, want) {
			t.Fatalf("%v in buckets of %s, with summaries in chunks\n%q, of rows\n%q", spec.Functions, spec.Buckets, got, want)
		}
		mem.AssertSize(asTest{t}, 0)
	})
	if given == 0 {
		t.Error("no summary was ever given")
	}
}

// TestSummariesAreAsked: but for the rows at the edges of buckets, everything may be a summary.
func TestSummariesAreAsked(t *testing.T) {
	var samples []sample
	for i := range int64(5000) {
		samples = append(samples, sample{i * 60 * second, float64(i)})
	}
	for _, c := range []struct {
		width string
		most  int // times that rows had to be given
	}{{"1y", 1}, {"1d", 5}, {"1h", 85}} {
		src := &counting{summing: summing{faulty: raw(t, memory.DefaultAllocator, samples), samples: samples}}
		spec := Spec{Buckets: NewBuckets(mustWidth(t, c.width), mustZone(t, "UTC")), Functions: everyFunction, From: math.MinInt64, To: math.MaxInt64}
		r, err := NewReader(src, spec)
		if err != nil {
			t.Fatal(err)
		}
		lines(t, r)
		if src.rows < 1 || src.rows > c.most {
			t.Errorf("%s: rows were asked for %d times, not at most %d", c.width, src.rows, c.most)
		}
	}
}

// counting gives a row at a time, or a summary of all that one may stand for.
type counting struct {
	summing
	rows int
}

func (c *counting) NextUntil(until int64) (b Block, ok bool) {
	if len(c.samples) > 0 && c.samples[0].t >= until {
		c.rows++
		b, c.samples = rowsBlock(c.samples[:1]), c.samples[1:]
		return b, true
	}
	n := 0
	for n < len(c.samples) && c.samples[n].t < until {
		n++
	}
	if n == 0 {
		return b, false
	}
	part := c.samples[:n]
	c.samples = c.samples[n:]
	c.summary = Summary{Rows: n, First: part[0].t, Last: part[n-1].t, Moments: momentsOf(valuesOf(part)).Append(nil)}
	return Block{Summary: &c.summary}, true
}

func TestSummaryFaults(t *testing.T) {
	var samples []sample
	for i := range int64(300) {
		samples = append(samples, sample{i * second, float64(i)})
	}
	for name, c := range map[string]struct {
		wrong func(s *Summary, until int64)
		want  string
	}{
		"back in time": {func(s *Summary, until int64) {
			if until > 60*second {
				s.First = 0
			}
		}, "goes back in time"},
		"too far":    {func(s *Summary, until int64) { s.Last = until }, "where it was asked for those from 1970-01-01T00:00:00Z until 1970-01-01T00:01:00Z"},
		"too early":  {func(s *Summary, until int64) { s.First = until - 61*second }, "sums up rows from 1970-01-01T00:00:59Z to"},
		"cut":        {func(s *Summary, _ int64) { s.Moments = s.Moments[:3] }, "not what Append writes"},
		"longer":     {func(s *Summary, _ int64) { s.Moments = append(s.Moments, 1) }, "not what Append writes"},
		"fewer rows": {func(s *Summary, _ int64) { s.Rows = 0 }, "the summary of 0 rows"},
	} {
		spec := Spec{Buckets: NewBuckets(mustWidth(t, "1m"), mustZone(t, "UTC")), Functions: []Function{Avg}, From: 0, To: math.MaxInt64}
		if name == "too early" {
			spec.From = 60 * second
		}
		open := func(int64, int64) (array.RecordReader, error) {
			return &summing{faulty: raw(t, memory.DefaultAllocator, samples), samples: samples, r: rand.New(rand.NewPCG(1, 3)), wrong: c.wrong}, nil
		}
		r, err := NewPool(1, nil).NewReader(open, spec, Extent{})
		if err != nil {
			t.Fatal(err)
		}
		for r.Next() {
		}
		if r.Err() == nil || !strings.Contains(r.Err().Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, r.Err(), c.want)
		}
		r.Release()
	}
	broken := errors.New("the disk is broken")
	src := &summing{faulty: &faulty{RecordReader: raw(t, memory.DefaultAllocator, samples), fault: broken}, samples: samples, r: rand.New(rand.NewPCG(1, 2))}
	r, err := NewReader(src, Spec{Buckets: NewBuckets(mustWidth(t, "1d"), mustZone(t, "UTC")), Functions: []Function{Avg}, From: 0, To: math.MaxInt64})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	for r.Next() {
	}
	if !errors.Is(r.Err(), broken) {
		t.Errorf("%v, want %v", r.Err(), broken)
	}
}
