package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"decant/engine"
	"decant/engine/export"
)

// kept holds the stores that several benchmarks read, for as long as the tests run.
var kept struct {
	sync.Mutex
	dir    string
	stores map[string]bool
}

// fillVariable has this program fill a store and end, so that its memory can be watched from outside: "series seconds folder".
const fillVariable = "DECANT_BENCH_FILL"

func TestMain(m *testing.M) {
	if text := os.Getenv(fillVariable); text != "" {
		var series, seconds int
		var dir string
		_, err := fmt.Sscan(text, &series, &seconds, &dir)
		if err == nil {
			err = Fill(context.Background(), dir, series, seconds)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if kept.dir != "" {
		os.RemoveAll(kept.dir)
	}
	os.Exit(code)
}

// storeOf is the folder of a store of series × seconds samples. It is made when it is first asked for.
func storeOf(t testing.TB, series, seconds int) string {
	t.Helper()
	kept.Lock()
	defer kept.Unlock()
	if kept.dir == "" {
		dir, err := os.MkdirTemp("", "decant-bench-*")
		if err != nil {
			t.Fatal(err)
		}
		kept.dir, kept.stores = dir, map[string]bool{}
	}
	dir := filepath.Join(kept.dir, fmt.Sprintf("%dx%d", series, seconds))
	if !kept.stores[dir] {
		if err := Fill(context.Background(), dir, series, seconds); err != nil {
			t.Fatal(err)
		}
		kept.stores[dir] = true
	}
	return dir
}

// open takes a snapshot, which is closed when the test ends.
func open(t testing.TB, dir string) export.Snapshot {
	t.Helper()
	snap, err := engine.Source(Config(dir)).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { snap.Close() })
	return snap
}
