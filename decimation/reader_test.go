package decimation

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

// rows reads all and releases the reader. No record is longer than a batch, and none is empty.
func rows(t rapid.TB, r array.RecordReader) ([]row, error) {
	t.Helper()
	defer r.Release()
	var all []row
	for r.Next() {
		rec := r.Record()
		if rec.NumRows() == 0 || rec.NumRows() > batchRows || !rec.Schema().Equal(r.Schema()) {
			t.Fatalf("a record has %d rows and the schema %v", rec.NumRows(), rec.Schema())
		}
		values := rec.Column(1).(*array.Float64)
		for i, at := range rec.Column(0).(*array.Timestamp).TimestampValues() {
			v := null
			if values.IsValid(i) {
				v = values.Value(i)
			}
			all = append(all, row{int64(at), v, rec.Column(2).(*array.Int64).Value(i)})
		}
	}
	return all, r.Err()
}

// decimated is the slow reference: a map of buckets, and rational arithmetic.
func decimated(t rapid.TB, samples []sample, spec Spec) []row {
	values := map[int64][]float64{}
	for _, s := range samples {
		if s.t < spec.From || s.t >= spec.To || math.IsNaN(s.v) {
			continue
		}
		start, _, err := spec.Buckets.Find(s.t)
		if err != nil {
			t.Fatal(err)
		}
		values[start] = append(values[start], s.v)
	}
	var want []row
	for start, vs := range values {
		v, ok := reference(spec.Functions[0], vs)
		if !ok {
			v = null
		}
		want = append(want, row{start, v, int64(len(vs))})
	}
	slices.SortFunc(want, func(a, b row) int { return cmp.Compare(a.t, b.t) })
	return want
}

func drawSamples(t *rapid.T) []sample {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "samples"), 10))
	at := time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC).UnixNano() + r.Int64N(3*second)
	var samples []sample
	for range rapid.IntRange(0, 300).Draw(t, "n") {
		v := shapes[[]string{"sensor", "near zero", "integers"}[r.IntN(3)]](r)
		if r.IntN(8) == 0 {
			v = null
		}
		samples = append(samples, sample{at, v})
		switch r.IntN(12) {
		case 0:
		case 1:
			at += r.Int64N(7200 * second)
		default:
			at += r.Int64N(200 * second)
		}
	}
	return samples
}

func drawSpec(t *rapid.T, samples []sample) Spec {
	zone := mustZone(t, rapid.SampledFrom(testZones).Draw(t, "zone"))
	spec := Spec{
		Buckets:   NewBuckets(mustWidth(t, rapid.SampledFrom([]string{"1s", "1m", "15m", "1h", "2h", "1d", "1w", "1M", "1y"}).Draw(t, "ds")), zone),
		Functions: []Function{rapid.SampledFrom(allFunctions).Draw(t, "dsf")}, From: math.MinInt64, To: math.MaxInt64,
	}
	if len(samples) > 0 && rapid.Bool().Draw(t, "from") {
		spec.From = rapid.SampledFrom(samples).Draw(t, "first").t + rapid.Int64Range(-1, 1).Draw(t, "around")
	}
	if len(samples) > 0 && rapid.Bool().Draw(t, "to") {
		spec.To = rapid.SampledFrom(samples).Draw(t, "last").t + rapid.Int64Range(-1, 1).Draw(t, "around")
	}
	return spec
}

func TestReader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		samples := drawSamples(t)
		spec := drawSpec(t, samples)
		src := source(t, mem, samples, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 11)), nil)
		r, err := newReader(src, spec, mem)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rows(t, r)
		if want := decimated(t, samples, spec); err != nil || !sameRows(got, want) {
			t.Fatalf("%s %s:\n%v, %v, want\n%v", spec.Functions[0], spec.Buckets.Width(), got, err, want)
		}
		mem.AssertSize(asTest{t}, 0)
	})
}

// TestCountsAddUp looks at samples around the changes of clocks of any zone: no sample is lost or counted twice, whatever the width.
func TestCountsAddUp(t *testing.T) {
	names := ZoneNames()
	rapid.Check(t, func(t *rapid.T) {
		zone := mustZone(t, rapid.SampledFrom(append(names, testZones...)).Draw(t, "zone"))
		around := rapid.Int64Range(-4e18, 4e18).Draw(t, "around")
		if spans := zone.table()[1:]; len(spans) > 0 {
			around = rapid.SampledFrom(spans).Draw(t, "change").start % 4e9 * second
		}
		width := Width{N: rapid.Int64Range(1, 12).Draw(t, "n"), Unit: rapid.SampledFrom([]byte("smhdwMy")).Draw(t, "unit")}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "samples"), 12))
		var samples []sample
		for at := around - 40*3600*second; at < around+40*3600*second; at += r.Int64N(1200 * second) {
			samples = append(samples, sample{at, 1})
		}
		src := source(t, memory.DefaultAllocator, samples, r, nil)
		reader, err := NewReader(src, Spec{Buckets: NewBuckets(width, zone), Functions: []Function{Sum}, From: math.MinInt64, To: math.MaxInt64})
		if err != nil {
			t.Fatal(err)
		}
		got, err := rows(t, reader)
		if err != nil {
			t.Fatal(err)
		}
		counted, last := int64(0), int64(math.MinInt64)
		for _, b := range got {
			if b.t <= last || b.v != float64(b.count) {
				t.Fatalf("bucket %v after one at %s", b, utc(last))
			}
			counted, last = counted+b.count, b.t
		}
		if counted != int64(len(samples)) {
			t.Fatalf("%s in %s: %d samples, and counts add up to %d", width, zone.Name, len(samples), counted)
		}
	})
}

// asTest lets a CheckedAllocator report to rapid.
type asTest struct{ rapid.TB }

func (a asTest) Helper() { a.TB.Helper() }

func TestReaderHandsOutBatches(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	var samples []sample
	for i := range int64(3*batchRows + 5) {
		samples = append(samples, sample{i * second, float64(i)})
	}
	spec := Spec{Buckets: NewBuckets(Width{1, 's'}, mustZone(t, "UTC")), Functions: []Function{Avg}, From: math.MinInt64, To: math.MaxInt64}
	r, err := newReader(source(t, mem, samples, rand.New(rand.NewPCG(1, 1)), nil), spec, mem)
	if err != nil {
		t.Fatal(err)
	}
	r.Retain()
	r.Release()
	got, err := rows(t, r)
	if err != nil || len(got) != len(samples) {
		t.Fatalf("%d rows of %d, %v", len(got), len(samples), err)
	}
}

func TestReaderBatch(t *testing.T) {
	samples := make([]sample, 100)
	for i := range samples {
		samples[i] = sample{int64(i) * 2 * second, float64(i)}
	}
	spec := Spec{Buckets: NewBuckets(mustWidth(t, "1s"), mustZone(t, "UTC")), Functions: []Function{Sum}, From: 0, To: 200 * second, Batch: 7}
	for _, filled := range []bool{false, true} {
		r, err := NewReader(source(t, memory.DefaultAllocator, samples, rand.New(rand.NewPCG(1, 2)), nil), spec)
		if err != nil {
			t.Fatal(err)
		}
		want := int64(100)
		if filled {
			r, want = FillReader(r, spec.Buckets, Fill{}, spec.From, spec.To), 200
		}
		got := int64(0)
		for r.Next() {
			if n := r.Record().NumRows(); n > 7 {
				t.Errorf("a record has %d rows", n)
			}
			got += r.Record().NumRows()
		}
		if r.Err() != nil || got != want {
			t.Errorf("filled %v: %d rows and %v, want %d", filled, got, r.Err(), want)
		}
		r.Release()
	}
}

func TestReaderFaults(t *testing.T) {
	utcZone := mustZone(t, "UTC")
	broken := errors.New("the disk is broken")
	cases := []struct {
		name    string
		samples []sample
		width   string
		fault   error
		want    string
	}{
		{"overflow", []sample{{0, math.MaxFloat64}, {1, math.MaxFloat64}}, "1d", nil, "sum of the bucket that starts at 1970-01-01T00:00:00Z"},
		{"overflow that the next bucket would make good", []sample{{0, math.MaxFloat64}, {1, math.MaxFloat64}, {day * second, -math.MaxFloat64}}, "1d", nil,
			"sum of the bucket that starts at 1970-01-01T00:00:00Z"},
		{"source", []sample{{0, 1}}, "1d", broken, "the disk is broken"},
		{"time line", []sample{{math.MaxInt64 - 1, 1}}, "1d", nil, "time line"},
		{"order", []sample{{5 * second, 1}, {second, 1}, {2, 1}, {1, 1}}, "1s", nil, "goes back in time"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			spec := Spec{Buckets: NewBuckets(mustWidth(t, c.width), utcZone), Functions: []Function{Sum}, From: math.MinInt64, To: math.MaxInt64}
			var parts []arrow.Record
			var schema *arrow.Schema
			for _, s := range c.samples {
				src := source(t, mem, []sample{s}, rand.New(rand.NewPCG(1, 1)), nil)
				for src.Next() {
					src.Record().Retain()
					parts = append(parts, src.Record())
				}
				schema = src.Schema()
				src.Release()
			}
			src, err := array.NewRecordReader(schema, parts)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range parts {
				p.Release()
			}
			r, err := newReader(&faulty{src, c.fault}, spec, mem)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := rows(t, r); err == nil || !contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestReaderRefusesOtherColumns(t *testing.T) {
	for _, fields := range [][]arrow.Field{
		{{Name: "time", Type: arrow.FixedWidthTypes.Timestamp_ns}},
		{{Name: "time", Type: arrow.FixedWidthTypes.Timestamp_us}, {Name: "value", Type: arrow.PrimitiveTypes.Float64}},
		{{Name: "time", Type: arrow.FixedWidthTypes.Timestamp_ns}, {Name: "value", Type: arrow.PrimitiveTypes.Int64}},
	} {
		src, err := array.NewRecordReader(arrow.NewSchema(fields, nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		src.Retain()
		if _, err := NewReader(src, Spec{}); err == nil {
			t.Errorf("%v was taken", fields)
		}
		if err := FillReader(src, Buckets{}, Fill{}, 0, 1).Err(); err == nil {
			t.Errorf("fill took %v", fields)
		}
	}
}

func TestSeek(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := make([]arrow.Timestamp, rapid.IntRange(1, 200).Draw(t, "n"))
		at := arrow.Timestamp(0)
		for i := range times {
			at += arrow.Timestamp(rapid.IntRange(0, 3).Draw(t, "step"))
			times[i] = at
		}
		from := rapid.IntRange(0, len(times)-1).Draw(t, "from")
		end := rapid.Int64Range(-1, int64(at)+2).Draw(t, "end")
		want := from
		for want < len(times) && int64(times[want]) < end {
			want++
		}
		b := Block{Times: times, Values: make([]float64, len(times)), First: int64(times[0]), Last: int64(times[len(times)-1])}
		if got := b.seek(from, end); got != want {
			t.Fatalf("seek(%v, %d, %d) is %d, want %d", times, from, end, got, want)
		}
		if b.Times, b.Clock = nil, clockOf(times); b.seek(from, end) != want {
			t.Fatalf("seek(%v, %d, %d) by clock is %d, want %d", times, from, end, b.seek(from, end), want)
		}
	})
}

// clockOf is times as a Clock.
type clockOf []arrow.Timestamp

func (c clockOf) At(i int) int64 { return int64(c[i]) }

func (c clockOf) Search(t int64) int {
	return sort.Search(len(c), func(i int) bool { return int64(c[i]) >= t })
}
