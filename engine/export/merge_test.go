package export

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

var timesSchema = arrow.NewSchema([]arrow.Field{{Name: "time", Type: &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}}}, nil)

// timesCursor reads a series whose times are given, in records that end where cuts say.
func timesCursor(mem memory.Allocator, series int, earliest int64, times []arrow.Timestamp, cut func() int) *cursor {
	c := &cursor{series: series, key: earliest, explain: func(err error) error { return err }}
	c.open = func() (array.RecordReader, error) {
		var records []arrow.Record
		for len(times) > 0 {
			n := min(cut(), len(times))
			b := newTimes(mem)
			b.AppendValues(times[:n], nil)
			column := b.NewArray()
			records = append(records, array.NewRecord(timesSchema, []arrow.Array{column}, int64(n)))
			column.Release()
			b.Release()
			times = times[n:]
		}
		r, err := array.NewRecordReader(timesSchema, records)
		for _, rec := range records {
			rec.Release()
		}
		return r, err
	}
	return c
}

// The merge against a sort, over ranges from a few ns to all that int64 holds.
func TestMergeAgainstSorting(t *testing.T) {
	type row struct {
		at     int64
		series int
	}
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		width := rapid.SampledFrom([]uint64{3, 1000, 1 << 40, 1 << 60, math.MaxUint64}).Draw(t, "width")
		step := rapid.SampledFrom([]uint64{0, 1, 1 << 36, 1 << 55}).Draw(t, "step") // from where one series is to where the next is
		limit := rapid.SampledFrom([]int{1, 7, mergeRows}).Draw(t, "limit")
		regular := rapid.Bool().Draw(t, "at equal times")
		var cursors []*cursor
		var want []row
		for series := range rapid.IntRange(0, 40).Draw(t, "series") {
			from := int64(math.MinInt64/2) + int64(uint64(series)*step)
			if width == math.MaxUint64 {
				from = math.MinInt64
			}
			var times []arrow.Timestamp
			for i := range r.IntN(50) {
				at := from + int64(r.Uint64N(width))
				if regular {
					at = from + int64(uint64(i)*(width/64))
				}
				times = append(times, arrow.Timestamp(min(at, math.MaxInt64-1))) // times end before the last int64
				want = append(want, row{int64(times[i]), series})
			}
			slices.Sort(times)
			earliest := int64(math.MinInt64)
			if len(times) > 0 && r.IntN(2) == 0 {
				earliest = int64(times[0])
			}
			cursors = append(cursors, timesCursor(mem, series, earliest, times, func() int { return 1 + r.IntN(20) }))
		}
		slices.SortStableFunc(want, func(a, b row) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.series, b.series)) })

		m := newMerge(cursors)
		var got []row
		for {
			list, err := m.next(limit)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				break
			}
			before := len(got)
			for _, s := range list {
				for i := s.lo; i < s.hi; i++ {
					got = append(got, row{int64(s.c.times[i]), s.c.series})
				}
			}
			if n := len(got) - before; n == 0 || n > limit {
				t.Fatalf("%d rows at a time, at most %d are wanted", n, limit)
			}
		}
		m.close()
		if !slices.Equal(got, want) {
			t.Fatalf("merged %v, want %v", got, want)
		}
		mem.AssertSize(failer{t}, 0)
	})
}

// failer makes a rapid test of what CheckedAllocator wants.
type failer struct{ *rapid.T }

func (failer) Helper() {}

// Series that follow each other in time are never open together.
func TestMergeOpensLate(t *testing.T) {
	open := 0
	var cursors []*cursor
	for series := range 20 {
		first := int64(series) * 100
		c := timesCursor(memory.DefaultAllocator, series, first, []arrow.Timestamp{arrow.Timestamp(first), arrow.Timestamp(first + 99)}, func() int { return 1 })
		read := c.open
		c.open = func() (array.RecordReader, error) {
			open++
			return read()
		}
		cursors = append(cursors, c)
	}
	m := newMerge(cursors)
	defer m.close()
	for rows := 0; ; {
		list, err := m.next(mergeRows)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			break
		}
		for _, s := range list {
			rows += s.hi - s.lo
		}
		if rows > 0 && open > rows/2+1 {
			t.Fatalf("%d series are open or were after %d rows", open, rows)
		}
	}
}

// BenchmarkMerge measures the merge alone, of series that take turns.
func BenchmarkMerge(b *testing.B) {
	for _, series := range []int{1, 8, 50, 1000} {
		b.Run(fmt.Sprintf("series=%d", series), func(b *testing.B) {
			const each = 2000
			var times [][]arrow.Timestamp
			for s := range series {
				r := rand.New(rand.NewPCG(uint64(s), 4))
				var list []arrow.Timestamp
				for i := range int64(each) {
					list = append(list, arrow.Timestamp(i*1e9+r.Int64N(40)*1e6))
				}
				times = append(times, list)
			}
			for b.Loop() {
				b.StopTimer()
				var cursors []*cursor
				for s := range series {
					cursors = append(cursors, timesCursor(memory.DefaultAllocator, s, int64(times[s][0]), times[s], func() int { return 1024 }))
					if err := cursors[s].begin(); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				m := newMerge(cursors)
				for {
					list, err := m.next(mergeRows)
					if err != nil {
						b.Fatal(err)
					}
					if len(list) == 0 {
						break
					}
				}
				m.close()
			}
			b.ReportMetric(float64(each*series*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}
