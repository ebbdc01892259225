package segment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"decant/ingest"

	"pgregory.net/rapid"
)

// samplesOf takes rows apart again.
func samplesOf(r Rows) (out []ingest.Sample) {
	for i := range r.Time {
		s := ingest.Sample{Time: r.Time[i], Kind: r.Kind[i], Number: r.Number[i], Received: r.Received[i], Protocol: r.Protocol[i]}
		if r.Text != nil {
			s.Text = r.Text[i]
		}
		if r.HasSum != nil && r.HasSum[i] {
			s.HasSum, s.Sum = true, r.Sum[i]
		}
		if r.HasUpdate != nil && r.HasUpdate[i] {
			s.HasUpdate, s.Update = true, r.Update[i]
		}
		out = append(out, s)
	}
	return out
}

// TestMergeEqualsModel: what is merged has every column of the model's samples, and a segment made of it reads the same again.
func TestMergeEqualsModel(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		samples := drawSamples(rt)
		runs, readers, samples := drawRuns(rt, t, dir, samples)
		from, to := drawRange(rt, samples)
		policy := rapid.SampledFrom(policies).Draw(rt, "policy")
		want := settledModel(samples, from, to, policy)

		var out bytes.Buffer
		w := NewWriter(&out)
		row := 0
		compare := func(rows Rows) error {
			for _, s := range samplesOf(rows) {
				if row == len(want) || s != want[row] {
					return fmt.Errorf("row %d of %d is %+v", row, len(want), s)
				}
				row++
			}
			return nil
		}
		ctx := context.Background()
		err := Merge(ctx, runs, from, to, policy, func(rows Rows) error {
			return errors.Join(compare(rows), w.Add(seriesA, rows))
		})
		if err = errors.Join(err, w.Close()); err != nil || row != len(want) {
			rt.Fatalf("%d of %d rows, %v", row, len(want), err)
		}
		for _, r := range readers {
			r.Release()
			if r.data != nil {
				rt.Fatal("a segment is still held")
			}
		}
		if len(want) == 0 {
			return
		}
		again, err := readBytes("merged", out.Bytes())
		if err != nil {
			rt.Fatal(err)
		}
		defer again.Release()
		row = 0
		if err := Merge(ctx, []Run{again.Run(0)}, math.MinInt64, math.MaxInt64, policy, compare); err != nil || row != len(want) {
			rt.Fatalf("%d of %d rows again, %v", row, len(want), err)
		}
		if policy != KeepEither {
			return
		}
		for _, policy := range policies { // none of them sees that the segment took the place of the runs
			row, want = 0, settledModel(samples, from, to, policy)
			if err := Merge(ctx, []Run{again.Run(0)}, math.MinInt64, math.MaxInt64, policy, compare); err != nil || row != len(want) {
				rt.Fatalf("policy %d: %d of %d rows, %v", policy, row, len(want), err)
			}
		}
	})
}

// TestMergeStopsAtAnErrorOfItsReader hands it on as it is.
func TestMergeStopsAtAnErrorOfItsReader(t *testing.T) {
	calls := 0
	err := Merge(context.Background(), []Run{MemoryRun(benchRows(3*gatherRows, 0, 1e9))}, math.MinInt64, math.MaxInt64, KeepAll, func(r Rows) error {
		calls++
		return errFull
	})
	if err != errFull || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

// TestClipNarrows: a clip of a clip holds what both hold, and a range that ends before it starts holds nothing.
func TestClipNarrows(t *testing.T) {
	r := openFile(t, writeFile(t, t.TempDir(), benchRows(100, 0, 1)))
	defer r.Release()
	for _, run := range []Run{r.Run(0), MemoryRun(benchRows(100, 0, 1))} {
		for _, c := range []struct {
			run  Run
			rows int64
		}{
			{run, 100},
			{run.Clip(10, 20), 10},
			{run.Clip(10, 20).Clip(math.MinInt64, math.MaxInt64), 10},
			{run.Clip(10, 20).Clip(15, 90), 5},
			{run.Clip(10, 20).Clip(20, 90), 0},
			{run.Clip(20, 10), 0},
			{run.Clip(100, math.MaxInt64), 0},
		} {
			runs := []Run{c.run}
			stats, err := RangeStats(context.Background(), runs, math.MinInt64, math.MaxInt64, KeepAll)
			stored, e := Stored(runs, math.MinInt64, math.MaxInt64)
			if stats.Samples != c.rows || stored != c.rows || err != nil || e != nil {
				t.Errorf("from %d to %d: %d samples, %d stored, want %d, %v %v", c.run.from, c.run.to, stats.Samples, stored, c.rows, err, e)
			}
			if _, _, ok, err := Before(context.Background(), runs, math.MaxInt64, KeepAll); ok != (c.rows > 0) || err != nil {
				t.Errorf("from %d to %d: a value is there: %v, %v", c.run.from, c.run.to, ok, err)
			}
		}
	}
}
