package store

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestRetentionRunsByItself lets hours pass: what is too old goes, a segment at a time where it can, and the files go with it.
func TestRetentionRunsByItself(t *testing.T) {
	dir := t.TempDir()
	var log strings.Builder
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		cfg := quick(dir)
		cfg.NoUpkeep = false
		cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
		cfg.Expire = func(channel string, now time.Time) (int64, bool) {
			return now.Add(-10 * time.Hour).UnixNano(), channel == "c"
		}
		s := mustOpen(t, cfg)
		other := number("kept", start.UnixNano(), 1)
		other.Series.Channel = "other"
		// A segment of six hours, one of the next six with another channel in it, one more.
		for i := range 3 {
			for k := range 6 {
				mustAppend(t, s, number("a", start.Add(time.Duration(6*i+k)*time.Hour).UnixNano(), 1))
			}
			if i == 1 {
				mustAppend(t, s, other)
			}
			if err := s.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		for hours := range 40 {
			time.Sleep(time.Until(start.Add(time.Duration(hours)*time.Hour + time.Minute)))
			synctest.Wait()
			rows, err := readStore(quick(dir))
			if err != nil {
				t.Fatal(err)
			}
			// Before the hour that the keeper last looked at, nothing is left but of the channel that is kept.
			want := min(18, 18-max(0, hours-10)) + 1
			if want = max(1, want); len(rows) < want || len(rows) > want+1 {
				t.Fatalf("after %d hours %d rows are there, want %d", hours, len(rows), want)
			}
			if n := len(s.listed()); hours >= 17 && n > 2 || hours >= 29 && n > 1 {
				t.Fatalf("after %d hours %d segments are left", hours, n)
			}
		}
		list := s.listed()
		if len(list) != 1 || list[0].rows != 1 || len(s.deletes) > 0 {
			t.Errorf("at last %+v is left, and %d tombstones", list, len(s.deletes))
		}
		mustClose(t, s)
	})
	if said := log.String(); strings.Count(said, "segments=1") != 2 || strings.Count(said, "hidden=1\n") < 10 {
		t.Errorf("logged\n%s", said)
	}
	files, err := os.ReadDir(filepath.Join(dir, segmentDir))
	if err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
	if _, err := Verify(context.Background(), dir, nil); err != nil {
		t.Error(err)
	}
}

// TestWhatHasExpiredDoesNotComeBack lets the configuration keep more than before, while the segment is not rewritten yet.
func TestWhatHasExpiredDoesNotComeBack(t *testing.T) {
	cfg := quick(t.TempDir())
	now, limit := time.Unix(0, 0), 2*hour
	cfg.Now = func() time.Time { return now }
	cfg.Expire = func(string, time.Time) (int64, bool) { return limit, true }
	s := mustOpen(t, cfg)
	store := func(hours ...int64) {
		for _, h := range hours {
			mustAppend(t, s, number("a", h*hour, 1))
		}
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	store(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	for _, l := range []int64{2 * hour, hour} {
		limit, now = l, now.Add(2*time.Hour)
		if err := s.Upkeep(context.Background()); err != nil {
			t.Fatal(err)
		}
		rows, err := readStore(quick(cfg.Dir))
		if err != nil || len(rows) != 10 {
			t.Errorf("%d rows are there, %v", len(rows), err)
		}
	}
	store(0, 1) // late ones; of these the new limit lets one stay
	now = now.Add(2 * time.Hour)
	if err := s.Upkeep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if rows, err := readStore(quick(cfg.Dir)); err != nil || len(rows) != 11 || rows[0].Time != hour {
		t.Errorf("%v, %v", rows, err)
	}
	mustClose(t, s)
}

// TestWhatHasExpiredInMemoryGoes has samples in a log of before and in the one that is being written: what has not expired may stay there.
func TestWhatHasExpiredInMemoryGoes(t *testing.T) {
	cfg := quick(t.TempDir())
	now, limit := time.Unix(0, 0), int64(0)
	cfg.Now = func() time.Time { return now }
	cfg.Expire = func(channel string, _ time.Time) (int64, bool) { return limit, channel == "c" }
	s := mustOpen(t, cfg)
	kept := number("a", 0, 1)
	kept.Series.Channel = "kept"
	mustAppend(t, s, number("a", 3*hour, 1), number("a", hour, 1), kept) // not in order
	for _, c := range []struct {
		limit       int64
		rows, files int
	}{{hour, 3, 0}, {2 * hour, 2, 1}, {2 * hour, 3, 1}, {4 * hour, 1, 1}} {
		mustClose(t, s)
		s = mustOpen(t, cfg)
		if c.rows == 3 && c.files == 1 {
			mustAppend(t, s, number("a", 3*hour+1, 1))
		}
		limit, now = c.limit, now.Add(2*time.Hour)
		if err := s.Upkeep(context.Background()); err != nil {
			t.Fatal(err)
		}
		rows, err := readStore(quick(cfg.Dir))
		if err != nil || len(rows) != c.rows || len(s.listed()) != c.files {
			t.Errorf("before %d: %d rows are there, want %d; %d files, want %d; %v", c.limit, len(rows), c.rows, len(s.listed()), c.files, err)
		}
	}
	mustClose(t, s)
}

// TestWhatHasExpiredLeavesTheFiles has a channel of few samples expire among others that stay: they are hidden at once, and gone from the file when no more of it
// will expire. The log says each round what went out of sight then.
func TestWhatHasExpiredLeavesTheFiles(t *testing.T) {
	cfg := quick(t.TempDir())
	var log strings.Builder
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	now, limit := time.Unix(0, 0), hour
	cfg.Now = func() time.Time { return now }
	cfg.Expire = func(channel string, _ time.Time) (int64, bool) { return limit, channel == "c" }
	s := mustOpen(t, cfg)
	for h := range int64(20) {
		kept := number("a", h*hour, 1)
		kept.Series.Channel = "kept"
		mustAppend(t, s, kept)
		if h < 2 {
			mustAppend(t, s, number("a", h*hour, 1))
		}
	}
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		limit       int64
		seen, store int64
		said        string
	}{{hour, 21, 22, "segments=0 bytes=0 samples=0 hidden=1"}, {2 * hour, 20, 22, "segments=0 bytes=0 samples=0 hidden=1"}, {20 * hour, 20, 20, ""}} {
		limit, now = c.limit, now.Add(2*time.Hour)
		log.Reset()
		if err := s.Upkeep(context.Background()); err != nil {
			t.Fatal(err)
		}
		rows, err := readStore(quick(cfg.Dir))
		if err != nil || len(rows) != int(c.seen) || s.listed()[0].rows != c.store {
			t.Errorf("before %d: %d rows are seen of %d, want %d of %d; %v", c.limit, len(rows), s.listed()[0].rows, c.seen, c.store, err)
		}
		if said := log.String(); c.said == "" && said != "" || c.said != "" && (!strings.Contains(said, c.said) || strings.Count(said, "\n") != 1) {
			t.Errorf("before %d: logged\n%swant %q", c.limit, said, c.said)
		}
	}
	if len(s.deletes) > 0 {
		t.Errorf("%d tombstones are left", len(s.deletes))
	}
	mustClose(t, s)
}
