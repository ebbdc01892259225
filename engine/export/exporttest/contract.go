package exporttest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/google/go-cmp/cmp"

	"decant/engine/export"
	"decant/formats"
)

// Target is a source under test, and how samples get into it.
type Target interface {
	export.Source
	Append(samples ...Sample) error
}

// TestSource is the contract of a Source: whatever samples it holds, it answers as Memory does, and exports from it have the same bytes. newTarget makes an empty source that
// keeps several values at one time (duplicates: keep).
func TestSource(t *testing.T, newTarget func(t *testing.T) Target) {
	t.Run("empty", func(t *testing.T) {
		snap := open(t, newTarget(t))
		all, err := snap.Series(t.Context(), "", "")
		if err != nil || len(all) != 0 {
			t.Errorf("an empty source lists %v, %v", all, err)
		}
	})
	t.Run("a snapshot does not change", func(t *testing.T) {
		target := newTarget(t)
		put(t, target, Number("c", "s", "n", "V", 1e9, 1))
		before := open(t, target)
		put(t, target, Number("c", "s", "n", "V", 2e9, 2), Number("c", "s", "new", "V", 2e9, 2))
		after := open(t, target)
		for snap, want := range map[export.Snapshot]int{before: 1, after: 3} {
			total := 0
			for _, s := range list(t, snap) {
				total += int(s.Samples)
				if rows := scan(t, snap, s.ID, math.MinInt64, math.MaxInt64, "time"); len(rows) != int(s.Samples) {
					t.Errorf("series %s has %d samples and scans %d", s.Name, s.Samples, len(rows))
				}
			}
			if total != want {
				t.Errorf("the snapshot holds %d samples, want %d", total, want)
			}
		}
		if before.Arrival() >= after.Arrival() {
			t.Errorf("arrival went from %d to %d", before.Arrival(), after.Arrival())
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		target := newTarget(t)
		put(t, target, Number("c", "s", "n", "V", 1e9, 1))
		snap := open(t, target)
		id := list(t, snap)[0].ID
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r, err := snap.Scan(ctx, id, math.MinInt64, math.MaxInt64, "time")
		if err != nil {
			return
		}
		defer r.Release()
		for r.Next() {
		}
		if r.Err() == nil {
			t.Error("a scan under a cancelled context ends without an error")
		}
	})
	for seed := range uint64(10) {
		t.Run(fmt.Sprintf("random %d", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			target, reference := newTarget(t), &Memory{}
			for range 1 + random.IntN(5) { // several appends, some of them late
				batch := Random(random, random.IntN(200))
				put(t, target, batch...)
				put(t, reference, batch...)
			}
			got, want := open(t, target), open(t, reference)
			compare(t, random, got, want)
			compareExports(t, random, got, want)
		})
	}
}

// Random makes samples of a handful of series, with equal times, repeated samples and every kind of value.
func Random(random *rand.Rand, n int) []Sample {
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	unit := []int64{1e9, 1e9, 1e6, 1}[random.IntN(4)]
	samples := make([]Sample, 0, n)
	for range n {
		if len(samples) > 0 && random.IntN(20) == 0 {
			samples = append(samples, samples[random.IntN(len(samples))])
			continue
		}
		x := Sample{
			Channel: pick("c1", "c1", "c2"), Subtopic: pick("events.data", "events.data", "status"), Publisher: pick("", "", "p1", "p2"),
			Name: pick("a", "b", "b:x", "Ü"), Unit: pick("", "V", "Cel"),
			Time:     (1_700_000_000_000_000_000/unit + random.Int64N(500)) * unit,
			Received: 1_700_000_000_000_000_000 + random.Int64N(1e12),
			Protocol: uint8(1 + random.IntN(2)),
			Kind:     formats.ValueNumber,
		}
		if random.IntN(4) == 0 {
			x.Kind = formats.ValueKind(random.IntN(5))
		}
		switch x.Kind {
		case formats.ValueNumber:
			x.Number = []float64{math.Round(random.NormFloat64()*1000) / 10, random.ExpFloat64(), 0, -1e300, 5e-324}[random.IntN(5)]
		case formats.ValueBool:
			x.Number = float64(random.IntN(2))
		case formats.ValueString:
			x.Text = pick("", "on", "off", "=1+1", "a,b", "line\nbreak", "ü")
		case formats.ValueBytes:
			x.Text = pick("", "\x00\xff", "abc")
		case formats.ValueNone:
			x.HasSum, x.Sum = true, float64(random.IntN(1000))
		}
		if random.IntN(5) == 0 {
			x.HasSum, x.Sum = true, random.NormFloat64()
		}
		samples = append(samples, x)
	}
	return samples
}

var allColumns = []string{"time", "value", "kind", "text", "sum", "received", "protocol"}

// compare asks both snapshots the same questions.
func compare(t *testing.T, random *rand.Rand, got, want export.Snapshot) {
	t.Helper()
	for _, place := range [][2]string{{"", ""}, {"c1", ""}, {"c1", "events.data"}, {"c2", "status"}, {"c3", "status"}} {
		a, err := got.Series(t.Context(), place[0], place[1])
		if err != nil {
			t.Fatalf("series of %v: %v", place, err)
		}
		b, _ := want.Series(t.Context(), place[0], place[1])
		if diff := cmp.Diff(withoutIDs(b), withoutIDs(a)); diff != "" {
			t.Fatalf("series of %v: %s", place, diff)
		}
		for i := range a {
			for range 4 {
				from, to := randomRange(random, b[i])
				compareSeries(t, random, got, want, a[i].ID, b[i].ID, from, to)
			}
		}
	}
}

func withoutIDs(list []export.Series) []export.Series {
	var out []export.Series
	for _, s := range list {
		s.ID = 0
		out = append(out, s)
	}
	return out
}

// randomRange often starts and ends at a sample.
func randomRange(random *rand.Rand, s export.Series) (from, to int64) {
	at := func() int64 {
		switch random.IntN(4) {
		case 0:
			return s.First
		case 1:
			return s.Last
		}
		return s.First - 10 + random.Int64N(s.Last-s.First+20)
	}
	from, to = at(), at()
	if from > to {
		from, to = to, from
	}
	if random.IntN(4) == 0 {
		from = math.MinInt64
	}
	if random.IntN(4) == 0 {
		to = math.MaxInt64
	}
	return from, to
}

func compareSeries(t *testing.T, random *rand.Rand, got, want export.Snapshot, a, b export.SeriesID, from, to int64) {
	t.Helper()
	stats, err := got.Stats(t.Context(), a, from, to)
	if err != nil {
		t.Fatalf("stats in [%d, %d): %v", from, to, err)
	}
	wantStats, _ := want.Stats(t.Context(), b, from, to)
	if diff := cmp.Diff(wantStats, stats); diff != "" {
		t.Errorf("stats in [%d, %d): %s", from, to, diff)
	}
	stored, err := got.Stored(t.Context(), a, from, to)
	if err != nil {
		t.Fatalf("stored in [%d, %d): %v", from, to, err)
	}
	if wantStored, _ := want.Stored(t.Context(), b, from, to); stored != wantStored {
		t.Errorf("stored in [%d, %d): %d, want %d", from, to, stored, wantStored)
	}
	columns := []string{"time"}
	for _, i := range random.Perm(len(allColumns))[:random.IntN(len(allColumns))] {
		if allColumns[i] != "time" {
			columns = append(columns, allColumns[i])
		}
	}
	rows, wantRows := scan(t, got, a, from, to, columns...), scan(t, want, b, from, to, columns...)
	if !slices.Equal(rows, wantRows) {
		t.Errorf("scan of %v in [%d, %d): %s", columns, from, to, cmp.Diff(wantRows, rows))
	}
	if from == math.MinInt64 {
		return
	}
	time, value, ok, err := got.Before(t.Context(), a, from)
	if err != nil {
		t.Fatalf("before %d: %v", from, err)
	}
	wantTime, wantValue, wantOK, _ := want.Before(t.Context(), b, from)
	if ok != wantOK || ok && (time != wantTime || value != wantValue) {
		t.Errorf("before %d: %d %v %v, want %d %v %v", from, time, value, ok, wantTime, wantValue, wantOK)
	}
}

func open(t *testing.T, s export.Source) export.Snapshot {
	t.Helper()
	snap, err := s.Open(t.Context())
	if err != nil {
		t.Fatalf("open a snapshot: %v", err)
	}
	t.Cleanup(func() {
		if err := snap.Close(); err != nil {
			t.Errorf("close the snapshot: %v", err)
		}
	})
	return snap
}

func put(t *testing.T, target Target, samples ...Sample) {
	t.Helper()
	if err := target.Append(samples...); err != nil {
		t.Fatalf("append: %v", err)
	}
}

func list(t *testing.T, snap export.Snapshot) []export.Series {
	t.Helper()
	all, err := snap.Series(t.Context(), "", "")
	if err != nil {
		t.Fatalf("list series: %v", err)
	}
	return all
}

// scan reads a series' rows as text, and checks the records' shape on the way.
func scan(t *testing.T, snap export.Snapshot, id export.SeriesID, from, to int64, columns ...string) []string {
	t.Helper()
	r, err := snap.Scan(t.Context(), id, from, to, columns...)
	if err != nil {
		t.Fatalf("scan: %v", err)
	}
	defer r.Release()
	var rows []string
	for r.Next() {
		rec := r.Record()
		for i, name := range columns {
			f := rec.Schema().Field(i)
			if f.Name != name || !arrow.TypeEqual(f.Type, columnTypes[name]) {
				t.Fatalf("column %d of %v is %s %s, want %s", i, columns, f.Name, f.Type, columnTypes[name])
			}
		}
		for row := range int(rec.NumRows()) {
			text := ""
			for i, name := range columns {
				text += name + "=" + cell(rec.Column(i), row) + " "
			}
			rows = append(rows, text)
		}
	}
	if err := r.Err(); err != nil {
		t.Fatalf("scan: %v", err)
	}
	return rows
}

func cell(a arrow.Array, row int) string {
	if b, ok := a.(*array.Binary); ok && len(b.Value(row)) == 0 {
		return "" // a text that is not there is empty or null
	}
	return a.ValueStr(row)
}
