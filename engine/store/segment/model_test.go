package segment

import (
	"context"
	"fmt"
	"math"
	"os"
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

// drawSamples makes a series as devices might send it: stretches that go on steadily, some late, some at times that were there before, of mostly one kind.
func drawSamples(t *rapid.T) []ingest.Sample {
	var out []ingest.Sample
	now := int64(0)
	for range rapid.IntRange(0, 6).Draw(t, "stretches") {
		now += rapid.Int64Range(-300, 300).Draw(t, "jump") * 1e9
		step := rapid.SampledFrom([]int64{0, 1, 1e3, 1e6, 1e9}).Draw(t, "step")
		kind := ingest.Kind(rapid.IntRange(0, 4).Draw(t, "kind"))
		mixed := rapid.IntRange(0, 3).Draw(t, "mixed") == 0
		values := rapid.IntRange(1, 5).Draw(t, "values")
		extras := rapid.IntRange(0, 3).Draw(t, "extras")
		repeat := rapid.SampledFrom([]int{2, 44, 500, math.MaxInt}).Draw(t, "repeat") // the rows that have a time of their own
		n := rapid.IntRange(1, 20).Draw(t, "rows")
		if long := rapid.IntRange(0, 9).Draw(t, "long"); step > 0 && long == 0 {
			n = rapid.SampledFrom([]int{BlockRows - 1, BlockRows, BlockRows + 1, 3*BlockRows + 500, 33*BlockRows + 7}).Draw(t, "many")
		} else if step > 0 && long < 5 {
			n = rapid.IntRange(shareRows-10, 4*shareRows).Draw(t, "some")
		}
		for i := range n {
			s := ingest.Sample{Time: now, Kind: kind, Received: now + int64(i%3), Protocol: ingest.ProtocolMQTT}
			if mixed {
				s.Kind = ingest.Kind(i * 7 % 5)
			}
			switch v := i * 31 % values; s.Kind {
			case ingest.KindNumber:
				s.Number = float64(v-1) / 8
			case ingest.KindBool:
				s.Number = float64(v % 2)
			case ingest.KindString, ingest.KindBytes:
				s.Text = "texts"[:v]
			}
			if extras&1 != 0 && i%3 > 0 {
				s.HasSum, s.Sum = true, float64(i%values)
			}
			if extras&2 != 0 && i%5 > 0 {
				s.HasUpdate, s.Update = true, now+int64(i%values)
			}
			if extras == 3 && i%7 == 0 {
				s.Protocol = ingest.ProtocolImport
			}
			out = append(out, s)
			if (i+1)%repeat > 0 {
				now += step
			}
		}
	}
	return out
}

var seriesA = ingest.Series{Channel: "c", Subtopic: "events.data", Name: "a", Unit: "Cel"}

// rowsOf sorts samples into Rows.
func rowsOf(samples []ingest.Sample) Rows {
	var r Rows
	for _, s := range samples {
		r.Append(s)
	}
	r.SortStable()
	return r
}

// writeFile makes a segment of series a.
func writeFile(t testing.TB, dir string, rows ...Rows) string {
	t.Helper()
	f, err := os.CreateTemp(dir, "*.seg")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := NewWriter(f)
	for _, r := range rows {
		if err := w.Add(seriesA, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

func openFile(t testing.TB, path string) *Reader {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// drawRuns cuts samples, in order of arrival, into runs of segments and memory. Of some a range is deleted: they become two clipped runs. left
// are the samples that remain.
func drawRuns(t *rapid.T, tb testing.TB, dir string, samples []ingest.Sample) (runs []Run, readers []*Reader, left []ingest.Sample) {
	all := samples
	add := func(run Run, of []ingest.Sample) {
		if rapid.IntRange(0, 2).Draw(t, "delete") > 0 {
			runs, left = append(runs, run), append(left, of...)
			return
		}
		from, to := drawRange(t, all)
		if from > to {
			from, to = to, from
		}
		runs = append(runs, run.Clip(math.MinInt64, from), run.Clip(to, math.MaxInt64))
		for _, s := range of {
			if s.Time < from || s.Time >= to {
				left = append(left, s)
			}
		}
	}
	for len(samples) > 0 {
		n := rapid.IntRange(1, len(samples)).Draw(t, "run")
		of := samples[:n]
		rows := rowsOf(of)
		samples = samples[n:]
		if rapid.Bool().Draw(t, "memory") {
			add(MemoryRun(rows), of)
			continue
		}
		cut := rapid.IntRange(0, n).Draw(t, "cut")
		parts := []Rows{rows.Slice(0, cut), rows.Slice(cut, n)}
		var r *Reader
		if rapid.IntRange(0, 2).Draw(t, "version") == 0 {
			var err error
			if r, err = readBytes("version 1", bytesV1(tb, parts...)); err != nil {
				tb.Fatal(err)
			}
		} else {
			r = openFile(tb, writeFile(tb, dir, parts...))
		}
		if err := r.Verify(context.Background(), nil); err != nil {
			tb.Fatal(err)
		}
		if r.Rows() != int64(n) {
			tb.Fatalf("%d rows written, %d read", n, r.Rows())
		}
		readers = append(readers, r)
		add(r.Run(0), of)
	}
	return runs, readers, left
}

func drawRange(t *rapid.T, samples []ingest.Sample) (from, to int64) {
	end := func(open int64, label string) int64 {
		if len(samples) == 0 || rapid.Bool().Draw(t, label+" open") {
			return open
		}
		return rapid.SampledFrom(samples).Draw(t, label).Time + rapid.Int64Range(-1, 1).Draw(t, label+" off")
	}
	return end(math.MinInt64, "from"), end(math.MaxInt64, "to")
}

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
