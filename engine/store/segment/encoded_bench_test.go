package segment

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"decant/decimation"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// versions are a reader of each version over the same rows.
func versions(b *testing.B, rows Rows) map[string]*Reader {
	b.Helper()
	readers := map[string]*Reader{"1": openFile(b, writeV1(b, b.TempDir(), rows)), "2": openFile(b, writeFile(b, b.TempDir(), rows))}
	for _, r := range readers {
		b.Cleanup(r.Release)
	}
	return readers
}

// BenchmarkBlocks reads time and value of a series as decimation does, and nothing else; columns=value leaves the times where they are.
func BenchmarkBlocks(b *testing.B) {
	const n = 4 << 20
	readers := versions(b, sensorRows(n, 0))
	for _, version := range []string{"1", "2"} {
		r := readers[version]
		for _, read := range []string{"blocks", "records", "values"} {
			columns := []string{"time", "value"}
			if read == "values" {
				columns = columns[1:]
			}
			b.Run(fmt.Sprintf("version=%s/read=%s/rows=%d", version, read, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					rows := 0
					scan := Scan(context.Background(), []Run{r.Run(0)}, math.MinInt64, math.MaxInt64, KeepAll, columns, memory.DefaultAllocator)
					if read == "blocks" {
						for {
							block, ok := scan.(decimation.Blocks).NextBlock()
							if !ok {
								break
							}
							rows += len(block.Times)
						}
					} else {
						for scan.Next() {
							rows += int(scan.Record().NumRows())
						}
					}
					if scan.Err() != nil || rows != n {
						b.Fatal(rows, scan.Err())
					}
					scan.Release()
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
				b.ReportMetric(float64(r.Size())/n, "B/point")
			})
		}
	}
}

// BenchmarkBuckets decimates a series. sums=off reads rows where there are summaries.
func BenchmarkBuckets(b *testing.B) {
	const n = 8 << 20
	readers := versions(b, sensorRows(n, 0))
	zone, err := decimation.LoadZone("UTC")
	if err != nil {
		b.Fatal(err)
	}
	for _, ds := range []string{"15m", "1h", "1d", "1M"} {
		width, err := decimation.ParseWidth(ds)
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range []struct {
			version string
			sums    bool
		}{{"1", false}, {"2", false}, {"2", true}} {
			r := readers[c.version]
			b.Run(fmt.Sprintf("func=avg/ds=%s/version=%s/sums=%v/rows=%d", ds, c.version, c.sums, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					buckets := decimation.NewBuckets(width, zone)
					var scan array.RecordReader = Scan(context.Background(), []Run{r.Run(0)}, math.MinInt64, math.MaxInt64, KeepAll, []string{"time", "value"}, memory.DefaultAllocator)
					if !c.sums {
						scan = rowsAlone{scan}
					}
					reader, err := decimation.NewReader(scan, decimation.Spec{Buckets: buckets, Functions: []decimation.Function{decimation.Avg}, From: math.MinInt64, To: math.MaxInt64})
					if err != nil {
						b.Fatal(err)
					}
					for reader.Next() {
					}
					if reader.Err() != nil {
						b.Fatal(reader.Err())
					}
					reader.Release()
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
			})
		}
	}
}

// rowsAlone hides summaries.
type rowsAlone struct{ array.RecordReader }

func (r rowsAlone) NextBlock() (decimation.Block, bool) {
	return r.RecordReader.(decimation.Blocks).NextBlock()
}

// BenchmarkOpen opens 10,000 segments of one series each, and with load=true reads their footers.
func BenchmarkOpen(b *testing.B) {
	const n = 10_000
	dir := b.TempDir()
	whole, err := os.ReadFile(writeFile(b, dir, sensorRows(2*BlockRows, 0)))
	if err != nil {
		b.Fatal(err)
	}
	paths := make([]string, n)
	for i := range paths {
		paths[i] = filepath.Join(dir, fmt.Sprintf("%08d.seg", i))
		if err := os.WriteFile(paths[i], whole, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for _, load := range []bool{false, true} {
		b.Run(fmt.Sprintf("segments=%d/load=%v", n, load), func(b *testing.B) {
			readers := make([]*Reader, n)
			b.ReportAllocs()
			var took time.Duration
			for b.Loop() {
				start := time.Now()
				for i, path := range paths {
					if readers[i], err = Map(path); err != nil {
						b.Fatal(err)
					}
					if load {
						err = readers[i].Load()
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				took += time.Since(start)
				for _, r := range readers {
					r.Release()
				}
			}
			b.ReportMetric(took.Seconds()/float64(b.N), "s/open")
		})
	}
}
