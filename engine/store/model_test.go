package store

import (
	"context"
	"fmt"
	"math"
	"testing"

	"decant/ingest"

	"pgregory.net/rapid"
)

// drawSample draws samples that often share series, time and value, and come late.
func drawSample(t *rapid.T) ingest.Sample {
	s := number(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"), rapid.Int64Range(-3, 40).Draw(t, "time"), 0)
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

// TestStoreBehavesAsAListOfSamples lets rapid append, flush, reopen and read, and compares with a plain list.
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
		s, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { s.Close() }()
		var samples []ingest.Sample
		var deliveries []ingest.Delivery
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
			if snap.Arrival() != uint64(len(samples)) {
				t.Fatalf("arrival is %d of %d", snap.Arrival(), len(samples))
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
				if s, err = Open(cfg); err != nil {
					t.Fatal(err)
				}
			},
			"snapshot":  func(t *rapid.T) { check(s.Snapshot(context.Background())) },
			"read only": func(t *rapid.T) { check(OpenSnapshot(context.Background(), cfg)) },
			"verify": func(t *rapid.T) {
				sum, err := Verify(context.Background(), cfg.Dir, nil)
				if err != nil || sum.Samples != int64(len(samples)) {
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
	from := rapid.Int64Range(-5, 42).Draw(t, "from")
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
