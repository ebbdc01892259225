package segment

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"decant/decimation"
	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

// drawLong makes a series of many blocks, with a few late samples, and a few that repeat times, values or both.
func drawLong(t *rapid.T) []ingest.Sample {
	var out []ingest.Sample
	step := rapid.SampledFrom([]int64{1, 1e3, 1e6, 1e9}).Draw(t, "step")
	n := rapid.IntRange(1, 5).Draw(t, "kiloblocks") * rapid.SampledFrom([]int{100, 2000, 9000}).Draw(t, "rows")
	other := rapid.SampledFrom([]int{math.MaxInt, 5000, 40000}).Draw(t, "other") // now and then another kind
	for i := range n {
		s := ingest.Sample{Time: int64(i) * step, Kind: ingest.KindNumber, Number: float64(i*i%1009) / 8, Protocol: ingest.ProtocolMQTT}
		if i%other == other-1 {
			s.Kind, s.Number = ingest.Kind(i/other%5), 0
		}
		out = append(out, s)
	}
	for range rapid.IntRange(0, 4).Draw(t, "again") {
		s := out[rapid.IntRange(0, n-1).Draw(t, "of")]
		s.Time += rapid.SampledFrom([]int64{0, 0, -step, 1}).Draw(t, "off")
		at := rapid.IntRange(0, len(out)).Draw(t, "at")
		out = slices.Insert(out, at, s)
	}
	return out
}

// TestSummariesEqualRows: buckets made of stored sums and of the rows between them are to the bit those of the model's numbers, whatever is late, deleted or sent twice.
func TestSummariesEqualRows(t *testing.T) {
	dir := t.TempDir()
	summarised := 0
	rapid.Check(t, func(rt *rapid.T) {
		samples := drawLong(rt)
		runs, readers, samples := drawRuns(rt, t, dir, samples)
		from, to := drawRange(rt, samples)
		policy := rapid.SampledFrom(policies).Draw(rt, "policy")
		width := rapid.SampledFrom([]int64{1, 700, 5e3, 1e6, 30e6, 1e9, 900e9, 3600e9, 1e15}).Draw(rt, "width")
		start := func(t int64) int64 { return t - ((t%width)+width)%width }

		want := map[int64]*decimation.Moments{}
		for _, s := range settledModel(samples, from, to, policy) {
			if !isNumber(s.Kind) {
				continue
			}
			if want[start(s.Time)] == nil {
				want[start(s.Time)] = new(decimation.Moments)
			}
			want[start(s.Time)].Add([]float64{s.Number})
		}

		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		scan := Scan(context.Background(), runs, from, to, policy, []string{"time", "value"}, mem)
		got := map[int64]*decimation.Moments{}
		bucket := func(t int64) *decimation.Moments {
			if got[start(t)] == nil {
				got[start(t)] = new(decimation.Moments)
			}
			return got[start(t)]
		}
		until, last := int64(math.MinInt64), int64(math.MinInt64)
		for {
			b, ok := scan.(decimation.Summaries).NextUntil(until)
			if !ok {
				break
			}
			if b.First < last || b.Last < b.First {
				rt.Fatalf("a block from %d to %d after %d", b.First, b.Last, last)
			}
			last = b.Last
			if s := b.Summary; s != nil {
				summarised++
				if s.Last >= until || s.First < from || s.Last >= to {
					rt.Fatalf("a summary from %d to %d where rows before %d were asked for", s.First, s.Last, until)
				}
				if start(s.First) != start(s.Last) {
					rt.Fatalf("a summary from %d to %d is of several buckets", s.First, s.Last)
				}
				for rest := s.Moments; len(rest) > 0; {
					var err error
					if rest, err = bucket(s.First).MergeEncoded(rest); err != nil {
						rt.Fatal(err)
					}
				}
				continue
			}
			times := timesOf(rt, b)
			for i, v := range b.Values {
				if b.Nulls == nil || b.Nulls.IsValid(i) {
					bucket(times[i]).Add([]float64{v})
				}
			}
			until = math.MinInt64
			if rapid.IntRange(0, 9).Draw(rt, "rows alone") > 0 {
				until = start(b.Last) + width
			}
		}
		if scan.Err() != nil {
			rt.Fatal(scan.Err())
		}
		scan.Release()
		for _, r := range readers {
			r.Release()
		}
		mem.AssertSize(t, 0)
		if len(got) != len(want) {
			rt.Fatalf("%d buckets, want %d", len(got), len(want))
		}
		for at, w := range want {
			if g := got[at]; g == nil || !bytes.Equal(g.Append(nil), w.Append(nil)) {
				rt.Fatalf("the bucket at %d is another", at)
			}
		}
	})
	if summarised == 0 {
		t.Error("no summary was given")
	}
}

// TestLongBucketsReadGroups: a bucket over many groups takes their sums, and reads rows only where late ones lie.
func TestLongBucketsReadGroups(t *testing.T) {
	r := openFile(t, writeFile(t, t.TempDir(), benchRows(10*groupBlocks*BlockRows, 0, 1e9)))
	defer r.Release()
	count := func(policy Duplicates, runs ...Run) string {
		scan := Scan(context.Background(), runs, math.MinInt64, math.MaxInt64, policy, []string{"time", "value"}, memory.DefaultAllocator)
		defer scan.Release()
		groups, blocks, rows := 0, 0, 0
		for {
			b, ok := scan.(decimation.Summaries).NextUntil(math.MaxInt64)
			switch {
			case !ok:
				if scan.Err() != nil {
					t.Fatal(scan.Err())
				}
				return fmt.Sprintf("%d groups, %d blocks, %d rows", groups, blocks, rows)
			case b.Summary == nil:
				rows += len(b.Values)
				continue
			}
			for rest := b.Summary.Moments; len(rest) > 0; {
				var m decimation.Moments
				var err error
				if rest, err = m.MergeEncoded(rest); err != nil {
					t.Fatal(err)
				}
				if m.Count() == groupBlocks*BlockRows {
					groups++
				} else {
					blocks++
				}
			}
		}
	}
	for _, policy := range policies {
		late := MemoryRun(benchRows(1, 5*groupBlocks*BlockRows*1e9+1, 1))
		if got, want := count(policy, r.Run(0), late), "9 groups, 15 blocks, 1025 rows"; got != want {
			t.Errorf("policy %d: %s, want %s", policy, got, want)
		}
		if got, want := count(policy, r.Run(0).Clip(1, math.MaxInt64)), "9 groups, 15 blocks, 1023 rows"; got != want {
			t.Errorf("policy %d, clipped: %s, want %s", policy, got, want)
		}
	}
}

// TestDecimationOfSummaries: rows that decimation prints are the same with and without stored sums.
func TestDecimationOfSummaries(t *testing.T) {
	r := openFile(t, writeFile(t, t.TempDir(), sensorRows(3*groupBlocks*BlockRows+77, 1_700_000_000e9)))
	defer r.Release()
	late := sensorRows(500, 1_700_030_000e9)
	zone, err := decimation.LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	functions := []decimation.Function{decimation.Avg, decimation.Sum, decimation.Min, decimation.Max, decimation.Variance, decimation.Stddev, decimation.Count, decimation.First, decimation.Last}
	for _, ds := range []string{"7m", "2h", "1d", "1M"} {
		width, err := decimation.ParseWidth(ds)
		if err != nil {
			t.Fatal(err)
		}
		print := func(hide bool) string {
			scan := Scan(context.Background(), []Run{r.Run(0), MemoryRun(late)}, 1_700_000_100e9, math.MaxInt64, KeepAll, []string{"time", "value"}, memory.DefaultAllocator)
			if hide {
				scan = rowsAlone{scan}
			}
			return printBuckets(t, scan, decimation.Spec{Buckets: decimation.NewBuckets(width, zone), Functions: functions, From: math.MinInt64, To: math.MaxInt64})
		}
		if with, without := print(false), print(true); with != without || with == "" {
			t.Errorf("%s: with sums\n%s\nwithout\n%s", ds, with, without)
		}
	}
}

func printBuckets(t *testing.T, scan array.RecordReader, spec decimation.Spec) string {
	reader, err := decimation.NewReader(scan, spec)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Release()
	var out bytes.Buffer
	for reader.Next() {
		fmt.Fprintln(&out, reader.Record())
	}
	if reader.Err() != nil {
		t.Fatal(reader.Err())
	}
	return out.String()
}
