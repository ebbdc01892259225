package decimation

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

const (
	blockRows   = 1024
	groupBlocks = 32
)

// year is a source of 1 Hz data from 2026-01-01 on, with a summary of each block and of each group of blocks. It has the values of one group, which come again and again.
type year struct {
	array.RecordReader // of no rows: for its schema
	values             []float64
	blocks             [groupBlocks][]byte
	group              []byte
	bounds             Exponents
	times              [blockRows]arrow.Timestamp
	summary            Summary

	at, rows int // in rows
	from     int64
	lying    bool // never a summary
	given    [3]int
}

func newYear(tb testing.TB, rows int) *year {
	schema := arrow.NewSchema([]arrow.Field{{Name: "time", Type: arrow.FixedWidthTypes.Timestamp_ns}, {Name: "value", Type: arrow.PrimitiveTypes.Float64}}, nil)
	empty, err := array.NewRecordReader(schema, nil)
	if err != nil {
		tb.Fatal(err)
	}
	y := &year{RecordReader: empty, values: benchValues(false)[:blockRows*groupBlocks], rows: rows}
	y.from = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	y.bounds, _ = ExponentsOf(y.values)
	var group Moments
	for i := range y.blocks {
		block := momentsOf(y.values[i*blockRows:][:blockRows])
		y.blocks[i] = block.Append(nil)
		group.Merge(block)
	}
	y.group = group.Append(nil)
	return y
}

func (y *year) Release()     {}
func (y *year) Err() error   { return nil }
func (y *year) again() *year { y.at = 0; return y }

// time is that of row i, also of the one behind the last.
func (y *year) time(i int) int64 { return y.from + int64(i)*second }

func (y *year) NextBlock() (Block, bool) { return y.NextUntil(math.MinInt64) }

func (y *year) NextUntil(until int64) (b Block, ok bool) {
	i := y.at
	if i >= y.rows {
		return b, false
	}
	if end := i + blockRows*groupBlocks; i%(blockRows*groupBlocks) == 0 && end <= y.rows && y.time(end-1) < until && !y.lying {
		return y.summed(end, y.group, 0), true
	}
	end := min(i+blockRows, y.rows)
	if end == i+blockRows && y.time(end-1) < until && !y.lying {
		return y.summed(end, y.blocks[i/blockRows%groupBlocks], 1), true
	}
	y.given[2]++
	y.at = end
	for k := range y.times[:end-i] {
		y.times[k] = arrow.Timestamp(y.time(i + k))
	}
	at := i % len(y.values)
	return Block{Times: y.times[:end-i], Values: y.values[at : at+end-i], First: y.time(i), Last: y.time(end - 1), Bounds: &y.bounds}, true
}

func (y *year) summed(end int, moments []byte, level int) Block {
	y.given[level]++
	y.summary = Summary{Rows: end - y.at, First: y.time(y.at), Last: y.time(end - 1), Moments: moments}
	y.at = end
	return Block{Summary: &y.summary}
}

// TestYear: a year of seconds is the same from summaries and from rows, and takes few of the rows.
func TestYear(t *testing.T) {
	const rows = 40 * 86400 // enough for all that a year has
	for _, c := range []struct {
		width string
		most  int // blocks whose rows were read
	}{{"1h", rows/3600 + 2}, {"1d", 42}, {"1M", 3}} {
		spec := Spec{Buckets: NewBuckets(mustWidth(t, c.width), mustZone(t, "Europe/Berlin")), Functions: everyFunction, From: math.MinInt64, To: math.MaxInt64}
		y := newYear(t, rows)
		read := func() []string {
			r, err := newReader(y.again(), spec, memory.DefaultAllocator)
			if err != nil {
				t.Fatal(err)
			}
			return lines(t, r)
		}
		got := read()
		if y.given[2] > c.most {
			t.Errorf("%s: the rows of %d blocks were read, not at most %d", c.width, y.given[2], c.most)
		}
		y.lying = true
		want := read()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: from summaries\n%q, of rows\n%q", c.width, got, want)
		}
	}
}

// BenchmarkYear is a year of 1 Hz data of one series, and what of it a summary takes.
func BenchmarkYear(b *testing.B) {
	const rows = 365 * 86400
	for _, functions := range [][]Function{{Avg}, {Stddev}, everyFunction} {
		for _, width := range []string{"1h", "1d", "1M", "1y"} {
			for _, from := range []string{"rows", "summaries"} {
				name := fmt.Sprintf("func=%s/bucket=%s/from=%s", functions[0], width, from)
				if len(functions) > 1 {
					name = fmt.Sprintf("func=all/bucket=%s/from=%s", width, from)
				}
				b.Run(name, func(b *testing.B) {
					y := newYear(b, rows)
					y.lying = from == "rows"
					spec := Spec{Buckets: NewBuckets(mustWidth(b, width), mustZone(b, "Europe/Berlin")), Functions: functions, From: math.MinInt64, To: math.MaxInt64}
					for b.Loop() {
						r, err := newReader(y.again(), spec, memory.DefaultAllocator)
						if err != nil {
							b.Fatal(err)
						}
						for r.Next() {
						}
						r.Release()
					}
					given := y.given[0] + y.given[1]
					b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds()/1e6, "Mpoints/s")
					b.ReportMetric(float64(y.given[2])/float64(b.N), "blocks")
					if given > 0 {
						b.ReportMetric(float64(given)/float64(b.N), "summaries")
						b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(given), "ns/summary")
					}
				})
			}
		}
	}
}
