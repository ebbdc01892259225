//go:build unix

package segment

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
)

// TestFileCutUnderItsReaders: reading what is gone is a fault of memory, as a failing disk gives it. It must be an error that names the file.
func TestFileCutUnderItsReaders(t *testing.T) {
	path := writeFile(t, t.TempDir(), benchRows(100*BlockRows, 0, 1e9))
	r := openFile(t, path)
	defer r.Release()
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	named := func(what string, err error) {
		t.Helper()
		var fault *FaultError
		if !errors.As(err, &fault) || fault.File != path || fault.Offset < 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
	ctx := context.Background()
	runs := []Run{MemoryRun(benchRows(10, 1, 2)), r.Run(0)}
	scan := Scan(ctx, runs, math.MinInt64, math.MaxInt64, KeepAll, []string{"value"}, memory.DefaultAllocator)
	for scan.Next() {
	}
	named("scan", scan.Err())
	if scan.Next() {
		t.Error("a scan went on after its fault")
	}
	scan.Release()
	_, err := RangeStats(ctx, runs, 1e9, 4e9, KeepAll)
	named("stats", err)
	_, _, _, err = Before(ctx, runs, 4e9, KeepAll)
	named("before", err)
	reports := 0
	named("verify", r.Verify(ctx, func(int64, string) { reports++ }))
	if want := 1 + len(r.groups); reports != want { // the ends, and every directory
		t.Errorf("%d reports, want %d", reports, want)
	}
}

// TestOtherPanicsPass: Guard is for faults under the map alone.
func TestOtherPanicsPass(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a panic was swallowed")
		}
	}()
	var none []int
	_ = Guard(nil, func() error { none[len(none)] = 1; return nil })
}
