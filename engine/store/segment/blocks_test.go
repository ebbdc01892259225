package segment

import (
	"context"
	"math"
	"slices"
	"testing"

	"decant/decimation"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

// TestBlocksEqualModel: blocks hold the numbers of the model, in order, and what they say of them is true.
func TestBlocksEqualModel(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		samples := drawSamples(rt)
		runs, readers, samples := drawRuns(rt, t, dir, samples)
		from, to := drawRange(rt, samples)
		policy := rapid.SampledFrom(policies).Draw(rt, "policy")
		columns := rapid.SampledFrom([][]string{{"time", "value"}, {"value", "time"}, {"time", "kind", "value"}}).Draw(rt, "columns")

		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		scan := Scan(context.Background(), runs, from, to, policy, columns, mem)
		blocks := scan.(decimation.Blocks).NextBlock
		if rapid.Bool().Draw(rt, "clocks") {
			blocks = func() (decimation.Block, bool) { return scan.(decimation.Summaries).NextUntil(math.MinInt64) }
		}
		row := 0
		want := settledModel(samples, from, to, policy)
		next := func() bool { // goes on to the next number
			for row < len(want) && !isNumber(want[row].Kind) {
				row++
			}
			return row < len(want)
		}
		for {
			b, ok := blocks()
			if !ok {
				break
			}
			times := timesOf(rt, b)
			if n := len(times); n == 0 || n != len(b.Values) || b.First != times[0] || b.Last != times[n-1] {
				rt.Fatalf("a block of %d times, %d values, the last at %d", len(times), len(b.Values), b.Last)
			}
			for i, v := range b.Values {
				if b.Nulls != nil && b.Nulls.IsNull(i) {
					continue
				}
				if !next() || times[i] != want[row].Time || v != want[row].Number {
					rt.Fatalf("number %v at %d is row %d of %v", v, times[i], row, want)
				}
				row++
				if e, _ := decimation.ExponentsOf([]float64{v}); b.Bounds != nil && v != 0 && (e.Low < b.Bounds.Low || e.High > b.Bounds.High) {
					rt.Fatalf("the exponent of %v is not within %v", v, *b.Bounds)
				}
			}
		}
		if scan.Err() != nil || next() {
			rt.Fatalf("%d of %d rows, %v", row, len(want), scan.Err())
		}
		scan.Release()
		for _, r := range readers {
			r.Release()
			if r.data != nil {
				rt.Fatal("a segment is still held")
			}
		}
		mem.AssertSize(t, 0)
	})
}

// TestBlocksAllocateNothing: a scan of long blocks allocates nothing for each.
func TestBlocksAllocateNothing(t *testing.T) {
	r := openFile(t, writeFile(t, t.TempDir(), sensorRows(400*BlockRows, 0)))
	defer r.Release()
	allocations := func(to int64) float64 {
		return testing.AllocsPerRun(5, func() {
			scan := Scan(context.Background(), []Run{r.Run(0)}, math.MinInt64, to, KeepAll, []string{"time", "value"}, memory.DefaultAllocator)
			defer scan.Release()
			for {
				if _, ok := scan.(decimation.Blocks).NextBlock(); !ok {
					break
				}
			}
		})
	}
	if short, long := allocations(40*BlockRows*1e9), allocations(math.MaxInt64); long > short {
		t.Errorf("%v allocations for 400 blocks, %v for 40", long, short)
	}
}

// timesOf are a block's times, from its clock where it has one, which is then asked where each is.
func timesOf(t *rapid.T, b decimation.Block) []int64 {
	var out []int64
	for _, at := range b.Times {
		out = append(out, int64(at))
	}
	if b.Clock == nil {
		return out
	}
	if b.Times != nil {
		t.Fatal("a block with times and a clock")
	}
	for i := range b.Values {
		out = append(out, b.Clock.At(i))
	}
	for _, at := range out {
		for _, at := range []int64{at - 1, at, at + 1} {
			if want, _ := slices.BinarySearch(out, at); b.Clock.Search(at) != want {
				t.Fatalf("of %v, %d is row %d, want %d", out, at, b.Clock.Search(at), want)
			}
		}
	}
	return out
}
