//go:build unix

package store

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow/array"
)

// TestGuard cuts a segment short while it is scanned: who reads records under Guard gets an error that names the file, be it from the scan or from a record that
// lies over the file.
func TestGuard(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	samples := make([]ingest.Sample, 10_000)
	for i := range samples {
		samples[i] = ingest.Sample{Series: ingest.Series{Channel: "c", Subtopic: "s", Name: "n"}, Time: int64(i) * 1e9, Kind: ingest.KindNumber, Number: float64(i), Protocol: ingest.ProtocolImport}
	}
	if err := s.Append(ctx, ingest.Batch{Samples: samples}); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	snap, err := OpenSnapshot(ctx, Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	r, err := snap.Scan(ctx, 0, math.MinInt64, math.MaxInt64, "time", "value")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Next() {
		t.Fatal(r.Err())
	}
	files, err := filepath.Glob(filepath.Join(dir, segmentDir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("segments: %v, %v", files, err)
	}
	if err := os.Truncate(files[0], 0); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	err = snap.Guard(func() error {
		for more := true; more; more = r.Next() {
			for _, v := range r.Record().Column(1).(*array.Float64).Float64Values() {
				sum += v
			}
		}
		return r.Err()
	})
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.File != files[0] {
		t.Errorf("reading a record whose file was cut: %v (sum %g), want a *CorruptError that names %s", err, sum, files[0])
	}
}

// TestGuardLeavesOtherFaults: what a guarded function misses elsewhere, such as the folder that it writes into, is no damage of the store.
func TestGuardLeavesOtherFaults(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	snap, err := s.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	gone := &os.PathError{Op: "mkdir", Path: "out", Err: os.ErrNotExist}
	if err := snap.Guard(func() error { return gone }); err != error(gone) {
		t.Errorf("got %v, want %v", err, gone)
	}
}
