package decimation

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

// TestPool cuts a series into chunks of a few samples, in the middle of buckets too, and finds what one pass finds, on any number of cores, and in
// Total what all values give.
func TestPool(t *testing.T) {
	defer goleak.VerifyNone(t)
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		samples := drawSamples(t)
		spec := drawSpec(t, samples)
		spec.Functions = rapid.SliceOfNDistinct(rapid.SampledFrom(everyFunction), 1, 4, rapid.ID).Draw(t, "functions")
		spec.Batch = rapid.IntRange(0, 5).Draw(t, "batch")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "records"), 6))
		seeds := rapid.Uint64().Draw(t, "cuts")
		open := func(from, to int64) (array.RecordReader, error) {
			var part []sample
			for _, s := range samples {
				if s.t >= from && (s.t < to || to == math.MaxInt64) {
					part = append(part, s)
				}
			}
			return source(t, mem, part, rand.New(rand.NewPCG(seeds, uint64(from))), nil), nil
		}
		var extent Extent
		if len(samples) > 0 && rapid.Bool().Draw(t, "extent") {
			extent = Extent{First: samples[0].t, Last: samples[len(samples)-1].t, Samples: int64(len(samples))}
		}
		one, err := newReader(source(t, mem, samples, r, nil), spec, mem)
		if err != nil {
			t.Fatal(err)
		}
		want := lines(t, one)
		pool := NewPool(rapid.IntRange(1, 4).Draw(t, "cores"), func(f func() error) error { return f() })
		spec.Total = new(Moments)
		spec.Ahead = rapid.IntRange(0, 9).Draw(t, "ahead")
		reader, err := pool.newReader(open, spec, extent, rapid.Int64Range(1, 10).Draw(t, "size"), mem)
		if err != nil {
			t.Fatal(err)
		}
		if got := lines(t, reader); !slices.Equal(got, want) {
			t.Fatalf("%v of %d samples in chunks\n%q, want\n%q", spec.Functions, len(samples), got, want)
		}
		var values []float64
		for _, s := range samples {
			if !math.IsNaN(s.v) && s.t >= spec.From && (s.t < spec.To || spec.To == math.MaxInt64) {
				values = append(values, s.v)
			}
		}
		for _, f := range []Function{Min, Max, Avg, Sum, Count, First, Last} {
			got, ok, err := spec.Total.Result(f)
			want, wantOK := momentsOf(values).must(t, f)
			if err != nil || ok != wantOK || got != want {
				t.Fatalf("in all %s is %v, %v, %v, want %v, %v", f, got, ok, err, want, wantOK)
			}
		}
		mem.AssertSize(asTest{t}, 0)
	})
}

func (m *Moments) must(t *rapid.T, f Function) (float64, bool) {
	v, ok, err := m.Result(f)
	if err != nil {
		t.Fatal(err)
	}
	return v, ok
}

var everyFunction = []Function{Avg, Min, Max, Sum, Variance, Stddev, Count, First, Last}

// lines prints all rows and releases the reader.
func lines(t rapid.TB, r array.RecordReader) (all []string) {
	t.Helper()
	defer r.Release()
	for r.Next() {
		rec := r.Record()
		for i := range int(rec.NumRows()) {
			line := ""
			for _, c := range rec.Columns() {
				line += c.ValueStr(i) + " "
			}
			all = append(all, line)
		}
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return all
}

// TestPoolFaults sees that a fault anywhere comes by Err, and that nothing is held or running after Release, whenever that comes.
func TestPoolFaults(t *testing.T) {
	defer goleak.VerifyNone(t)
	fault := errors.New("the disk is gone")
	for cores := 1; cores <= 3; cores++ {
		for failing := range 12 { // the chunk that fails; from 10 on none
			for _, opening := range []bool{false, true} {
				for reads := range 6 {
					mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
					open := func(from, to int64) (array.RecordReader, error) {
						at := max(from, 0) / (10 * second)
						var err error
						if at == int64(failing) {
							if err = fault; opening {
								return nil, err
							}
						}
						part := []sample{{t: at * 10 * second, v: 1}, {t: at*10*second + 5*second, v: 2}}
						return source(t, mem, part, rand.New(rand.NewPCG(1, 2)), err), nil
					}
					spec := Spec{Buckets: NewBuckets(mustWidth(t, "1s"), mustZone(t, "UTC")), Functions: []Function{Avg},
						From: math.MinInt64, To: math.MaxInt64, Batch: 1}
					r, err := NewPool(cores, nil).newReader(open, spec, Extent{First: 0, Last: 100 * second, Samples: 10}, 1, mem)
					if err != nil {
						t.Fatal(err)
					}
					rows := 0
					for rows < reads*5 && r.Next() {
						rows++
					}
					if cores > 1 && reads == 5 && failing < 10 && (!errors.Is(r.Err(), fault) || rows > 2*failing+2) {
						t.Errorf("%d cores, chunk %d: %d rows, %v", cores, failing, rows, r.Err())
					}
					r.Release()
					mem.AssertSize(t, 0)
				}
			}
		}
	}
}

// TestPoolOverflow: a result beyond float64 in a bucket that chunks share ends the reader, and nothing waits for it.
func TestPoolOverflow(t *testing.T) {
	defer goleak.VerifyNone(t)
	samples := []sample{{0, math.MaxFloat64}, {second, math.MaxFloat64}, {2 * second, 1}, {100 * second, 1}}
	for size := range int64(4) {
		for cores := 1; cores <= 3; cores++ {
			open := func(from, to int64) (array.RecordReader, error) {
				var part []sample
				for _, s := range samples {
					if s.t >= from && s.t < to {
						part = append(part, s)
					}
				}
				return source(t, memory.DefaultAllocator, part, rand.New(rand.NewPCG(1, 2)), nil), nil
			}
			for _, width := range []string{"1m", "1h"} {
				spec := Spec{Buckets: NewBuckets(mustWidth(t, width), mustZone(t, "UTC")), Functions: []Function{Sum}, From: math.MinInt64, To: math.MaxInt64}
				r, err := NewPool(cores, nil).newReader(open, spec, Extent{First: 0, Last: 100 * second, Samples: 4}, size+1, memory.DefaultAllocator)
				if err != nil {
					t.Fatal(err)
				}
				over := (*OverflowError)(nil)
				if r.Next() || !errors.As(r.Err(), &over) || over.Bucket != 0 {
					t.Errorf("%s buckets, %d cores: %v", width, cores, r.Err())
				}
				r.Release()
			}
		}
	}
}

// TestExtentCuts: whatever the extent says, cuts ascend from from to to.
func TestExtentCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		any := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-5, 5), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))
		from, to := any.Draw(t, "from"), any.Draw(t, "to")
		if from >= to {
			from, to = math.MinInt64, math.MaxInt64
		}
		e := Extent{First: any.Draw(t, "first"), Last: any.Draw(t, "last"), Samples: rapid.Int64Range(0, 50).Draw(t, "samples")}
		cuts := e.cut(from, to, rapid.Int64Range(1, 5).Draw(t, "size"))
		if cuts[0] != from || cuts[len(cuts)-1] != to || len(cuts) < 2 || !slices.IsSorted(cuts) || len(slices.Compact(slices.Clone(cuts))) != len(cuts) {
			t.Fatalf("cuts are %v", cuts)
		}
	})
}

// TestReaderAllocatesNothingForRows compares long and short: what a reader allocates does not grow with its rows or buckets.
func TestReaderAllocatesNothingForRows(t *testing.T) {
	for _, width := range []string{"1m", "15m", "1d"} {
		for _, functions := range [][]Function{{Avg}, {Stddev}, everyFunction} {
			allocations := func(rows int) float64 {
				values := benchValues(false)[:rows]
				records := benchRecords(values, 1024)
				spec := Spec{Buckets: NewBuckets(mustWidth(t, width), mustZone(t, "Europe/Berlin")), Functions: functions, From: math.MinInt64, To: math.MaxInt64}
				src := &again{records: records}
				r, err := newReader(src, spec, memory.DefaultAllocator)
				if err != nil {
					t.Fatal(err)
				}
				c := r.(*bucketReader).chunks[0]
				run := func() {
					src.next = 0
					c.page.clear()
					c.samples.last, c.samples.block, c.end = math.MinInt64, Block{}, math.MinInt64
					for {
						more, err := c.samples.advance(c.until())
						if err != nil {
							t.Fatal(err)
						}
						if !more {
							break
						}
						if err := c.take(); err != nil {
							t.Fatal(err)
						}
						if c.page.rows() >= batchRows {
							c.page.clear()
						}
					}
				}
				run()
				return testing.AllocsPerRun(3, run)
			}
			if n := allocations(200_000); n > 0 {
				t.Errorf("%v of %s: %v allocations a pass", functions, width, n)
			}
		}
	}
}

// again is a source that starts over.
type again struct {
	array.RecordReader
	records []arrow.Record
	next    int
}

func (a *again) Schema() *arrow.Schema { return a.records[0].Schema() }
func (a *again) Err() error            { return nil }
func (a *again) Release()              {}
func (a *again) Record() arrow.Record  { return a.records[a.next-1] }
func (a *again) Next() bool {
	if a.next == len(a.records) {
		return false
	}
	a.next++
	return true
}
