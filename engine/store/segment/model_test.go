package segment

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

// The model: a series is a slice of samples in order of arrival, and everything is found by walking it.

// settledModel gives the samples of from ≤ t < to by time, then arrival, duplicates settled.
func settledModel(samples []ingest.Sample, from, to int64, policy Duplicates) []ingest.Sample {
	var in []ingest.Sample
	for _, s := range samples {
		if s.Time >= from && s.Time < to {
			in = append(in, s)
		}
	}
	slices.SortStableFunc(in, func(a, b ingest.Sample) int {
		if a.Time < b.Time {
			return -1
		} else if a.Time > b.Time {
			return 1
		}
		return 0
	})
	var out []ingest.Sample
	for i, s := range in {
		keep := true
		newest := i+1 == len(in) || in[i+1].Time != s.Time
		if policy == KeepLast {
			keep = newest
		} else {
			for j := len(out) - 1; j >= 0 && out[j].Time == s.Time; j-- {
				keep = keep && !repeatsModel(out[j], s)
			}
			keep = keep || policy == KeepEither && newest
		}
		if keep {
			out = append(out, s)
		}
	}
	return out
}

func repeatsModel(a, b ingest.Sample) bool {
	return a.Time == b.Time && a.Kind == b.Kind && a.Number == b.Number && a.Text == b.Text && a.HasSum == b.HasSum && (!a.HasSum || a.Sum == b.Sum)
}

func statsModel(samples []ingest.Sample) Stats {
	var s Stats
	for _, x := range samples {
		if s.Samples == 0 {
			s.First = x.Time
		}
		s.Samples++
		s.Last = x.Time
		for _, d := range []int{0, 3, 6, 9} {
			if x.Time%int64(math.Pow10(9-d)) == 0 {
				s.Digits = max(s.Digits, d)
				break
			}
		}
		switch x.Kind {
		case ingest.KindNumber, ingest.KindBool:
			if s.Numbers+s.Bools == 0 {
				s.FirstValue, s.Min, s.Max = x.Time, x.Number, x.Number
			}
			s.LastValue, s.Min, s.Max = x.Time, math.Min(s.Min, x.Number), math.Max(s.Max, x.Number)
			if x.Kind == ingest.KindNumber {
				s.Numbers++
			} else {
				s.Bools++
			}
		case ingest.KindString:
			s.Strings++
		case ingest.KindBytes:
			s.Bytes++
		default:
			s.Empty++
		}
	}
	return s
}

var policies = []Duplicates{KeepAll, KeepLast, KeepEither}

// cell is what a scan shows of a column of a sample.
func cell(s ingest.Sample, column string) string {
	null := "null"
	switch column {
	case "time":
		return fmt.Sprint(s.Time)
	case "value":
		if s.Kind == ingest.KindNumber || s.Kind == ingest.KindBool {
			return fmt.Sprint(math.Float64bits(s.Number))
		}
	case "kind":
		return fmt.Sprint(uint8(s.Kind))
	case "text":
		if s.Kind == ingest.KindString || s.Kind == ingest.KindBytes {
			return fmt.Sprintf("%q", s.Text)
		}
	case "sum":
		if s.HasSum {
			return fmt.Sprint(math.Float64bits(s.Sum))
		}
	case "update":
		if s.HasUpdate {
			return fmt.Sprint(s.Update)
		}
	case "received":
		return fmt.Sprint(s.Received)
	case "protocol":
		return fmt.Sprint(uint8(s.Protocol))
	}
	return null
}

// cells reads the same out of a record.
func cells(rec arrow.Record, column, row int) string {
	a := rec.Column(column)
	if a.IsNull(row) {
		return "null"
	}
	switch a := a.(type) {
	case *array.Timestamp:
		return fmt.Sprint(int64(a.Value(row)))
	case *array.Float64:
		return fmt.Sprint(math.Float64bits(a.Value(row)))
	case *array.Uint8:
		return fmt.Sprint(a.Value(row))
	case *array.Binary:
		return fmt.Sprintf("%q", a.Value(row))
	}
	return "?"
}

var allColumns = []string{"time", "value", "kind", "text", "sum", "update", "received", "protocol"}

func TestScanEqualsModel(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		samples := drawSamples(rt)
		runs, readers, samples := drawRuns(rt, t, dir, samples)
		from, to := drawRange(rt, samples)
		policy := rapid.SampledFrom(policies).Draw(rt, "policy")
		columns := rapid.SliceOfNDistinct(rapid.SampledFrom(allColumns), 1, len(allColumns), rapid.ID).Draw(rt, "columns")
		want := settledModel(samples, from, to, policy)
		ctx := context.Background()

		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		scan := Scan(ctx, runs, from, to, policy, columns, mem)
		stats, err := RangeStats(ctx, runs, from, to, policy)
		if err != nil {
			rt.Fatal(err)
		}
		stored, err := Stored(runs, from, to)
		if err != nil {
			rt.Fatal(err)
		}
		var at int64
		var value float64
		var ok bool
		if at, value, ok, err = Before(ctx, runs, to, policy); err != nil {
			rt.Fatal(err)
		}
		for _, r := range readers {
			r.Release() // the scan holds on
		}

		row := 0
		var kept []arrow.Record
		for scan.Next() {
			rec := scan.Record()
			if n := rec.NumRows(); n == 0 || n >= batchRows+rowsV1 {
				rt.Fatalf("a record of %d rows", n)
			}
			rec.Retain()
			kept = append(kept, rec)
		}
		if scan.Err() != nil {
			rt.Fatal(scan.Err())
		}
		scan.Release()
		for _, rec := range kept {
			for i := range int(rec.NumRows()) {
				if row == len(want) {
					rt.Fatalf("more than %d rows", row)
				}
				for c, column := range columns {
					if got, want := cells(rec, c, i), cell(want[row], column); got != want {
						rt.Fatalf("row %d column %s: %s, want %s", row, column, got, want)
					}
				}
				row++
			}
			rec.Release()
		}
		if row != len(want) {
			rt.Fatalf("%d rows, want %d", row, len(want))
		}
		if mem.CurrentAlloc() != 0 {
			rt.Fatalf("%d bytes are still allocated", mem.CurrentAlloc())
		}
		for _, r := range readers {
			if r.data != nil {
				rt.Fatalf("still mapped, %d holders", r.refs.Load())
			}
		}

		if model := statsModel(want); stats != model {
			rt.Fatalf("stats %+v, want %+v", stats, model)
		}
		inRange := int64(0)
		for _, s := range samples {
			if s.Time >= from && s.Time < to {
				inRange++
			}
		}
		if stored != inRange {
			rt.Fatalf("%d samples are stored in the range, want %d", stored, inRange)
		}
		wantOK := false
		var last ingest.Sample
		for _, s := range settledModel(samples, math.MinInt64, to, policy) {
			if isNumber(s.Kind) {
				last, wantOK = s, true
			}
		}
		if ok != wantOK || at != last.Time || value != last.Number {
			rt.Fatalf("before %d: %d %v %v, want %d %v %v", to, at, value, ok, last.Time, last.Number, wantOK)
		}
	})
}
