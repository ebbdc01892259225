package decimation

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// TestFillHoldsWhatItNeeds of a source whose stddev has a value in the first and the last row alone: one record, but for the line between
// the two.
func TestFillHoldsWhatItNeeds(t *testing.T) {
	const n = 100_000
	b := NewBuckets(Width{1, 's'}, mustZone(t, "UTC"))
	for mode, most := range map[FillMode]int{FillNull: 400_000, FillValue: 400_000, FillPrevious: 400_000, FillLinear: 60 * n} {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		src := &sparse{schema: Schema([]Function{Avg, Stddev}), rows: n, size: 1000, mem: mem}
		r := newFillReader(src, b, Fill{Mode: mode, Value: 5}, 0, n*second, mem)
		next := 0
		for r.Next() {
			if held := mem.CurrentAlloc(); held > most {
				t.Fatalf("mode %d: %d bytes are held at row %d", mode, held, next)
			}
			for i, v := range r.Record().Column(1).(*array.Float64).Float64Values() {
				stddev, want := r.Record().Column(2).(*array.Float64), map[FillMode]float64{FillValue: 5, FillLinear: float64(next)}[mode]
				if next == n-1 {
					want = n - 1
				}
				if v != float64(next) || next > 0 && stddev.Value(i) != want || stddev.IsNull(i) != (mode == FillNull && next > 0 && next < n-1) {
					t.Fatalf("mode %d: row %d is %v, %v", mode, next, v, stddev.Value(i))
				}
				next++
			}
		}
		if r.Err() != nil || next != n {
			t.Errorf("mode %d: %d rows, %v", mode, next, r.Err())
		}
		r.Release()
		mem.AssertSize(t, 0)
	}
}

// sparse gives a row a second, in records of some size, whose second function has a value in the first and the last alone: their number.
type sparse struct {
	array.RecordReader
	schema *arrow.Schema
	rows   int
	size   int
	next   int
	page   *page
	record arrow.Record
	mem    memory.Allocator
}

func (s *sparse) Schema() *arrow.Schema { return s.schema }
func (s *sparse) Record() arrow.Record  { return s.record }
func (s *sparse) Err() error            { return nil }
func (s *sparse) Release() {
	if s.record != nil {
		s.record.Release()
	}
}

func (s *sparse) Next() bool {
	s.Release()
	s.record = nil
	if s.next == s.rows {
		return false
	}
	if s.page == nil {
		s.page = newPage(2)
	}
	p := s.page
	for ; s.next < s.rows && p.rows() < s.size; s.next++ {
		p.row(int64(s.next)*second, 1)
		p.value(0, float64(s.next), true)
		p.value(1, float64(s.next), s.next == 0 || s.next == s.rows-1)
	}
	s.record = p.record(s.schema, s.mem)
	return true
}

func TestFillLooksNoFurther(t *testing.T) {
	b := NewBuckets(Width{1, 's'}, mustZone(t, "UTC"))
	for most, ok := range map[int]bool{999: true, 998: false} {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		r := newFillReader(&sparse{schema: Schema([]Function{Avg, Stddev}), rows: 1001, size: 100, mem: mem}, b, Fill{Mode: FillLinear}, 0, math.MaxInt64, mem)
		r.(*filler).ahead.most = most
		if got, err := table(t, r); ok && (err != nil || len(got) != 1001) || !ok && (err == nil || !contains(err.Error(), "more than 998 rows before 1970-01-01T00:16:39Z have no value.stddev")) {
			t.Errorf("looking %d rows ahead gives %d rows, %v", most, len(got), err)
		}
		mem.AssertSize(t, 0)
	}
}

// TestFillAllocatesNothingForARow: a record more costs as much whether it is filled or not, and however many rows it has.
func TestFillAllocatesNothingForARow(t *testing.T) {
	b := NewBuckets(Width{1, 's'}, mustZone(t, "UTC"))
	for mode := range FillLinear + 1 {
		allocations := func(rows int64) float64 {
			src := decimatedSource(t, memory.DefaultAllocator, []row{{0, 1, 1}, {1e9 * second, 2, 1}}, rand.New(rand.NewPCG(2, 2)))
			r := newFillReader(src, b, Fill{Mode: mode, Value: 5}, 0, 1e9*second, memory.DefaultAllocator)
			defer r.Release()
			r.(*filler).batch = int(rows)
			return testing.AllocsPerRun(5, func() {
				if !r.Next() {
					t.Fatal(r.Err())
				}
			})
		}
		if small, large := allocations(1000), allocations(4000); large > small+10 {
			t.Errorf("mode %d: %v allocations for 1,000 rows, %v for 4,000", mode, small, large)
		}
	}
}

// TestFillLongGap looks at two values three days apart by the second: of the rows between, never more than a batch exists.
func TestFillLongGap(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	b := NewBuckets(Width{1, 's'}, mustZone(t, "UTC"))
	const n = 300_000
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
