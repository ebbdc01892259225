package segment

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// benchRows is 1 Hz data, as a device sends it.
func benchRows(n int, start, step int64) Rows {
	var r Rows
	for i := range n {
		t := start + int64(i)*step
		r.Append(ingest.Sample{Time: t, Kind: ingest.KindNumber, Number: 20 + math.Sin(float64(i)/900), Received: t + 5e6, Protocol: ingest.ProtocolMQTT})
	}
	return r
}

// sensorRows is 1 Hz data with two decimals and jitter, in time and in how long it took to arrive.
func sensorRows(n int, start int64) Rows {
	r := benchRows(n, start, 1e9)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range r.Time {
		r.Time[i] += random.Int64N(20) * 1e6
		r.Received[i] = r.Time[i] + 3e6 + random.Int64N(4e6)
		r.Number[i] = math.Round(100*r.Number[i]+10*random.NormFloat64()) / 100
	}
	return r
}

// BenchmarkScan reads time and value of one series. baseline=slice is a plain sum over a slice in memory, the bound of work=sum.
func BenchmarkScan(b *testing.B) {
	const n = 4 << 20
	rows := benchRows(n, 0, 1e9)
	r := openFile(b, writeFile(b, b.TempDir(), rows))
	defer r.Release()
	odd := openFile(b, writeFile(b, b.TempDir(), benchRows(n/2, 1e9, 2e9)))
	defer odd.Release()
	even := openFile(b, writeFile(b, b.TempDir(), benchRows(n/2, 0, 2e9)))
	defer even.Release()
	late := benchRows(n/1000, 500e6, 1000e9)

	var total float64
	for _, c := range []struct {
		name  string
		sum   bool
		touch bool
		runs  []Run
	}{
		{"work=none/touch=warm", false, false, []Run{r.Run(0)}},
		{"work=sum/touch=warm", true, false, []Run{r.Run(0)}},
		{"work=none/touch=first", false, true, []Run{r.Run(0)}},
		{"work=sum/touch=first", true, true, []Run{r.Run(0)}},
		{"work=sum/late=1in1000", true, false, []Run{r.Run(0), MemoryRun(late)}},
		{"work=sum/interleaved=2", true, false, []Run{even.Run(0), odd.Run(0)}},
	} {
		b.Run(fmt.Sprintf("%s/rows=%d", c.name, n), func(b *testing.B) {
			b.SetBytes(16 * n)
			b.ReportAllocs()
			for b.Loop() {
				if c.touch {
					r.forget()
				}
				scan := Scan(context.Background(), c.runs, math.MinInt64, math.MaxInt64, KeepAll, []string{"time", "value"}, memory.DefaultAllocator)
				for scan.Next() {
					if c.sum {
						total += plainSum(scan.Record().Column(1).(*array.Float64).Float64Values())
					}
				}
				if scan.Err() != nil {
					b.Fatal(scan.Err())
				}
				scan.Release()
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
		})
	}
	b.Run(fmt.Sprintf("baseline=slice/rows=%d", n), func(b *testing.B) {
		b.SetBytes(16 * n)
		for b.Loop() {
			total += plainSum(rows.Number)
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
	})
}

func plainSum(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum
}

// forget makes every block untouched again.
func (r *Reader) forget() {
	r.sound = make([]atomic.Uint64, len(r.sound))
}

// BenchmarkStats describes a range that cuts its first and last block.
func BenchmarkStats(b *testing.B) {
	const n = 1 << 20
	r := openFile(b, writeFile(b, b.TempDir(), benchRows(n, 0, 1e9)))
	defer r.Release()
	for b.Loop() {
		s, err := RangeStats(context.Background(), []Run{r.Run(0)}, 1e9, (n-1)*1e9, KeepAll)
		if err != nil || s.Samples != n-2 {
			b.Fatal(s, err)
		}
	}
}

// BenchmarkWrite writes rows of one series to nowhere.
func BenchmarkWrite(b *testing.B) {
	const n = 1 << 18
	rows := sensorRows(n, 0)
	b.SetBytes(24 * n)
	for b.Loop() {
		w := NewWriter(discard{})
		if err := w.Add(seriesA, rows); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
