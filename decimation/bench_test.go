package decimation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// benchRows is one day of 1 Hz data twelve times over: the benchmarks report points/s of it.
const benchRows = 12 * 86400

// benchValues are what a sensor measures: centidegrees that walk slowly. With wide they pass near zero all the time, so that their
// exponents are far apart.
func benchValues(wide bool) []float64 {
	r := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, benchRows)
	level := 2150.0
	for i := range values {
		level += math.Round(3 * r.NormFloat64())
		values[i] = level / 100
		if wide {
			values[i] = 20 * r.NormFloat64() * math.Exp2(-16*r.Float64())
		}
	}
	return values
}

func benchRecords(values []float64, size int) []arrow.Record {
	start := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC).UnixNano()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "time", Type: arrow.FixedWidthTypes.Timestamp_ns}, {Name: "value", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	var records []arrow.Record
	for i, v := range values {
		b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(start + int64(i)*second))
		b.Field(1).(*array.Float64Builder).Append(v)
		if (i+1)%size == 0 || i == len(values)-1 {
			records = append(records, b.NewRecord())
		}
	}
	return records
}

func BenchmarkDecimation(b *testing.B) {
	zone := mustZone(b, "Europe/Berlin")
	records := map[bool]map[int][]arrow.Record{}
	for _, wide := range []bool{false, true} {
		values := benchValues(wide)
		records[wide] = map[int][]arrow.Record{}
		for _, size := range []int{1024, 8192} {
			records[wide][size] = benchRecords(values, size)
		}
	}
	run := func(f Function, width string, rows int, data string) {
		b.Run(fmt.Sprintf("func=%s/bucket=%s/rows=%d/data=%s", f, width, rows, data), func(b *testing.B) {
			recs := records[data == "wide"][rows]
			spec := Spec{Buckets: NewBuckets(mustWidth(b, width), zone), Functions: []Function{f}, From: math.MinInt64, To: math.MaxInt64}
			b.ReportAllocs()
			for b.Loop() {
				src, err := array.NewRecordReader(recs[0].Schema(), recs)
				if err != nil {
					b.Fatal(err)
				}
				r, err := NewReader(src, spec)
				if err != nil {
					b.Fatal(err)
				}
				for r.Next() {
				}
				if r.Err() != nil {
					b.Fatal(r.Err())
				}
				r.Release()
			}
			b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mpoints/s")
		})
	}
	for _, f := range allFunctions {
		run(f, "15m", 1024, "narrow")
	}
	run(Avg, "15m", 8192, "narrow")
	run(Avg, "15m", 1024, "wide")
	run(Stddev, "15m", 1024, "wide")
	run(Avg, "1d", 1024, "narrow")
	run(Avg, "1m", 1024, "narrow")
	run(Avg, "1s", 1024, "narrow")
	run(Stddev, "1m", 1024, "narrow")
}

// BenchmarkPlainSum is what Go does at most on the same values without exactness or buckets.
func BenchmarkPlainSum(b *testing.B) {
	values := benchValues(false)
	sum := 0.0
	for b.Loop() {
		for _, v := range values {
			sum += v
		}
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mpoints/s")
	if sum == 1 {
		b.Log(sum)
	}
}

// BenchmarkKernel is the loops alone, over values in the first cache.
func BenchmarkKernel(b *testing.B) {
	values := benchValues(false)[:900]
	e, _ := ExponentsOf(values)
	size, _ := e.size(true)
	s := starts{start(e.top(), size), start(2*e.top(), size), start(2*e.top()-54, size)}
	sum := 0.0
	for _, k := range []struct {
		name string
		run  func()
	}{
		{"sum", func() { h, l := sumParts(values, s.value); sum += h + l }},
		{"squares", func() { sum += squareParts(values, &s, false).low }},
		{"extremes", func() { l, h := extremesOf(values, values[0], values[0]); sum += l + h }},
		{"exponents", func() { e, _ := ExponentsOf(values); sum += float64(e.Low) }},
		{"wide", func() { w := new(wide); w.add(values, true); sum += float64(w.sum[0]) }},
	} {
		for _, vectors := range []bool{false, true} {
			b.Run(fmt.Sprintf("loop=%s/vector=%v", k.name, vectors), func(b *testing.B) {
				defer func(v bool) { vector = v }(vector)
				vector = vector && vectors
				for b.Loop() {
					k.run()
				}
				b.ReportMetric(float64(b.N)*float64(len(values))/b.Elapsed().Seconds(), "points/s")
			})
		}
	}
}

// BenchmarkResult is what a bucket costs beside its values.
func BenchmarkResult(b *testing.B) {
	for _, f := range allFunctions {
		b.Run("func="+f.String(), func(b *testing.B) {
			m := momentsOf(benchValues(false)[:900])
			sum := 0.0
			for b.Loop() {
				m.ratioCount = 0
				v, _, _ := m.Result(f)
				sum += v
			}
		})
	}
	b.Run("stretch=60", func(b *testing.B) {
		values := benchValues(false)
		e, _ := ExponentsOf(values)
		var m Moments
		for b.Loop() {
			m.add(needSum, values[:60], &e)
		}
	})
	b.Run("stretch=1", func(b *testing.B) {
		values := benchValues(false)
		e, _ := ExponentsOf(values)
		var m Moments
		for b.Loop() {
			m.add(needSum, values[:1], &e)
		}
	})
}

// BenchmarkSummary is what summaries cost those who write them, a value of the blocks (1,024) that they are of, and those who merge them, a summary.
func BenchmarkSummary(b *testing.B) {
	const rows = 1024
	for _, data := range []string{"narrow", "wide"} {
		values := benchValues(data == "wide")[:32*rows]
		b.Run("step=make/data="+data, func(b *testing.B) {
			var block, group Moments
			var coded []byte
			for b.Loop() {
				group.Reset()
				coded = coded[:0]
				for rest := values; len(rest) > 0; rest = rest[rows:] {
					block.Reset()
					block.Add(rest[:rows])
					coded = block.Append(coded)
					group.Merge(&block)
				}
				coded = group.Append(coded)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(values)), "ns/value")
			b.ReportMetric(float64(len(coded))/33, "B/summary")
		})
		block := momentsOf(values[:rows])
		coded := block.Append(nil)
		b.Run("step=append/data="+data, func(b *testing.B) {
			for b.Loop() {
				coded = block.Append(coded[:0])
			}
		})
		for _, f := range []Function{Avg, Stddev, Max} {
			b.Run("step=merge/data="+data+"/func="+f.String(), func(b *testing.B) {
				var m Moments
				for b.Loop() {
					if _, err := m.mergeEncoded(f.needs(), coded); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
