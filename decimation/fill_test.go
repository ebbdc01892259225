package decimation

import (
	"errors"
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

// decimatedRow is a row of any number of functions. A NaN is null.
type decimatedRow struct {
	t      int64
	values []float64
	count  int64
	some   bool // of use to a reference
}

// decimatedTable makes a reader of rows as NewReader gives them, cut into records of random sizes, empty ones too.
func decimatedTable(t rapid.TB, mem memory.Allocator, functions []Function, all []decimatedRow, r *rand.Rand) array.RecordReader {
	t.Helper()
	b := array.NewRecordBuilder(mem, Schema(functions))
	defer b.Release()
	var records []arrow.Record
	for len(all) > 0 {
		n := r.IntN(len(all) + 1)
		for _, x := range all[:n] {
			b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(x.t))
			for k, v := range x.values {
				if math.IsNaN(v) {
					b.Field(1 + k).(*array.Float64Builder).AppendNull()
				} else {
					b.Field(1 + k).(*array.Float64Builder).Append(v)
				}
			}
			b.Field(1 + len(functions)).(*array.Int64Builder).Append(x.count)
		}
		records = append(records, b.NewRecord())
		all = all[n:]
	}
	src, err := array.NewRecordReader(Schema(functions), records)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range records {
		rec.Release()
	}
	return src
}

// table reads all and releases the reader.
func table(t rapid.TB, r array.RecordReader) (all []decimatedRow, err error) {
	t.Helper()
	defer r.Release()
	for r.Next() {
		rec := r.Record()
		if rec.NumRows() == 0 || rec.NumRows() > batchRows || !rec.Schema().Equal(r.Schema()) {
			t.Fatalf("a record has %d rows and the schema %v", rec.NumRows(), rec.Schema())
		}
		last := int(rec.NumCols()) - 1
		for i, at := range rec.Column(0).(*array.Timestamp).TimestampValues() {
			x := decimatedRow{t: int64(at), count: rec.Column(last).(*array.Int64).Value(i)}
			for _, c := range rec.Columns()[1:last] {
				v := null
				if c.IsValid(i) {
					v = c.(*array.Float64).Value(i)
				}
				x.values = append(x.values, v)
			}
			all = append(all, x)
		}
	}
	return all, r.Err()
}

// columnOf is one function of all rows.
func columnOf(all []decimatedRow, k int) (rows []row) {
	for _, x := range all {
		rows = append(rows, row{x.t, x.values[k], x.count})
	}
	return rows
}

// decimatedSource makes a reader of rows of one function.
func decimatedSource(t rapid.TB, mem memory.Allocator, all []row, r *rand.Rand) array.RecordReader {
	t.Helper()
	var rows []decimatedRow
	for _, x := range all {
		rows = append(rows, decimatedRow{t: x.t, values: []float64{x.v}, count: x.count})
	}
	return decimatedTable(t, mem, []Function{Avg}, rows, r)
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
		b := drawShift(t, NewBuckets(mustWidth(t, rapid.SampledFrom([]string{"1s", "15m", "2h", "1d", "1M"}).Draw(t, "ds")), zone))
		functions := rapid.SliceOfNDistinct(rapid.SampledFrom([]Function{Avg, Max, Variance, Stddev, Count, Last}), 1, 4, rapid.ID).Draw(t, "dsf")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 12))
		from, to := int64(math.MinInt64), int64(math.MaxInt64)
		at := time.Date(rapid.SampledFrom([]int{1961, 1969, 2011}).Draw(t, "year"), 12, 20, 0, 0, 0, 0, time.UTC).UnixNano()
		start, end, err := b.Find(at)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "from") {
			from = start + r.Int64N(end-start)
		}
		all := []decimatedRow(nil)
		if from != math.MinInt64 && r.IntN(2) == 0 {
			early, _, _ := b.Find(start - 1)
			all = append(all, drawRow(r, early, len(functions)))
		}
		inside := len(all)
		for range rapid.IntRange(0, 40).Draw(t, "n") {
			if r.IntN(3) > 0 {
				all = append(all, drawRow(r, start, len(functions)))
			}
			for range 1 + r.IntN(3)*r.IntN(3) {
				start, end, err = b.Find(end)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		in := all[inside:]
		if rapid.Bool().Draw(t, "to") {
			to = start + r.Int64N(end-start)
			late, _, _ := b.Find(end)
			all = append(all, drawRow(r, late, len(functions)))
		}
		if to != math.MaxInt64 && len(in) > 0 && in[len(in)-1].t >= to {
			in = in[:len(in)-1]
		}
		f := Fill{Mode: FillMode(r.IntN(4)), Value: 12.5}
		got, err := table(t, newFillReader(decimatedTable(t, mem, functions, all, r), b, f, from, to, mem))
		if err != nil {
			t.Fatal(err)
		}
		for k := range functions {
			if got, want := columnOf(got, k), filled(t, columnOf(in, k), b, f, from, to); !sameRows(got, want) {
				t.Fatalf("%s, mode %d, %d to %d, function %d of %v, of\n%v\ngot\n%v, want\n%v", b, f.Mode, from, to, k, functions, columnOf(all, k), got, want)
			}
		}
		mem.AssertSize(asTest{t}, 0)
	})
}

// drawRow is a row in which some functions have no value.
func drawRow(r *rand.Rand, start int64, functions int) decimatedRow {
	x := decimatedRow{t: start, count: 1 + r.Int64N(9)}
	for range functions {
		v := shapes[[]string{"anything", "sensor", "largest", "integers"}[r.IntN(4)]](r) + 0
		if r.IntN(3) == 0 {
			v = null
		}
		x.values = append(x.values, v)
	}
	return x
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

func TestFillFaults(t *testing.T) {
	b := NewBuckets(Width{1, 'd'}, mustZone(t, "UTC"))
	broken := errors.New("the disk is broken")
	days := func(ns ...int64) (all []row) {
		for _, n := range ns {
			all = append(all, row{n * day * second, float64(n), 1})
		}
		return all
	}
	for _, c := range []struct {
		name  string
		rows  []row
		fault error
		want  string
	}{
		{"a row inside of a bucket", []row{{5, 1, 1}}, nil, "1970-01-01T00:00:00.000000005Z is not the start of a 1d bucket"},
		{"a bucket twice", days(0, 1, 1, 2), nil, "the row at 1970-01-02T00:00:00Z is not the start of a 1d bucket, or not in order"},
		{"back in time", days(0, 3, 1, 5), nil, "in order"},
		{"at the source's end", days(0, 1), broken, broken.Error()},
		{"while looking ahead", []row{{0, 1, 1}, {day * second, null, 1}}, broken, broken.Error()},
		{"before the first row", nil, broken, broken.Error()},
	} {
		for mode := range FillLinear + 1 {
			for _, from := range []int64{0, math.MinInt64} {
				mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
				src := &faulty{decimatedSource(t, mem, c.rows, rand.New(rand.NewPCG(1, 1))), c.fault}
				if got, err := table(t, newFillReader(src, b, Fill{Mode: mode}, from, 9*day*second, mem)); err == nil || !contains(err.Error(), c.want) {
					t.Errorf("%s, mode %d: %v, %v, want %s", c.name, mode, got, err, c.want)
				}
				mem.AssertSize(t, 0)
			}
		}
	}
}
