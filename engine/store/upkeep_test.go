package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"decant/engine/store/segment"
	"decant/engine/store/vfs/vfstest"
	"decant/ingest"

	"pgregory.net/rapid"
)

// TestCompactCountsWhatItFound flushes while it compacts.
func TestCompactCountsWhatItFound(t *testing.T) {
	cfg := quick(t.TempDir())
	var s *Store
	store := func(i int64) {
		mustAppend(t, s, number("a", i, 1))
		if err := s.Flush(context.Background()); err != nil {
			t.Error(err)
		}
	}
	cfg.FreeDisk = func(string) (int64, error) {
		store(3)
		return 1 << 40, nil
	}
	s = mustOpen(t, cfg)
	store(1)
	store(2)
	did, err := s.Compact(context.Background())
	list := s.listed()
	if did.Segments != 2 || did.Into != 1 || did.Left != list[0].bytes || did.Dropped != 0 || len(list) != 2 || err != nil {
		t.Errorf("compacted %+v, %v; there are %+v", did, err, list)
	}
	mustClose(t, s)
}

// TestReadersSeeOneStateWhileTheKeeperWorks appends, deletes and reads, from inside and outside, while the background compacts.
func TestReadersSeeOneStateWhileTheKeeperWorks(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Dir: dir, NoSocket: true, FS: vfstest.NoSync{}, LogBytes: 20_000, SegmentBytes: 20_000}
	s := mustOpen(t, cfg)
	const batches = 400
	// Batch i is a sample of each of ten series, late every seventh time; every 50th batch deletes series 9 up to itself.
	at := func(i int) int64 {
		if i%7 == 3 {
			return int64(i-3)*hour + 1
		}
		return int64(i) * hour
	}
	var readers sync.WaitGroup
	done := make(chan struct{})
	for _, open := range []func() (*Snapshot, error){
		func() (*Snapshot, error) { return s.Snapshot(context.Background()) },
		func() (*Snapshot, error) { return OpenSnapshot(context.Background(), cfg) },
	} {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := wholeBatches(open); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range batches {
		var samples []ingest.Sample
		for k := range 10 {
			samples = append(samples, number(fmt.Sprint(k), at(i), float64(i)))
		}
		mustAppend(t, s, samples...)
		if i%50 == 49 {
			d := Deletion{Selection: Selection{Channel: "c", Names: []Name{{"9", false}}}, From: math.MinInt64, To: math.MaxInt64}
			if _, err := s.Delete(context.Background(), d); err != nil {
				t.Error(err)
			}
			if err := s.Flush(context.Background()); err != nil {
				t.Error(err)
			}
		}
	}
	close(done)
	readers.Wait()
	if err := s.Upkeep(context.Background()); err != nil {
		t.Error(err)
	}
	if s.keeper.written.Load() == 0 {
		t.Error("nothing was compacted")
	}
	mustClose(t, s)
	rows, err := readStore(cfg)
	if err != nil || len(rows) != 9*batches {
		t.Errorf("%d rows of %d, %v", len(rows), 9*batches, err)
	}
}

// wholeBatches reads a snapshot, in which nine series must have as many samples as each other, and the tenth no more.
func wholeBatches(open func() (*Snapshot, error)) error {
	snap, err := open()
	if err != nil {
		return err
	}
	defer snap.Close()
	rows, err := readAll(snap)
	if err != nil {
		return err
	}
	count := map[string]int{}
	for _, r := range rows {
		count[r.Series.Name]++
	}
	for k := range 9 {
		if n := count[fmt.Sprint(k)]; n != count["0"] {
			return fmt.Errorf("series %d has %d samples, series 0 has %d", k, n, count["0"])
		}
	}
	if count["9"] > count["0"] || uint64(10*count["0"]) != snap.Arrival() {
		return fmt.Errorf("counts are %v of %d", count, snap.Arrival())
	}
	return nil
}

// TestCloseEndsUpkeep closes a store whose keeper rests, as it does while samples come.
func TestCloseEndsUpkeep(t *testing.T) {
	s := mustOpen(t, quick(t.TempDir()))
	for i := range 20 {
		mustAppend(t, s, number("a", int64(i), 1))
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	resting := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		p := &pacer{now: func() time.Time { return time.Unix(0, 0).Add(time.Hour) }, share: func() float64 { return 0.1 },
			sleep: func(ctx context.Context, d time.Duration) error {
				close(resting)
				<-ctx.Done()
				return ctx.Err()
			}}
		ended <- s.keeper.run(s.keeper.ctx, p)
	}()
	<-resting
	before := s.listed()
	mustClose(t, s)
	if err := <-ended; err != ErrClosed {
		t.Errorf("upkeep ended with %v", err)
	}
	files, err := os.ReadDir(s.path(segmentDir))
	if err != nil || len(files) != len(before) {
		t.Errorf("%d files are left of %d segments, %v", len(files), len(before), err)
	}
}

// TestUpkeepWaitsForRoom has too little disk for a copy.
func TestUpkeepWaitsForRoom(t *testing.T) {
	cfg := quick(t.TempDir())
	free := int64(1000)
	cfg.FreeDisk = func(string) (int64, error) { return free, nil }
	s := mustOpen(t, cfg)
	for i := range 20 {
		mustAppend(t, s, number("a", int64(i), 1))
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Upkeep(context.Background()); !errors.Is(err, ErrDiskFull) || !containsAll(err.Error(), "1000 bytes are free") {
		t.Errorf("without room: %v", err)
	}
	free = 1 << 40
	if err := s.Upkeep(context.Background()); err != nil || len(rangesOf(s.listed())) > 8 {
		t.Errorf("with room: %v, %d ranges", err, len(rangesOf(s.listed())))
	}
	mustClose(t, s)
}

// TestUpkeepDoesWhatThereIsRoomFor has no room to rewrite long segments, or to join them, whose times overlap, but for the short ones behind them.
func TestUpkeepDoesWhatThereIsRoomFor(t *testing.T) {
	var log strings.Builder
	cfg := quick(t.TempDir())
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	cfg.LogBytes = 1 << 20
	free := 4*cfg.LogBytes + 25_000
	cfg.FreeDisk = func(string) (int64, error) { return free, nil }
	s := mustOpen(t, cfg)
	store := func(i, n int64) {
		var samples []ingest.Sample
		for k := range n {
			samples = append(samples, number("a", k*hour+i, math.Sqrt(float64(100*k+i))))
		}
		mustAppend(t, s, samples...)
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range int64(growth) {
		store(i, 8000)
	}
	d := Deletion{Selection: Selection{Channel: "c", Names: []Name{{Name: "a"}}}, From: hour, To: hour + 1}
	if did, err := s.Delete(context.Background(), d); did.Samples != 1 || err != nil {
		t.Fatalf("%+v, %v", did, err)
	}
	for i := range int64(100) {
		store(100+i, 1)
		if i%10 == 9 {
			err := s.Upkeep(context.Background())
			if !errors.Is(err, errLater) {
				t.Fatalf("upkeep with little room: %v", err)
			}
			s.keeper.complain(err)
			free--
		}
	}
	if n := len(rangesOf(s.listed())); n < growth || n > 3*(growth-1) {
		t.Errorf("with little room %d ranges are left", n)
	}
	if n := strings.Count(log.String(), "bytes are free"); n != 1 {
		t.Errorf("that there is little room was logged %d times within an hour", n)
	}
	free = 1 << 40
	if err := s.Upkeep(context.Background()); err != nil || len(rangesOf(s.listed())) != 1 || len(s.deletes) > 0 {
		t.Errorf("with room: %v, %d ranges", err, len(rangesOf(s.listed())))
	}
	mustClose(t, s)
}

// TestCompactionWritesLittle flushes and compacts as a writer does, and holds the bytes that compaction wrote against the bound of plan.go, and all rows against what was given.
func TestCompactionWritesLittle(t *testing.T) {
	flushes := 80
	if os.Getenv("DECANT_LONG") != "" {
		flushes = 31 * 24
	}
	cfg := quick(t.TempDir())
	cfg.SegmentBytes = 100_000
	s := mustOpen(t, cfg)
	var flushed int64
	most := 0
	for i := range flushes {
		var samples []ingest.Sample
		for k := range 200 {
			x := number(fmt.Sprint(k%5), (int64(i)*200+int64(k))*18e9, math.Sqrt(float64(200*i+k)))
			if k == 77 { // hours late
				x.Time -= 30 * hour
			}
			samples = append(samples, x)
		}
		mustAppend(t, s, samples...)
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		list := s.listed()
		flushed += list[len(list)-1].bytes
		if err := s.Upkeep(context.Background()); err != nil {
			t.Fatal(err)
		}
		most = max(most, len(rangesOf(s.listed())))
	}
	ratio := float64(s.keeper.written.Load()) / float64(flushed)
	bound := math.Log(float64(flushes)) / math.Log(growth)
	t.Logf("%d flushes: compaction wrote %.2f bytes for each that was flushed, at most %.2f; %d segments, at most %d ranges", flushes, ratio, bound, len(s.listed()), most)
	if ratio > bound || most > 3*(growth-1) {
		t.Errorf("compaction wrote %.2f bytes for each that was flushed, the bound is %.2f; there were %d ranges", ratio, bound, most)
	}
	if _, _, rows := total(s.listed()); rows != int64(200*flushes) {
		t.Errorf("%d rows of %d", rows, 200*flushes)
	}
	mustClose(t, s)
	if _, err := Verify(context.Background(), cfg.Dir, func(f Fault) { t.Errorf("%+v", f) }); err != nil {
		t.Error(err)
	}
}

// TestCompactionDropsRepeatsAlone stores the same again, and once something else between: what either setting of duplicates shows stays as it was.
func TestCompactionDropsRepeatsAlone(t *testing.T) {
	text := ingest.Sample{Series: seriesOf("t"), Time: 5, Kind: ingest.KindString, Text: "on"}
	sum := ingest.Sample{Series: seriesOf("s"), Time: 5, HasSum: true, Sum: 1}
	other := sum
	other.Sum = 2
	for name, c := range map[string]struct {
		samples []ingest.Sample
		rows    int64
	}{
		"twice":           {[]ingest.Sample{number("a", 1, 1), number("a", 2, 2), number("a", 1, 1), number("a", 2, 2)}, 2},
		"three times":     {[]ingest.Sample{text, text, text}, 1},
		"another between": {[]ingest.Sample{number("a", 1, 1), number("a", 1, 2), number("a", 1, 1)}, 3},
		"and again":       {[]ingest.Sample{number("a", 1, 1), number("a", 1, 2), number("a", 1, 1), number("a", 1, 2)}, 2},
		"sums differ":     {[]ingest.Sample{sum, other, other}, 2},
	} {
		dir := t.TempDir()
		s := mustOpen(t, quick(dir))
		for _, x := range c.samples {
			mustAppend(t, s, x)
			if err := s.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Compact(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, _, rows := total(s.listed()); rows != c.rows {
			t.Errorf("%s: %d rows are stored, want %d", name, rows, c.rows)
		}
		mustClose(t, s)
		for _, duplicates := range []string{"keep", "last"} {
			cfg := quick(dir)
			cfg.Duplicates = duplicates
			rows, err := readStore(cfg)
			if err != nil {
				t.Fatal(err)
			}
			same(t, name+" "+duplicates, rows, expected(c.samples, duplicates))
		}
	}
}

// TestRepeatsAreFoundAcrossPieces hands rows on in pieces of any length.
func TestRepeatsAreFoundAcrossPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all segment.Rows
		var want, got []storedRow
		for range rapid.IntRange(0, 20).Draw(t, "rows") {
			x := drawSample(t)
			x.Time = rapid.Int64Range(0, 1).Draw(t, "step")
			if n := all.Len(); n > 0 {
				x.Time += all.Time[n-1]
			}
			all.Append(x)
		}
		for i := range all.Len() {
			if r := storedRowOf(&all, i); i == 0 || r != storedRowOf(&all, i-1) {
				want = append(want, r)
			}
		}
		var p repeats
		for i := 0; i < all.Len(); {
			j := rapid.IntRange(i+1, all.Len()).Draw(t, "end")
			if err := p.pass(all.Slice(i, j), func(rows segment.Rows) error {
				for k := range rows.Len() {
					got = append(got, storedRowOf(&rows, k))
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			i = j
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}
