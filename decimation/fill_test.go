package decimation

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

// decimatedSource makes a reader of rows as NewReader gives them.
func decimatedSource(t rapid.TB, mem memory.Allocator, all []row, r *rand.Rand) array.RecordReader {
	t.Helper()
	b := array.NewRecordBuilder(mem, Schema([]Function{Avg}))
	defer b.Release()
	var records []arrow.Record
	for len(all) > 0 {
		n := r.IntN(len(all) + 1)
		for _, x := range all[:n] {
			b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(x.t))
			if math.IsNaN(x.v) {
				b.Field(1).(*array.Float64Builder).AppendNull()
			} else {
				b.Field(1).(*array.Float64Builder).Append(x.v)
			}
			b.Field(2).(*array.Int64Builder).Append(x.count)
		}
		records = append(records, b.NewRecord())
		all = all[n:]
	}
	src, err := array.NewRecordReader(Schema([]Function{Avg}), records)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range records {
		rec.Release()
	}
	return src
}

// filled is the slow reference: every bucket of the range in a list, then the list is looked at from each of its places.
func filled(t rapid.TB, all []row, b Buckets, f Fill, from, to int64) []row {
	if from == math.MinInt64 || to == math.MaxInt64 {
		if len(all) == 0 {
			return nil
		}
		if from == math.MinInt64 {
			from = all[0].t
		}
		if to == math.MaxInt64 {
			to = all[len(all)-1].t + 1
		}
	}
	from, _, err := b.Find(from)
	if err != nil {
		t.Fatal(err)
	}
	given := map[int64]row{}
	for _, x := range all {
		given[x.t] = x
	}
	var out []row
	for at := from; at < to; {
		start, end, err := b.Find(at)
		if err != nil {
			t.Fatal(err)
		}
		x, ok := given[start]
		if !ok {
			x = row{start, null, 0}
		}
		out = append(out, x)
		at = end
	}
	want := append([]row(nil), out...)
	for i := range want {
		if !math.IsNaN(out[i].v) {
			continue
		}
		before, after := i, i
		for before >= 0 && math.IsNaN(out[before].v) {
			before--
		}
		for after < len(out) && math.IsNaN(out[after].v) {
			after++
		}
		switch {
		case f.Mode == FillValue:
			want[i].v = f.Value
		case f.Mode == FillPrevious && before >= 0:
			want[i].v = out[before].v
		case f.Mode == FillLinear && before >= 0 && after < len(out):
			share := new(big.Rat).SetFrac(big.NewInt(out[i].t-out[before].t), big.NewInt(out[after].t-out[before].t))
			a, z := new(big.Rat).SetFloat64(out[before].v), new(big.Rat).SetFloat64(out[after].v)
			want[i].v, _ = a.Add(a, share.Mul(share, z.Sub(z, a))).Float64()
		}
	}
	return want
}

func TestFill(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		zone := mustZone(t, rapid.SampledFrom(testZones).Draw(t, "zone"))
		b := NewBuckets(mustWidth(t, rapid.SampledFrom([]string{"1s", "15m", "2h", "1d", "1M"}).Draw(t, "ds")), zone)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 12))
		from, to := int64(math.MinInt64), int64(math.MaxInt64)
		at := time.Date(2011, 12, 20, 0, 0, 0, 0, time.UTC).UnixNano()
		start, end, err := b.Find(at)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "from") {
			from = start + r.Int64N(end-start)
		}
		var all []row
		for range rapid.IntRange(0, 40).Draw(t, "n") {
			if r.IntN(3) > 0 {
				x := row{start, shapes[[]string{"anything", "sensor", "largest", "integers"}[r.IntN(4)]](r) + 0, 1 + r.Int64N(9)}
				if r.IntN(3) == 0 {
					x.v, x.count = null, 1+r.Int64N(2)
				}
				all = append(all, x)
			}
			for range 1 + r.IntN(3)*r.IntN(3) {
				start, end, err = b.Find(end)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if rapid.Bool().Draw(t, "to") {
			to = start + r.Int64N(end-start)
		}
		f := Fill{Mode: FillMode(r.IntN(4)), Value: 12.5}
		in := all
		if to != math.MaxInt64 && len(in) > 0 && in[len(in)-1].t >= to {
			in = in[:len(in)-1]
		}
		got, err := rows(t, newFillReader(decimatedSource(t, mem, all, r), b, f, from, to, mem))
		if want := filled(t, in, b, f, from, to); err != nil || !sameRows(got, want) {
			t.Fatalf("%s, mode %d, %d to %d, of\n%v\ngot\n%v, %v, want\n%v", b.Width(), f.Mode, from, to, all, got, err, want)
		}
		mem.AssertSize(asTest{t}, 0)
	})
}

func TestFillEmptySource(t *testing.T) {
	b := NewBuckets(Width{1, 'd'}, mustZone(t, "UTC"))
	r := rand.New(rand.NewPCG(1, 1))
	got, err := rows(t, FillReader(decimatedSource(t, memory.DefaultAllocator, nil, r), b, Fill{Mode: FillValue, Value: math.Copysign(0, -1)}, 1, 3*day*second))
	if want := []row{{0, 0, 0}, {day * second, 0, 0}, {2 * day * second, 0, 0}}; err != nil || !sameRows(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	got, err = rows(t, FillReader(decimatedSource(t, memory.DefaultAllocator, nil, r), b, Fill{}, math.MinInt64, math.MaxInt64))
	if err != nil || len(got) != 0 {
		t.Errorf("an open range without a row has %v, %v", got, err)
	}
}

// TestFillLongGap looks at two values eleven days apart by the second: a million rows, of which never more than a batch exists.
func TestFillLongGap(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	b := NewBuckets(Width{1, 's'}, mustZone(t, "UTC"))
	const n = 1_000_000
	src := decimatedSource(t, mem, []row{{0, 0, 1}, {n * second, n, 1}}, rand.New(rand.NewPCG(2, 2)))
	idle := mem.CurrentAlloc()
	r := newFillReader(src, b, Fill{Mode: FillLinear}, 0, (n+1)*second, mem)
	defer mem.AssertSize(t, 0)
	defer r.Release()
	next := 0
	for r.Next() {
		if held := mem.CurrentAlloc() - idle; held > 400_000 {
			t.Fatalf("%d bytes are held", held)
		}
		for _, v := range r.Record().Column(1).(*array.Float64).Float64Values() {
			if v != float64(next) {
				t.Fatalf("row %d is %v", next, v)
			}
			next++
		}
	}
	if r.Err() != nil || next != n+1 {
		t.Errorf("%d rows, %v", next, r.Err())
	}
}

func TestFillRefusesRowsBetweenBuckets(t *testing.T) {
	b := NewBuckets(Width{1, 'd'}, mustZone(t, "UTC"))
	src := decimatedSource(t, memory.DefaultAllocator, []row{{5, 1, 1}}, rand.New(rand.NewPCG(1, 1)))
	if _, err := rows(t, FillReader(src, b, Fill{}, 0, day*second)); err == nil || !contains(err.Error(), "not the start of a 1d bucket") {
		t.Error(err)
	}
}
