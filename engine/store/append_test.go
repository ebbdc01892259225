package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"decant/engine/store/vfs"
	"decant/engine/store/vfs/vfstest"
	"decant/ingest"
)

// gate is a file system on which a Sync waits until it is let through.
type gate struct {
	vfstest.NoSync
	only  string // the folder whose files wait; "" is all
	open  atomic.Bool
	syncs chan chan struct{}
	count atomic.Int64
}

type gated struct {
	vfs.File
	gate *gate
}

func (g *gate) Create(path string) (vfs.File, error) {
	f, err := g.NoSync.Create(path)
	if g.only != "" && filepath.Base(filepath.Dir(path)) != g.only {
		return f, err
	}
	return gated{f, g}, err
}

func (f gated) Sync() error {
	f.gate.count.Add(1)
	if !f.gate.open.Load() {
		through := make(chan struct{})
		f.gate.syncs <- through
		<-through
	}
	return nil
}

func TestBatchesThatWaitShareASync(t *testing.T) {
	g := &gate{syncs: make(chan chan struct{})}
	g.open.Store(true)
	s := mustOpen(t, Config{Dir: t.TempDir(), NoSocket: true, FS: g})
	g.open.Store(false)
	before := g.count.Load()
	var wait sync.WaitGroup
	appendOne := func(i int) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			mustAppend(t, s, number("a", int64(i), 1))
		}()
	}
	appendOne(0)
	first := <-g.syncs // the committer is in its sync
	for i := range 20 {
		appendOne(1 + i)
	}
	for s.waiting() < 20 {
		runtime.Gosched()
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Append(ctx, ingest.Batch{Samples: []ingest.Sample{number("a", 99, 1)}}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled append in the queue: %v", err)
	}
	g.open.Store(true)
	close(first)
	wait.Wait()
	if n := g.count.Load() - before; n != 2 {
		t.Errorf("%d syncs for 21 batches, of which 20 waited for the first", n)
	}
	mustClose(t, s)
	if rows, err := readStore(quick(s.cfg.Dir)); err != nil || len(rows) != 21 {
		t.Errorf("%d rows, %v: the cancelled one must not be there", len(rows), err)
	}
}

// waiting is the length of the queue.
func (s *Store) waiting() int {
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	return len(s.queue)
}

func TestReadersBesideAWriter(t *testing.T) {
	cfg := quick(t.TempDir())
	cfg.HeadBytes = 200 * sampleBytes
	s := mustOpen(t, cfg)
	var acknowledged atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	for k := range 2 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for ctx.Err() == nil {
				before := acknowledged.Load()
				var snap *Snapshot
				var err error
				if k%2 == 0 {
					snap, err = OpenSnapshot(context.Background(), cfg)
				} else {
					snap, err = s.Snapshot(context.Background())
				}
				if err != nil {
					t.Error(err)
					return
				}
				rows, err := readAll(snap)
				if err != nil || int64(len(rows)) < before || uint64(len(rows)) != snap.Arrival() {
					t.Errorf("%d rows, arrival %d, %d were acknowledged before, %v", len(rows), snap.Arrival(), before, err)
				}
				snap.Close()
			}
		}()
	}
	const batches = 150
	for i := range batches {
		mustAppend(t, s, number("a", int64(i), 1), number("b", int64(-i), 1), number(fmt.Sprint("c", i%7), int64(i), 2))
		acknowledged.Add(3)
	}
	cancel()
	wait.Wait()
	mustClose(t, s)
	if sum, err := Verify(context.Background(), cfg.Dir, nil); err != nil || sum.Samples != 3*batches || sum.Segments == 0 {
		t.Errorf("%+v, %v", sum, err)
	}
}

// TestMemoryIsBounded holds up each flush in its sync until every append waits.
func TestMemoryIsBounded(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		const limit, batches, size = 1000 * sampleBytes, 60, 100
		g := &gate{syncs: make(chan chan struct{}), only: segmentDir}
		s := mustOpen(t, Config{Dir: dir, NoSocket: true, FS: g, HeadBytes: limit})
		var appended atomic.Int64
		go func() {
			for i := range batches {
				var samples []ingest.Sample
				for k := range size {
					samples = append(samples, number("a", int64(size*i+k), 1))
				}
				mustAppend(t, s, samples...)
				appended.Add(1)
			}
		}()
		held := 0
		for synctest.Wait(); appended.Load() < batches; synctest.Wait() {
			if most := s.inMemory(); most > limit+2*(size*sampleBytes+2*seriesBytes) {
				t.Fatalf("%d bytes in memory after batch %d, the limit is %d", most, appended.Load(), limit)
			}
			through := <-g.syncs
			held++
			close(through)
		}
		if held < 5 {
			t.Errorf("appends waited for %d flushes", held)
		}
		g.open.Store(true)
		go func() {
			for through := range g.syncs {
				close(through)
			}
		}()
		mustClose(t, s)
		close(g.syncs)
	})
	if rows, err := readStore(quick(dir)); err != nil || len(rows) != 6000 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestAdmitBoundsTheSeries(t *testing.T) {
	cfg := quick(t.TempDir())
	cfg.MaxSeries = 3
	s := mustOpen(t, cfg)
	admit := func(names ...string) error {
		var samples []ingest.Sample
		for _, n := range names {
			samples = append(samples, number(n, 1, 1))
		}
		return s.Admit(samples)
	}
	if err := admit("a", "b", "a"); err != nil {
		t.Fatal(err)
	}
	if err := admit("c", "d"); !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "series d") {
		t.Fatalf("got %v", err)
	}
	if err := admit("a", "c"); err != nil {
		t.Fatalf("a refused message counted: %v", err)
	}
	mustAppend(t, s, number("a", 1, 1), number("b", 1, 1), number("c", 1, 1))
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	s = mustOpen(t, cfg)
	if err := admit("d"); !errors.Is(err, ErrLimit) {
		t.Errorf("the limit is forgotten: %v", err)
	}
	if err := admit("a", "b", "c"); err != nil {
		t.Error(err)
	}
	mustAppend(t, s, number("b", 2, 1)) // in memory
	d := Deletion{Selection: Selection{Channel: "c", Names: []Name{{Name: "a"}, {Name: "b"}}}, From: 0, To: 2}
	if _, err := s.Delete(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	if err := s.Upkeep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := admit("d", "e"); !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "series e") {
		t.Errorf("two series are there, and two more: %v", err)
	}
	if err := admit("d"); err != nil {
		t.Errorf("of three series one is gone: %v", err)
	}
	if err := admit("e"); !errors.Is(err, ErrLimit) {
		t.Errorf("b, c and d are there: %v", err)
	}
	mustClose(t, s)
}

func TestSamplesThatCanNotBeReadBackAreRefused(t *testing.T) {
	s := mustOpen(t, quick(t.TempDir()))
	for _, bad := range []ingest.Sample{
		{Kind: ingest.KindNumber, Number: math.NaN()},
		{Kind: ingest.KindNumber, Number: math.Inf(1)},
		{Kind: ingest.KindBool, Number: 2},
		{Kind: 9},
		{Time: math.MinInt64},
		{HasSum: true, Sum: math.Inf(-1)},
		{Kind: ingest.KindString, Text: strings.Repeat("x", maxText+1)},
	} {
		if err := s.Append(context.Background(), ingest.Batch{Samples: []ingest.Sample{number("good", 1, 1), bad}}); err == nil {
			t.Errorf("taken: kind %d", bad.Kind)
		}
	}
	mustAppend(t, s, number("a", 1, 1))
	mustClose(t, s)
	if err := s.Append(context.Background(), ingest.Batch{Samples: []ingest.Sample{number("a", 2, 1)}}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if rows, err := readStore(quick(s.cfg.Dir)); err != nil || len(rows) != 1 {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestOldSamplesAreFlushed(t *testing.T) {
	cfg := quick(t.TempDir())
	now := time.Unix(1000, 0)
	cfg.Now = func() time.Time { return now }
	cfg.FlushAge = time.Minute
	s := mustOpen(t, cfg)
	mustAppend(t, s, number("a", 1, 1))
	now = now.Add(59 * time.Second)
	mustAppend(t, s, number("a", 2, 1))
	segments := func() int {
		names, err := os.ReadDir(filepath.Join(cfg.Dir, segmentDir))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	if segments() != 0 {
		t.Error("flushed too early")
	}
	now = now.Add(time.Second)
	mustAppend(t, s, number("a", 3, 1))
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := segments(); n != 2 {
		t.Errorf("%d segments, want one by age and one by Flush", n)
	}
	mustClose(t, s)
}

func TestAReadOnlyFolderCanBeRead(t *testing.T) {
	if os.Getuid() == 0 {
		t.Log("root may write everywhere: only reading is tried")
	}
	dir := t.TempDir()
	s := mustOpen(t, quick(dir))
	mustAppend(t, s, number("a", 1, 1))
	mustClose(t, s)
	for _, d := range []string{dir, filepath.Join(dir, logDir), filepath.Join(dir, segmentDir)} {
		if err := os.Chmod(d, 0o555); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(d, 0o755)
	}
	before, _ := os.ReadDir(dir)
	if rows, err := readStore(Config{Dir: dir}); err != nil || len(rows) != 1 {
		t.Errorf("%v, %v", rows, err)
	}
	if after, _ := os.ReadDir(dir); len(after) != len(before) {
		t.Errorf("reading left %v where %v was", after, before)
	}
}
