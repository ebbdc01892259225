package store

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"testing"

	"decant/engine/store/vfs"
	"decant/engine/store/vfs/vfstest"
	"decant/ingest"
)

// pack is what a device sends: ten names at one time.
func pack(device, second int) []ingest.Sample {
	samples := make([]ingest.Sample, 10)
	for i := range samples {
		samples[i] = ingest.Sample{
			Series: ingest.Series{Channel: "0115c85d-ef3e-4de9-9732-d0c5c4f2c482", Subtopic: "events.data",
				Name: fmt.Sprintf("urn:dev:mac:0024befffe80%04x:quantity%d", device, i), Unit: "Cel"},
			Time: int64(second) * 1e9, Kind: ingest.KindNumber, Number: 20 + float64((second+i)%977)/7, Received: int64(second) * 1e9, Protocol: ingest.ProtocolMQTT,
		}
	}
	return samples
}

// BenchmarkAppend appends batches of several sizes, flushes included.
func BenchmarkAppend(b *testing.B) {
	for _, disk := range []struct {
		name string
		fs   vfs.FS
	}{{"fsync", vfs.OS{}}, {"none", vfstest.NoSync{}}} {
		for _, size := range []int{10, 1000, 10_000} {
			b.Run(fmt.Sprintf("sync=%s/batch=%d", disk.name, size), func(b *testing.B) {
				s := mustOpen(b, Config{Dir: b.TempDir(), NoSocket: true, FS: disk.fs})
				var batches [][]ingest.Sample
				for i := range max(1, 100_000/size) {
					var batch []ingest.Sample
					for k := range size / 10 {
						batch = append(batch, pack((i*size/10+k)%100, (i*size/10+k)/100)...)
					}
					batches = append(batches, batch)
				}
				i := 0
				for b.Loop() {
					batch := batches[i%len(batches)]
					if i++; i%len(batches) == 0 {
						b.StopTimer()
						later(batches)
						b.StartTimer()
					}
					if err := s.Append(context.Background(), ingest.Batch{Samples: batch}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
				mustClose(b, s)
			})
		}
	}
}

// later moves batches on in time.
func later(batches [][]ingest.Sample) {
	for _, batch := range batches {
		for i := range batch {
			batch[i].Time += 1e12
		}
	}
}

// BenchmarkGroupCommit appends packs of ten from many callers that share syncs.
func BenchmarkGroupCommit(b *testing.B) {
	s := mustOpen(b, Config{Dir: b.TempDir()})
	var caller atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(p *testing.PB) {
		device := int(caller.Add(1))
		for second := 0; p.Next(); second++ {
			if err := s.Append(context.Background(), ingest.Batch{Samples: pack(device, second)}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(10*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
	mustClose(b, s)
}

// BenchmarkScan opens a snapshot and reads all of it: from segments, and from the log of a killed writer.
func BenchmarkScan(b *testing.B) {
	const samples = 1_000_000
	for _, from := range []string{"segments", "log"} {
		b.Run("from="+from, func(b *testing.B) {
			dir := b.TempDir()
			s := mustOpen(b, quick(dir))
			for second := range samples / 1000 {
				var batch []ingest.Sample
				for device := range 100 {
					batch = append(batch, pack(device, second)...)
				}
				mustAppend(b, s, batch...)
			}
			if from == "segments" {
				if err := s.Flush(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if n := scanAll(b, dir); n != samples {
					b.Fatalf("%d samples", n)
				}
			}
			b.ReportMetric(samples*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
			mustClose(b, s)
		})
	}
}

func scanAll(b *testing.B, dir string) (rows int64) {
	snap, err := OpenSnapshot(context.Background(), quick(dir))
	if err != nil {
		b.Fatal(err)
	}
	defer snap.Close()
	infos, err := snap.Series(context.Background(), "", "")
	if err != nil {
		b.Fatal(err)
	}
	for _, info := range infos {
		r, err := snap.Scan(context.Background(), info.ID, math.MinInt64, math.MaxInt64, "time", "value")
		if err != nil {
			b.Fatal(err)
		}
		for r.Next() {
			rows += r.Record().NumRows()
		}
		if r.Err() != nil {
			b.Fatal(r.Err())
		}
		r.Release()
	}
	return rows
}
