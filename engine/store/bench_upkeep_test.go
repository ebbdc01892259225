package store

import (
	"context"
	"fmt"

	"os"
	"slices"
	"testing"
	"time"

	"decant/engine/store/vfs/vfstest"
	"decant/ingest"
)

// BenchmarkIngest appends as fast as the disk takes it, with and without the keeper, with logs so short that it always has something to merge. Beside the rate it
// says how long an Append took at the 99th percentile, and how many bytes compaction wrote for each that was flushed.
func BenchmarkIngest(b *testing.B) {
	for _, upkeep := range []bool{false, true} {
		for _, size := range []int{100, 10_000} {
			b.Run(fmt.Sprintf("upkeep=%v/batch=%d", upkeep, size), func(b *testing.B) {
				s := mustOpen(b, Config{Dir: b.TempDir(), NoSocket: true, NoUpkeep: !upkeep, LogBytes: 1 << 20})
				var took []time.Duration
				second := 0
				for b.Loop() {
					b.StopTimer()
					batch := make([]ingest.Sample, 0, size)
					for ; len(batch) < size; second++ {
						batch = append(batch, pack(second%100, second/100)...)
					}
					b.StartTimer()
					started := time.Now()
					if err := s.Append(context.Background(), ingest.Batch{Samples: batch}); err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(started))
				}
				slices.Sort(took)
				b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
				b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
				flushed := int64(1)
				if _, bytes, _ := total(s.listed()); bytes > 0 {
					flushed = bytes
				}
				b.ReportMetric(float64(s.keeper.written.Load())/float64(flushed), "written/stored")
				b.ReportMetric(float64(len(rangesOf(s.listed()))), "ranges")
				mustClose(b, s)
			})
		}
	}
}

// BenchmarkOpen opens a store of many series and segments, for writing and for reading. Its segments are the same file by many names.
func BenchmarkOpen(b *testing.B) {
	for _, c := range []struct{ segments, series int }{{1000, 100}, {10_000, 100}, {10_000, 10_000}} {
		b.Run(fmt.Sprintf("segments=%d/series=%d", c.segments, c.series), func(b *testing.B) {
			dir := manySegments(b, c.segments, c.series)
			b.Run("read", func(b *testing.B) {
				for b.Loop() {
					snap, err := OpenSnapshot(context.Background(), quick(dir))
					if err != nil {
						b.Fatal(err)
					}
					snap.Close()
				}
			})
			b.Run("write", func(b *testing.B) {
				for b.Loop() {
					mustClose(b, mustOpen(b, quick(dir)))
				}
			})
			if c.series <= 100 {
				b.Run("list", func(b *testing.B) {
					for b.Loop() {
						snap, err := OpenSnapshot(context.Background(), quick(dir))
						if err != nil {
							b.Fatal(err)
						}
						if ids, err := snap.channel(""); err != nil || ids.to != c.series {
							b.Fatal(ids, err)
						}
						snap.Close()
					}
				})
			}
		})
	}
}

// manySegments makes a store of one segment, and lets CURRENT name it under many names, one behind the other.
func manySegments(b *testing.B, segments, series int) string {
	b.Helper()
	dir := b.TempDir()
	s := mustOpen(b, quick(dir))
	var samples []ingest.Sample
	for i := range series {
		samples = append(samples, number(fmt.Sprintf("urn:dev:mac:%08d:temperature", i), 1, 1))
	}
	mustAppend(b, s, samples...)
	if err := s.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	mustClose(b, s)
	cur, _, err := readCurrent(dir)
	if err != nil || len(cur.segments) != 1 {
		b.Fatal(cur, err)
	}
	one := cur.segments[0]
	for i := 1; i < segments; i++ {
		next := one
		next.name = fileName(segmentDir, uint64(100+i), "seg")
		next.first, next.last = one.first+uint64(i*series), one.last+uint64(i*series)
		next.from, next.to = one.from+int64(i), one.to+int64(i)
		if err := os.Link(filePath(dir, one.name), filePath(dir, next.name)); err != nil {
			b.Fatal(err)
		}
		cur.segments = append(cur.segments, next)
	}
	cur.arrival = uint64(segments * series)
	cur.logs = nil
	if err := writeCurrent(vfstest.NoSync{}, dir, cur); err != nil {
		b.Fatal(err)
	}
	return dir
}
