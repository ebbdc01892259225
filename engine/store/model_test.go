package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"decant/ingest"

	"pgregory.net/rapid"
)

// drawSample draws samples that often share series, time and value, and come late.
func drawSample(t *rapid.T) ingest.Sample {
	s := number(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"), drawTime(t, "time"), 0)
	s.Series.Channel = rapid.SampledFrom([]string{"c", "c", "c", "kept"}).Draw(t, "channel")
	s.Series.Publisher = rapid.SampledFrom([]string{"", "", "p"}).Draw(t, "publisher")
	s.Kind = rapid.SampledFrom([]ingest.Kind{ingest.KindNumber, ingest.KindNumber, ingest.KindNumber, ingest.KindBool, ingest.KindString, ingest.KindBytes, ingest.KindNone}).Draw(t, "kind")
	switch s.Kind {
	case ingest.KindNumber:
		s.Number = rapid.SampledFrom([]float64{1, 2, 0.1, -1e300, 1 << 60}).Draw(t, "value")
	case ingest.KindBool:
		s.Number = float64(rapid.IntRange(0, 1).Draw(t, "bool"))
	case ingest.KindString, ingest.KindBytes:
		s.Text = rapid.SampledFrom([]string{"", "on", "ö\x00"}).Draw(t, "text")
	}
	if s.HasSum = s.Kind == ingest.KindNone || rapid.IntRange(0, 4).Draw(t, "sum?") == 0; s.HasSum {
		s.Sum = float64(rapid.IntRange(0, 1).Draw(t, "sum"))
	}
	s.Received = rapid.Int64Range(0, 3).Draw(t, "received")
	s.Protocol = ingest.Protocol(rapid.IntRange(1, 2).Draw(t, "protocol"))
	return s
}

// drawTime draws one of few times, over some days.
func drawTime(t *rapid.T, what string) int64 {
	return rapid.Int64Range(-3, 40).Draw(t, what) * 6 * hour
}

// drawDeletion draws what is often there.
func drawDeletion(t *rapid.T) Deletion {
	d := Deletion{Selection: Selection{Channel: "c"}, From: math.MinInt64, To: math.MaxInt64}
	for range rapid.IntRange(1, 2).Draw(t, "names") {
		d.Names = append(d.Names, Name{rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "name"), rapid.Bool().Draw(t, "prefix")})
	}
	if rapid.Bool().Draw(t, "publisher?") {
		d.Publisher = new(string)
	}
	if rapid.IntRange(0, 3).Draw(t, "from?") > 0 {
		d.From = drawTime(t, "from")
	}
	if rapid.IntRange(0, 3).Draw(t, "to?") > 0 {
		d.To = max(drawTime(t, "to"), d.From+1)
	}
	return d
}

// TestStoreBehavesAsAListOfSamples lets rapid append, flush, delete, expire, compact, reopen and read, and compares with a plain list.
func TestStoreBehavesAsAListOfSamples(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		cfg := quick(fmt.Sprintf("%s/%d", root, round))
		cfg.Duplicates = rapid.SampledFrom([]string{"keep", "last"}).Draw(t, "duplicates")
		cfg.HeadBytes = rapid.SampledFrom([]int64{0, 0, 30 * sampleBytes}).Draw(t, "head bytes") // a small one changes logs all the time
		cfg.Deliveries = 5
		cfg.SegmentBytes = rapid.SampledFrom([]int64{0, 900}).Draw(t, "segment bytes") // short ones are cut
		now, limit := time.Unix(0, 0), int64(math.MinInt64)
		cfg.Now = func() time.Time { return now }
		cfg.Expire = func(channel string, _ time.Time) (int64, bool) { return limit, channel == "c" }
		s, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { s.Close() }()
		var samples []ingest.Sample // that are not deleted
		var deliveries []ingest.Delivery
		arrived := 0
		var old *Snapshot // taken a while ago
		var oldRows []row
		defer func() { closeSnapshot(old) }()
		check := func(snap *Snapshot, err error) {
			if err != nil {
				t.Fatal(err)
			}
			defer snap.Close()
			rows, err := readAll(snap)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "snapshot", rows, expected(samples, cfg.Duplicates))
			if snap.Arrival() != uint64(arrived) {
				t.Fatalf("arrival is %d of %d", snap.Arrival(), arrived)
			}
			checkRanges(t, snap, rows)
		}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				b := ingest.Batch{Samples: rapid.SliceOfN(rapid.Custom(drawSample), 1, 12).Draw(t, "samples")}
				for range rapid.IntRange(0, 2).Draw(t, "deliveries") {
					b.Deliveries = append(b.Deliveries, ingest.Delivery{Client: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "client"),
						PacketID: uint16(len(deliveries)), Hash: [16]byte{byte(len(samples))}})
					deliveries = append(deliveries, b.Deliveries[len(b.Deliveries)-1])
				}
				if err := s.Append(context.Background(), b); err != nil {
					t.Fatal(err)
				}
				samples = append(samples, b.Samples...)
				arrived += len(b.Samples)
			},
			"delete": func(t *rapid.T) {
				d := drawDeletion(t)
				rest, want := []ingest.Sample(nil), int64(len(expected(samples, cfg.Duplicates)))
				for _, x := range samples {
					if !d.matches(x.Series) || x.Time < d.From || x.Time >= d.To {
						rest = append(rest, x)
					}
				}
				want -= int64(len(expected(rest, cfg.Duplicates)))
				deleted, err := s.Delete(context.Background(), d)
				if err != nil || deleted.Samples != want {
					t.Fatalf("deleted %+v, %v; want %d samples", deleted, err, want)
				}
				samples = rest
			},
			"upkeep": func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "later") == 0 {
					limit = drawTime(t, "limit")
				}
				now = now.Add(2 * time.Hour)
				if err := s.Upkeep(context.Background()); err != nil {
					t.Fatal(err)
				}
				samples = slices.DeleteFunc(slices.Clone(samples), func(x ingest.Sample) bool { return x.Series.Channel == "c" && x.Time < limit })
			},
			"compact": func(t *rapid.T) {
				if _, err := s.Compact(context.Background()); err != nil {
					t.Fatal(err)
				}
				checkOneRun(t, s)
			},
			"hold": func(t *rapid.T) {
				closeSnapshot(old)
				if old, err = s.Snapshot(context.Background()); err != nil {
					t.Fatal(err)
				}
				if oldRows, err = readAll(old); err != nil {
					t.Fatal(err)
				}
			},
			"read what was held": func(t *rapid.T) {
				if old == nil {
					t.Skip("nothing is held")
				}
				rows, err := readAll(old)
				if err != nil {
					t.Fatal(err)
				}
				same(t, "old snapshot", rows, oldRows)
			},
			"flush": func(t *rapid.T) {
				if err := s.Flush(context.Background()); err != nil {
					t.Fatal(err)
				}
			},
			"reopen": func(t *rapid.T) {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				cfg.Duplicates = rapid.SampledFrom([]string{"keep", "last"}).Draw(t, "duplicates")
				if s, err = Open(cfg); err != nil {
					t.Fatal(err)
				}
			},
			"snapshot":  func(t *rapid.T) { check(s.Snapshot(context.Background())) },
			"read only": func(t *rapid.T) { check(OpenSnapshot(context.Background(), cfg)) },
			"verify": func(t *rapid.T) {
				sum, err := Verify(context.Background(), cfg.Dir, nil)
				if err != nil || sum.Samples < int64(len(expected(samples, "keep"))) || sum.Samples > int64(arrived) {
					t.Fatalf("verify: %+v, %v", sum, err)
				}
			},
			"deliveries": func(t *rapid.T) {
				got, want := s.Deliveries(), newest(deliveries, cfg.Deliveries)
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("deliveries are %v, want %v", got, want)
				}
			},
		})
	})
}

// checkRanges asks for one range of each series in all ways.
func checkRanges(t *rapid.T, snap *Snapshot, rows []row) {
	infos, err := snap.Series(context.Background(), "c", "events.data")
	if err != nil {
		t.Fatal(err)
	}
	from := rapid.Int64Range(-5, 42).Draw(t, "from") * 6 * hour
	for _, info := range infos {
		var want, before []row
		for _, r := range rows {
			if r.Series == info.Series && r.Time >= from {
				want = append(want, r)
			}
			if r.Series == info.Series && r.Time < from && (r.Kind == ingest.KindNumber || r.Kind == ingest.KindBool) {
				before = append(before, r)
			}
		}
		stats, err := snap.Stats(context.Background(), info.ID, from, math.MaxInt64)
		if err != nil || stats.Samples != int64(len(want)) {
			t.Fatalf("stats of %v from %d: %+v, %v; want %d samples", info.Series, from, stats, err, len(want))
		}
		at, v, ok, err := snap.Before(context.Background(), info.ID, from)
		if err != nil || ok != (len(before) > 0) || ok && (at != before[len(before)-1].Time || v != before[len(before)-1].Value) {
			t.Fatalf("before %d of %v: %d %v %v, %v", from, info.Series, at, v, ok, err)
		}
	}
}

func closeSnapshot(s *Snapshot) {
	if s != nil {
		s.Close()
	}
}

// checkOneRun finds series that have rows of one time in two segments, and rows in memory.
func checkOneRun(t *rapid.T, s *Store) {
	list := s.listed()
	if n := len(rangesOf(list)); n > 1 || s.inMemory() > 0 {
		t.Fatalf("%d ranges of arrival are left, %d bytes in memory: %+v", n, s.inMemory(), list)
	}
	if n := len(s.deletes); n > 0 {
		t.Fatalf("%d tombstones are left", n)
	}
}
