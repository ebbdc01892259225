package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"decant/engine/store/vfs"
	"decant/engine/store/vfs/vfstest"
	"decant/ingest"
)

// ledger is what a run of the store was given, and what it acknowledged. Batch i is one frame: its samples are there together or not at all.
type ledger struct {
	given [][]ingest.Sample
	acked map[int]bool
}

// batch makes the next batch. Each sample of a run has a time of its own, so that what is there twice is seen; every third comes late.
func (l *ledger) batch() ingest.Batch {
	i := len(l.given)
	var samples []ingest.Sample
	for k := range 1 + i%4 {
		t := int64(100*i + k)
		if i%3 == 0 {
			t -= 1000
		}
		samples = append(samples, number([]string{"a", "b", "c"}[(i+k)%3], t, float64(i)))
	}
	l.given = append(l.given, samples)
	return ingest.Batch{Samples: samples, Deliveries: []ingest.Delivery{{Client: "device", PacketID: uint16(i)}}}
}

// work opens, appends, flushes, closes and opens again until it is done or something fails.
func (l *ledger) work(cfg Config) error {
	for range 2 {
		s, err := Open(cfg)
		if err != nil {
			return err
		}
		for i := range 7 {
			b := l.batch()
			if err = s.Append(context.Background(), b); err != nil {
				break
			}
			l.acked[len(l.given)-1] = true
			if i == 4 {
				if err = s.Flush(context.Background()); err != nil {
					break
				}
			}
		}
		if e := s.Close(); err == nil {
			err = e
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// check compares what is stored with the ledger.
func (l *ledger) check(t *testing.T, what string, rows []row) {
	t.Helper()
	for i, samples := range l.given {
		there := 0
		for _, s := range samples {
			n := 0
			for _, r := range rows {
				if r == rowOf(s) {
					n++
				}
			}
			if n > 1 {
				t.Fatalf("%s: sample %+v is there %d times", what, rowOf(s), n)
			}
			there += n
		}
		if there != len(samples) && (there > 0 || l.acked[i]) {
			t.Fatalf("%s: %d of %d samples of batch %d are there; acknowledged: %v", what, there, len(samples), i, l.acked[i])
		}
	}
	if n := len(slices.Concat(l.given...)); len(rows) > n {
		t.Fatalf("%s: %d rows of %d samples", what, len(rows), n)
	}
}

// checkFolder reads the store in a folder in all ways, and goes on writing it.
func (l *ledger) checkFolder(t *testing.T, what, dir string) {
	t.Helper()
	rows, err := readStore(quick(dir))
	switch {
	case errors.Is(err, ErrNotStore) && len(l.acked) == 0:
	case err != nil:
		t.Fatalf("%s: read: %v", what, err)
	default:
		l.check(t, what+": read only", rows)
		if sum, err := Verify(context.Background(), dir, nil); err != nil || sum.Samples != int64(len(rows)) {
			t.Fatalf("%s: verify: %+v, %v", what, sum, err)
		}
	}
	s, err := Open(quick(dir))
	if err != nil {
		t.Fatalf("%s: open: %v", what, err)
	}
	known := map[uint16]bool{}
	for _, d := range s.Deliveries() {
		known[d.PacketID] = true
	}
	for i := range l.acked {
		if !known[uint16(i)] {
			t.Fatalf("%s: the delivery of batch %d is forgotten", what, i)
		}
	}
	mustAppend(t, s, l.batch().Samples...)
	l.acked[len(l.given)-1] = true
	mustClose(t, s)
	if rows, err = readStore(quick(dir)); err != nil {
		t.Fatalf("%s: read after writing on: %v", what, err)
	}
	l.check(t, what+": after writing on", rows)
}

// TestPowerCutsAtEveryCall cuts the power at each call that changes the disk, and again at one during the recovery.
func TestPowerCutsAtEveryCall(t *testing.T) {
	t.Parallel()
	rounds := 1
	if os.Getenv("DECANT_LONG") != "" {
		rounds = 40
	}
	for round := range rounds {
		for n := 1; ; n++ {
			random := rand.New(rand.NewPCG(uint64(round), uint64(n)))
			if !cutAt(t, Config{NoSocket: true, NoUpkeep: true}, n, random) {
				if n < 50 {
					t.Fatalf("only %d calls were cut", n)
				}
				break
			}
		}
	}
}

// TestPowerCutsDuringFlushes cuts the power while logs change and flushes run in the background all the time.
func TestPowerCutsDuringFlushes(t *testing.T) {
	t.Parallel()
	step := 7
	if os.Getenv("DECANT_LONG") != "" {
		step = 1
	}
	for n := 1; cutAt(t, Config{NoSocket: true, NoUpkeep: true, HeadBytes: 4 * seriesBytes}, n, rand.New(rand.NewPCG(2, uint64(n)))); n += step {
	}
}

// cutAt cuts the power at call n, and again during what comes then. It is false when the work was done before the cut.
func cutAt(t *testing.T, cfg Config, n int, random *rand.Rand) bool {
	t.Helper()
	on := func(dir string, fs vfs.FS) Config {
		cfg.Dir, cfg.FS = dir, fs
		return cfg
	}
	l := &ledger{acked: map[int]bool{}}
	first, second, third := t.TempDir(), t.TempDir(), t.TempDir()
	shadow := &vfstest.Shadow{CutAt: n}
	err := l.work(on(first, shadow))
	if err == nil {
		return false
	}
	if !errors.Is(err, vfstest.ErrCut) {
		t.Fatalf("cut at call %d: %v", n, err)
	}
	if err := shadow.Survivors(first, second, random); err != nil {
		t.Fatal(err)
	}
	shadow = &vfstest.Shadow{CutAt: 1 + random.IntN(30)}
	if err := shadow.Load(second); err != nil {
		t.Fatal(err)
	}
	again := l.work(on(second, shadow))
	if again != nil && !errors.Is(again, vfstest.ErrCut) {
		t.Fatalf("cut at call %d, then at call %d: %v", n, shadow.CutAt, again)
	}
	if err := shadow.Survivors(second, third, random); err != nil {
		t.Fatal(err)
	}
	l.checkFolder(t, fmt.Sprintf("cut at call %d, then at call %d", n, shadow.CutAt), third)
	return true
}

// TestKillsAtEveryCall ends the process at each call that changes the disk, and cuts the power at one of the calls of the next process: what the first wrote and did
// not sync was there for the second to read.
func TestKillsAtEveryCall(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		random := rand.New(rand.NewPCG(1, uint64(n)))
		l := &ledger{acked: map[int]bool{}}
		dir, after := t.TempDir(), t.TempDir()
		shadow := &vfstest.Shadow{CutAt: n}
		if l.work(Config{Dir: dir, NoSocket: true, NoUpkeep: true, FS: shadow}) == nil {
			break
		}
		later := 1 + random.IntN(30)
		shadow.Resume(later)
		if err := l.work(Config{Dir: dir, NoSocket: true, NoUpkeep: true, FS: shadow}); err != nil && !errors.Is(err, vfstest.ErrCut) {
			t.Fatalf("killed at call %d, cut %d calls later: %v", n, later, err)
		}
		if err := shadow.Survivors(dir, after, random); err != nil {
			t.Fatal(err)
		}
		l.checkFolder(t, fmt.Sprintf("killed at call %d, cut %d calls later", n, later), after)
	}
}

// TestKillsBeforeTheFolderIsSynced ends the process between each rename of CURRENT and the sync of its folder, and cuts the power at each of the first calls of
// the next process, with the worst outcome: the rename is lost, but what was deleted is gone.
func TestKillsBeforeTheFolderIsSynced(t *testing.T) {
	t.Parallel()
	whole := &vfstest.Shadow{}
	if err := (&ledger{acked: map[int]bool{}}).work(Config{Dir: t.TempDir(), NoSocket: true, NoUpkeep: true, FS: whole}); err != nil {
		t.Fatal(err)
	}
	renames := 0
	for i, call := range whole.History() {
		if call != "Rename "+currentFile {
			continue
		}
		renames++
		for later := 1; later <= 6; later++ {
			l := &ledger{acked: map[int]bool{}}
			dir, after := t.TempDir(), t.TempDir()
			shadow := &vfstest.Shadow{CutAt: i + 2}
			if err := l.work(Config{Dir: dir, NoSocket: true, NoUpkeep: true, FS: shadow}); !errors.Is(err, vfstest.ErrCut) {
				t.Fatal(err)
			}
			shadow.Resume(later)
			if err := l.work(Config{Dir: dir, NoSocket: true, NoUpkeep: true, FS: shadow}); !errors.Is(err, vfstest.ErrCut) {
				t.Fatal(err)
			}
			if err := shadow.Survivors(dir, after, nil); err != nil {
				t.Fatal(err)
			}
			l.checkFolder(t, fmt.Sprintf("killed before call %d, cut %d calls later", i+2, later), after)
		}
	}
	if renames < 6 {
		t.Fatalf("only %d renames", renames)
	}
}

// TestFullDiskStopsTheWriter lets the disk run full at every few bytes.
func TestFullDiskStopsTheWriter(t *testing.T) {
	t.Parallel()
	for space := 1; ; space += 211 {
		l := &ledger{acked: map[int]bool{}}
		dir := t.TempDir()
		err := l.work(Config{Dir: dir, NoSocket: true, NoUpkeep: true, FS: &vfstest.Shadow{Space: space}})
		if err == nil {
			if space < 2000 {
				t.Fatalf("%d bytes were enough", space)
			}
			return
		}
		if !errors.Is(err, ErrDiskFull) {
			t.Fatalf("disk of %d bytes: %v", space, err)
		}
		l.checkFolder(t, fmt.Sprintf("disk of %d bytes", space), dir)
	}
}

// TestFailedSyncStopsTheWriter lets each sync fail, opens the store again as a supervisor would, and cuts the power then: the bytes that the kernel gave up
// still read well, but are not on disk.
func TestFailedSyncStopsTheWriter(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		l := &ledger{acked: map[int]bool{}}
		dir, after := t.TempDir(), t.TempDir()
		shadow := &vfstest.Shadow{FailSync: n}
		err := l.work(Config{Dir: dir, NoSocket: true, NoUpkeep: true, FS: shadow})
		if err == nil {
			if n < 20 {
				t.Fatalf("only %d syncs", n)
			}
			return
		}
		if !errors.Is(err, vfstest.ErrSync) {
			t.Fatalf("failed sync %d: %v", n, err)
		}
		if err := l.work(Config{Dir: dir, NoSocket: true, NoUpkeep: true, FS: shadow}); err != nil {
			t.Fatalf("failed sync %d: open again: %v", n, err)
		}
		if err := shadow.Survivors(dir, after, rand.New(rand.NewPCG(0, uint64(n)))); err != nil {
			t.Fatal(err)
		}
		l.checkFolder(t, fmt.Sprintf("failed sync %d", n), after)
	}
}

func TestAStoppedStoreSaysWhy(t *testing.T) {
	dir := t.TempDir()
	shadow := &vfstest.Shadow{}
	s := mustOpen(t, Config{Dir: dir, NoSocket: true, NoUpkeep: true, FS: shadow})
	mustAppend(t, s, number("a", 1, 1))
	shadow.Space = 1
	for range 2 {
		err := s.Append(context.Background(), ingest.Batch{Samples: []ingest.Sample{number("a", 2, 2)}})
		var stopped *StoppedError
		if !errors.As(err, &stopped) || !errors.Is(err, ErrDiskFull) || !containsAll(err.Error(), "write log", dir, "free some space") {
			t.Fatalf("got %v", err)
		}
	}
	if err := s.Close(); !errors.Is(err, ErrDiskFull) {
		t.Errorf("close says %v", err)
	}
}
