package bench

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"

	"decant/decimation"
	"decant/engine"
	"decant/engine/export"
)

// BenchmarkDecimation reads 1 Hz data from segments on disk (in the system's cache) and makes buckets of it, on one core. The rival reads the same two columns
// from memory and adds them up, which is as fast as this machine reads memory. touch=first opens the store anew each time, so every block's checksum is
// computed; touch=warm has read it before.
func BenchmarkDecimation(b *testing.B) {
	const seconds = 20_000_000
	columns := columnsOf(1, seconds)
	for _, c := range []struct {
		function decimation.Function
		width    string
		first    bool
	}{
		{decimation.Avg, "15m", false},
		{decimation.Avg, "15m", true},
		{decimation.Stddev, "15m", false},
		{decimation.Max, "15m", false},
		{decimation.Avg, "1m", false},
		{decimation.Avg, "1d", false},
	} {
		touch := map[bool]string{false: "warm", true: "first"}[c.first]
		b.Run(fmt.Sprintf("func=%s/bucket=%s/touch=%s/cores=1", c.function, c.width, touch), func(b *testing.B) {
			oneCore(b)
			ours := decimating(b, storeOf(b, 1, seconds), c.function, c.width, c.first)
			compare(b, "points", seconds, ours, work{name: "memory", run: columns.read})
		})
	}
}

// decimating is the way from segments to buckets.
func decimating(t testing.TB, dir string, f decimation.Function, width string, first bool) work {
	t.Helper()
	w, err := decimation.ParseWidth(width)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := decimation.LoadZone("utc")
	if err != nil {
		t.Fatal(err)
	}
	spec := decimation.Spec{Buckets: decimation.NewBuckets(w, zone), Functions: []decimation.Function{f}, From: math.MinInt64, To: math.MaxInt64}
	var snap export.Snapshot
	forget := func() (err error) {
		if snap != nil {
			snap.Close()
		}
		snap, err = engine.Source(Config(dir)).Open(t.Context())
		return err
	}
	t.Cleanup(func() { snap.Close() })
	run := func() error { _, err := decimate(t.Context(), snap, spec); return err }
	if first {
		return work{prepare: forget, run: run}
	}
	if err := forget(); err != nil {
		t.Fatal(err)
	}
	if err := run(); err != nil {
		t.Fatal(err)
	}
	return work{run: run}
}

// decimate makes buckets of every series and counts the samples in them.
func decimate(ctx context.Context, snap export.Snapshot, spec decimation.Spec) (samples int64, err error) {
	list, err := snap.Series(ctx, Channel, Subtopic)
	if err != nil {
		return 0, err
	}
	for _, s := range list {
		src, err := snap.Scan(ctx, s.ID, spec.From, spec.To, "time", "value")
		if err != nil {
			return 0, err
		}
		r, err := decimation.NewReader(src, spec)
		if err != nil {
			return 0, err
		}
		for r.Next() {
			for _, n := range r.Record().Column(2).(*array.Int64).Int64Values() {
				samples += n
			}
		}
		err = r.Err()
		r.Release()
		if err != nil {
			return 0, err
		}
	}
	return samples, nil
}

// columns are the same samples in memory.
type columns struct {
	times  []int64
	values []float64
}

func columnsOf(series, seconds int) *columns {
	c := &columns{}
	for i := range series {
		walk := NewWalk(i)
		for s := range seconds {
			c.times = append(c.times, Start.UnixNano()+int64(s)*second)
			c.values = append(c.values, walk.Next())
		}
	}
	return c
}

// read adds up both columns, in four sums each, so that it waits for memory and not for an addition.
func (c *columns) read() error {
	var t [4]int64
	var v [4]float64
	n := len(c.times) &^ 3
	times, values := c.times[:n], c.values[:n]
	for i := 0; i+4 <= len(times) && i+4 <= len(values); i += 4 {
		t[0], t[1], t[2], t[3] = t[0]+times[i], t[1]+times[i+1], t[2]+times[i+2], t[3]+times[i+3]
		v[0], v[1], v[2], v[3] = v[0]+values[i], v[1]+values[i+1], v[2]+values[i+2], v[3]+values[i+3]
	}
	if t[0]+t[1]+t[2]+t[3] == 0 || math.IsNaN(v[0]+v[1]+v[2]+v[3]) {
		return fmt.Errorf("%d samples add up to nothing", len(c.times))
	}
	return nil
}
