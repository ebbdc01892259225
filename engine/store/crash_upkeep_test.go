package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"decant/engine/store/vfs"
	"decant/engine/store/vfs/vfstest"
	"decant/ingest"
)

// history is what a store was given and told to delete, in order, and what of it was acknowledged.
type history struct {
	events []event
	now    time.Time
	limit  int64 // of retention
}

// event is a batch, which is one frame, or a deletion.
type event struct {
	batch    []ingest.Sample
	deletion *Deletion
	acked    bool
}

// do runs f, and notes what it did if it was acknowledged.
func (h *history) do(e event, f func() error) error {
	h.events = append(h.events, e)
	err := f()
	h.events[len(h.events)-1].acked = err == nil
	return err
}

func (h *history) config(dir string, fs vfs.FS) Config {
	return Config{Dir: dir, NoSocket: true, NoUpkeep: true, FS: fs, SegmentBytes: 700,
		Now:    func() time.Time { return h.now },
		Expire: func(string, time.Time) (int64, bool) { return h.limit, true },
	}
}

// append stores a batch; each sample of a run has a time of its own, over some days, and every third batch comes late.
func (h *history) append(s *Store) error {
	i := len(h.events)
	var samples []ingest.Sample
	for k := range 1 + i%4 {
		t := int64(10*i + k)
		if i%3 == 0 {
			t -= 100
		}
		samples = append(samples, number([]string{"a", "b", "c"}[(i+k)%3], t*hour, float64(i)))
	}
	return h.do(event{batch: samples}, func() error {
		return s.Append(context.Background(), ingest.Batch{Samples: samples})
	})
}

func (h *history) delete(s *Store, name string, from, to int64) error {
	d := &Deletion{Selection: Selection{Channel: "c", Names: []Name{{name, false}}}, From: from, To: to}
	return h.do(event{deletion: d}, func() error {
		_, err := s.Delete(context.Background(), *d)
		return err
	})
}

// expire lets retention take what is before limit.
func (h *history) expire(s *Store, limit int64) error {
	h.limit, h.now = limit, h.now.Add(2*time.Hour)
	d := &Deletion{Selection: Selection{Channel: "c"}, From: math.MinInt64, To: limit}
	return h.do(event{deletion: d}, func() error { return s.Upkeep(context.Background()) })
}

// work does a bit of everything, until something fails.
func (h *history) work(dir string, fs vfs.FS) error {
	s, err := Open(h.config(dir, fs))
	if err != nil {
		return err
	}
	ctx := context.Background()
	latest := int64(10*len(h.events)) * hour
	compact := func() error { _, err := s.Compact(ctx); return err }
	several := func(n int) func() error {
		return func() (err error) {
			for range n {
				err = errors.Join(err, h.append(s))
			}
			return err
		}
	}
	flush := func() error { return s.Flush(ctx) }
	for _, f := range []func() error{
		several(4), flush, several(3),
		func() error { return h.delete(s, "a", latest+10*hour, latest+40*hour) },
		several(2), flush, compact, several(3),
		func() error { return h.delete(s, "b", math.MinInt64, latest+60*hour) },
		several(1), flush,
		func() error { return s.Upkeep(ctx) },
		func() error { return h.expire(s, latest-20*hour) },
		several(2), compact,
		func() error { return h.delete(s, "c", math.MinInt64, math.MaxInt64) },
		several(2),
	} {
		if err = f(); err != nil {
			break
		}
	}
	if e := s.Close(); err == nil {
		err = e
	}
	return err
}

// check compares rows with the history. What was not acknowledged has happened as a whole or not at all.
func (h *history) check(t *testing.T, what string, rows []row) {
	t.Helper()
	there := map[row]int{}
	for _, r := range rows {
		if there[r]++; there[r] > 1 {
			t.Fatalf("%s: %+v is there twice", what, r)
		}
	}
	var open []int // deletions that may have happened
	for i, e := range h.events {
		if e.deletion != nil && !e.acked {
			open = append(open, i)
		}
	}
	var faults []string
	for guess := range 1 << len(open) {
		happened := map[int]bool{}
		for k, i := range open {
			happened[i] = guess>>k&1 == 1
		}
		fault := h.fault(there, len(rows), happened)
		if fault == "" {
			return
		}
		faults = append(faults, fault)
	}
	t.Fatalf("%s: %v", what, faults)
}

// fault is what contradicts the history, if those deletions happened.
func (h *history) fault(there map[row]int, rows int, happened map[int]bool) string {
	known := 0
	for i, e := range h.events {
		found, left := 0, 0
		for _, x := range e.batch {
			deleted := slices.ContainsFunc(h.events[i:], func(o event) bool {
				return o.deletion != nil && (len(o.deletion.Names) == 0 || o.deletion.matches(x.Series)) && x.Time >= o.deletion.From && x.Time < o.deletion.To && h.holds(o, happened)
			})
			n := there[rowOf(x)]
			if deleted && n > 0 {
				return fmt.Sprintf("%+v of event %d is there, though it was deleted", rowOf(x), i)
			}
			if !deleted {
				left++
			}
			found += n
		}
		if found != left && (found > 0 || e.acked) {
			return fmt.Sprintf("%d of %d samples of event %d are there; acknowledged: %v", found, left, i, e.acked)
		}
		known += found
	}
	if known != rows {
		return fmt.Sprintf("%d rows are there, %d are known", rows, known)
	}
	return ""
}

func (h *history) holds(o event, happened map[int]bool) bool {
	if o.acked {
		return true
	}
	i := slices.IndexFunc(h.events, func(e event) bool { return e.deletion == o.deletion })
	return happened[i]
}

func (h *history) checkFolder(t *testing.T, what, dir string) {
	t.Helper()
	rows, err := readStore(quick(dir))
	switch {
	case errors.Is(err, ErrNotStore) && !slices.ContainsFunc(h.events, func(e event) bool { return e.acked }):
	case err != nil:
		t.Fatalf("%s: read: %v", what, err)
	default:
		h.check(t, what+": read only", rows)
		if _, err := Verify(context.Background(), dir, func(f Fault) { t.Errorf("%s: %+v", what, f) }); err != nil {
			t.Fatalf("%s: verify: %v", what, err)
		}
	}
	if err := h.work(dir, vfstest.NoSync{}); err != nil {
		t.Fatalf("%s: go on: %v", what, err)
	}
	if rows, err = readStore(quick(dir)); err != nil {
		t.Fatalf("%s: read after going on: %v", what, err)
	}
	h.check(t, what+": after going on", rows)
	left, err := os.ReadDir(filePath(dir, segmentDir))
	if err != nil {
		t.Fatal(err)
	}
	cur, _, err := readCurrent(dir)
	if err != nil || len(left) != len(cur.segments) {
		t.Fatalf("%s: %d files are left of %d segments, %v", what, len(left), len(cur.segments), err)
	}
}

// TestPowerCutsDuringUpkeep cuts the power at each call that changes the disk while samples are deleted, expire and are compacted, and again at one during what
// comes then.
func TestPowerCutsDuringUpkeep(t *testing.T) {
	t.Parallel()
	step := 7
	if os.Getenv("DECANT_LONG") != "" {
		step = 1
	}
	n := 1
	for ; ; n += step {
		random := rand.New(rand.NewPCG(7, uint64(n)))
		h := &history{limit: math.MinInt64}
		first, second, third := t.TempDir(), t.TempDir(), t.TempDir()
		shadow := &vfstest.Shadow{CutAt: n}
		err := h.work(first, shadow)
		if err == nil {
			break
		}
		if !errors.Is(err, vfstest.ErrCut) {
			t.Fatalf("cut at call %d: %v", n, err)
		}
		if err := shadow.Survivors(first, second, random); err != nil {
			t.Fatal(err)
		}
		shadow = &vfstest.Shadow{CutAt: 1 + random.IntN(80)}
		if err := shadow.Load(second); err != nil {
			t.Fatal(err)
		}
		if err := h.work(second, shadow); err != nil && !errors.Is(err, vfstest.ErrCut) {
			t.Fatalf("cut at call %d, then at call %d: %v", n, shadow.CutAt, err)
		}
		if err := shadow.Survivors(second, third, random); err != nil {
			t.Fatal(err)
		}
		h.checkFolder(t, fmt.Sprintf("cut at call %d, then at call %d", n, shadow.CutAt), third)
	}
	if n < 150 {
		t.Fatalf("only %d calls were cut", n)
	}
}

// TestFailedSyncsDuringUpkeep lets each sync fail while samples are deleted, expire and are compacted, opens the store again as a supervisor would, and cuts the
// power then.
func TestFailedSyncsDuringUpkeep(t *testing.T) {
	t.Parallel()
	step := 3
	if os.Getenv("DECANT_LONG") != "" {
		step = 1
	}
	n := 1
	for ; ; n += step {
		h := &history{limit: math.MinInt64}
		dir, after := t.TempDir(), t.TempDir()
		shadow := &vfstest.Shadow{FailSync: n}
		err := h.work(dir, shadow)
		if err == nil {
			break
		}
		if !errors.Is(err, vfstest.ErrSync) {
			t.Fatalf("failed sync %d: %v", n, err)
		}
		if err := h.work(dir, shadow); err != nil {
			t.Fatalf("failed sync %d: open again: %v", n, err)
		}
		if err := shadow.Survivors(dir, after, rand.New(rand.NewPCG(7, uint64(n)))); err != nil {
			t.Fatal(err)
		}
		h.checkFolder(t, fmt.Sprintf("failed sync %d", n), after)
	}
	if n < 60 {
		t.Fatalf("only %d syncs failed", n)
	}
}

// TestFullDiskDuringUpkeep lets the disk run full in compaction alone: the store takes samples on.
func TestFullDiskDuringUpkeep(t *testing.T) {
	shadow := &vfstest.Shadow{}
	h := &history{limit: math.MinInt64}
	dir := t.TempDir()
	s := mustOpen(t, h.config(dir, shadow))
	for range 24 {
		if err := errors.Join(h.append(s), s.Flush(context.Background())); err != nil {
			t.Fatal(err)
		}
	}
	before := s.listed()
	shadow.Space = 1
	if err := s.Upkeep(context.Background()); !errors.Is(err, errLater) {
		t.Fatalf("upkeep on a full disk: %v", err)
	}
	if !slices.Equal(before, s.listed()) {
		t.Errorf("segments were %+v, are %+v", before, s.listed())
	}
	shadow.Space = 0
	if err := h.append(s); err != nil {
		t.Fatal(err)
	}
	if err := s.Upkeep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := len(rangesOf(s.listed())); n > 5 {
		t.Errorf("%d ranges are left", n)
	}
	mustClose(t, s)
	rows, err := readStore(quick(dir))
	if err != nil {
		t.Fatal(err)
	}
	h.check(t, "after a full disk", rows)
}
