package store

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const (
	hour = int64(3600e9)
	day  = 24 * hour
)

// flushed is the list after n flushes of the same length, each an hour behind the one before and, as clocks differ, a little into it.
func flushed(list []segmentFile, n int, bytes, rows int64) []segmentFile {
	for range n {
		var first uint64 = 1
		at := int64(len(list)) * hour
		if k := len(list); k > 0 {
			first = list[k-1].last + 1
			at = list[k-1].to - 60e9
		}
		list = append(list, segmentFile{fmt.Sprintf("segments/%d.seg", first), bytes, rows, first, first + uint64(rows) - 1, at, at + hour})
	}
	return list
}

// pretend does a job without files: what a group becomes has the sum of its bytes, cut as merger cuts it.
func pretend(t *testing.T, list []segmentFile, j job, target int64) (after []segmentFile, written int64) {
	t.Helper()
	var made []segmentFile
	for _, group := range j.groups {
		all := group[0]
		all.name = fmt.Sprintf("%s+%d", all.name, len(list))
		for _, f := range group[1:] {
			all.bytes, all.rows, all.from, all.to = all.bytes+f.bytes, all.rows+f.rows, min(all.from, f.from), max(all.to, f.to)
		}
		written += all.bytes
		pieces, err := cut(all.from, all.to, float64(all.bytes), float64(target), func(s span) (float64, error) {
			return float64(min(s.to, all.to)-max(s.from, all.from)) / float64(all.to-all.from), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range pieces {
			part := all
			part.name = fmt.Sprintf("%s/%d", all.name, i)
			part.from, part.to = max(p.from, all.from), min(p.to-1, all.to)
			share := float64(part.to-part.from) / float64(all.to-all.from)
			part.bytes, part.rows = int64(share*float64(all.bytes)), max(1, int64(share*float64(all.rows)))
			made = append(made, part)
		}
	}
	return j.apply(list, made), written
}

// TestWriteAmplification plays a month of flushes, with and without late samples, and holds what compaction writes against the bound that plan.go states.
func TestWriteAmplification(t *testing.T) {
	const target = 128 << 20
	for _, c := range []struct {
		name    string
		bytes   int64 // of a flush, an hour each
		late    bool  // each flush has a sample of long ago
		atMost  float64
		atRange int // most ranges at a time
	}{
		{"100 KB an hour", 100 << 10, false, 2.6, 22},
		{"5 MB an hour", 5 << 20, false, 2.4, 22},
		{"60 MB an hour", 60 << 20, false, 1.6, 22},
		{"5 MB an hour, late ones", 5 << 20, true, 2.6, 22},
	} {
		t.Run(c.name, func(t *testing.T) {
			var list []segmentFile
			var flushes, wrote int64
			ranges := 0
			for range 31 * 24 {
				list = flushed(list, 1, c.bytes, 1_000_000)
				if c.late && len(list) > 1 {
					list[len(list)-1].from = -365 * day
				}
				flushes += c.bytes
				for {
					j, ok := planJoin(list, nil, nil, target)
					if !ok {
						break
					}
					var n int64
					list, n = pretend(t, list, j, target)
					wrote += n
				}
				ranges = max(ranges, len(rangesOf(list)))
				if c := (&current{segments: list, arrival: math.MaxInt64}).contradiction(); c != "" {
					t.Fatal(c)
				}
			}
			ratio := float64(wrote) / float64(flushes)
			bound := math.Log(31*24) / math.Log(growth)
			t.Logf("compaction wrote %.2f bytes for each that was flushed; at most %.2f; %d segments in %d ranges, at most %d", ratio, bound, len(list), len(rangesOf(list)), ranges)
			if ratio > bound || ratio > c.atMost || ranges > c.atRange {
				t.Errorf("it wrote %.2f bytes for each that was flushed, allowed are %.2f; there were %d ranges", ratio, min(bound, c.atMost), ranges)
			}
		})
	}
}

// TestJobsKeepTheListConsistent joins arbitrary lists: ranges stay neighbours, every row is in one place, what overlaps is merged, what tombstones take is rewritten.
func TestJobsKeepTheListConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := drawSegments(t)
		taken := map[string]bool{}
		for _, f := range list {
			if rapid.IntRange(0, 5).Draw(t, "taken") == 0 {
				taken[f.name] = true
			}
		}
		j, ok := planAll(list, nil, taken, 1000)
		if rapid.Bool().Draw(t, "some") {
			j, ok = planJoin(list, nil, taken, 1000)
		}
		if !ok {
			return
		}
		seen := map[string]bool{}
		for _, group := range append([][]segmentFile{j.stay}, j.groups...) {
			for _, f := range group {
				if seen[f.name] {
					t.Fatalf("%s is in two places", f.name)
				}
				seen[f.name] = true
			}
		}
		for _, f := range j.stay {
			if taken[f.name] {
				t.Fatalf("%s stays, though something is taken of it", f.name)
			}
		}
		for _, f := range list {
			if inside := f.first >= j.first && f.last <= j.last; inside != seen[f.name] {
				t.Fatalf("%s, of %d to %d, is in a job of %d to %d: %v", f.name, f.first, f.last, j.first, j.last, seen[f.name])
			}
		}
		var made []segmentFile
		for i, group := range j.groups {
			all := group[0]
			all.name = fmt.Sprintf("new %d", i)
			for _, f := range group[1:] {
				all.rows, all.from, all.to = all.rows+f.rows, min(all.from, f.from), max(all.to, f.to)
			}
			made = append(made, all)
		}
		after := current{segments: j.apply(list, made), arrival: math.MaxInt64}
		if why := after.contradiction(); why != "" {
			t.Fatalf("%s: %+v", why, after.segments)
		}
		_, _, rows := total(list)
		if _, _, now := total(after.segments); now != rows {
			t.Fatalf("%d rows of %d", now, rows)
		}
	})
}

func drawSegments(t *rapid.T) (list []segmentFile) {
	last := uint64(0)
	for i := range rapid.IntRange(1, 30).Draw(t, "ranges") {
		width := uint64(rapid.SampledFrom([]int{5, 10, 100, 1000}).Draw(t, "width"))
		at := rapid.Int64Range(-50, 50).Draw(t, "from")
		for k := range rapid.IntRange(1, 3).Draw(t, "segments") {
			to := at + rapid.Int64Range(0, 20).Draw(t, "length")
			list = append(list, segmentFile{fmt.Sprintf("%d.%d", i, k), rapid.Int64Range(1, 1500).Draw(t, "bytes"), 1, last + 1, last + width, at, to})
			at = to + 1 + rapid.Int64Range(0, 5).Draw(t, "gap")
		}
		last += width
	}
	return list
}

func TestASparedSegmentIsNoPartOfAJob(t *testing.T) {
	list := flushed(nil, 20, 1000, 1000)
	spared := map[string]bool{list[5].name: true}
	j, ok := planJoin(list, spared, nil, 1<<20)
	if !ok || j.first <= list[5].last {
		t.Fatalf("joined %d to %d, %v; %s is spared", j.first, j.last, ok, list[5].name)
	}
	if j, ok = planAll(list, spared, nil, 1<<20); !ok || j.first != list[6].first || j.last != list[19].last {
		t.Fatalf("joined %d to %d, %v", j.first, j.last, ok)
	}
}

// TestCutsLieAtMidnights cuts what lies evenly over time.
func TestCutsLieAtMidnights(t *testing.T) {
	from, to := int64(-3)*day+5*hour, 37*day+hour
	pieces, err := cut(from, to, 1000, 100, func(s span) (float64, error) {
		return float64(min(s.to, to)-max(s.from, from)) / float64(to-from), nil
	})
	if err != nil || len(pieces) < 8 || len(pieces) > 16 {
		t.Fatalf("%d pieces, %v", len(pieces), err)
	}
	if pieces[0].from != math.MinInt64 || pieces[len(pieces)-1].to != math.MaxInt64 {
		t.Errorf("%v does not cover all time", pieces)
	}
	for i, p := range pieces[1:] {
		if p.from != pieces[i].to || p.from%day != 0 {
			t.Errorf("cut at %d", p.from)
		}
	}
	if slices.ContainsFunc(pieces, func(s span) bool { return s.from >= s.to }) {
		t.Errorf("%v has an empty piece", pieces)
	}
	// One moment can't be cut, a minute is the least, and the ends of time are no trouble.
	for _, c := range []struct {
		from, to int64
		most     int
	}{{7, 7, 1}, {0, 60e9, 2}, {math.MinInt64 + 1, math.MaxInt64 - 1, 1 << 20}} {
		pieces, err := cut(c.from, c.to, 1e9, 1e6, func(s span) (float64, error) {
			return (float64(min(s.to, c.to)) - float64(max(s.from, c.from))) / max(1, float64(c.to)-float64(c.from)), nil
		})
		if err != nil || len(pieces) > c.most {
			t.Errorf("%d to %d is cut in %d, %v", c.from, c.to, len(pieces), err)
		}
	}
}
