package archive

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/engine/export"
	"decant/engine/store"
	"decant/ingest"
)

// stored is the store's snapshot as exports see it.
type stored struct{ *store.Snapshot }

func (s stored) Series(ctx context.Context, channel, subtopic string) (list []export.Series, err error) {
	all, err := s.Snapshot.Series(ctx, channel, subtopic)
	for _, x := range all {
		list = append(list, export.Series{ID: export.SeriesID(x.ID), Channel: x.Series.Channel, Subtopic: x.Series.Subtopic, Publisher: x.Series.Publisher,
			Name: x.Series.Name, Unit: x.Series.Unit, Samples: x.Samples, First: x.First, Last: x.Last})
	}
	return list, err
}

func (s stored) Stats(ctx context.Context, id export.SeriesID, from, to int64) (export.RangeStats, error) {
	stats, err := s.Snapshot.Stats(ctx, uint32(id), from, to)
	return export.RangeStats(stats), err
}

func (s stored) Scan(ctx context.Context, id export.SeriesID, from, to int64, columns ...string) (array.RecordReader, error) {
	return s.Snapshot.Scan(ctx, uint32(id), from, to, columns...)
}

func (s stored) Before(ctx context.Context, id export.SeriesID, t int64) (int64, float64, bool, error) {
	return s.Snapshot.Before(ctx, uint32(id), t)
}

func (s stored) Stored(ctx context.Context, id export.SeriesID, from, to int64) (int64, error) {
	return s.Snapshot.Stored(ctx, uint32(id), from, to)
}

// plant is a store and its archive.
type plant struct {
	t      *testing.T
	dir    string
	store  *store.Store
	place  Place
	bounds bounds
	last   bool // of equal times the newest alone
	memory *memory.CheckedAllocator
}

func newPlant(t *testing.T, b bounds) *plant {
	t.Helper()
	p := &plant{t: t, dir: t.TempDir(), place: newFolder(filepath.Join(t.TempDir(), "archive")), bounds: b, memory: memory.NewCheckedAllocator(memory.DefaultAllocator)}
	t.Cleanup(func() { p.memory.AssertSize(t, 0) })
	var err error
	if p.store, err = store.Open(store.Config{Dir: p.dir, NoSocket: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.store.Close() })
	return p
}

func (p *plant) append(samples ...ingest.Sample) {
	p.t.Helper()
	if err := p.store.Append(p.t.Context(), ingest.Batch{Samples: samples}); err != nil {
		p.t.Fatal(err)
	}
}

// snapshot is the store's.
func (p *plant) snapshot() export.Snapshot {
	p.t.Helper()
	policy := map[bool]string{false: "keep", true: "last"}[p.last]
	snap, err := store.OpenSnapshot(p.t.Context(), store.Config{Dir: p.dir, Duplicates: policy, Memory: p.memory})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { snap.Close() })
	return stored{snap}
}

// archive runs and reports.
func (p *plant) archive(before int64) *Report {
	p.t.Helper()
	snap := p.snapshot()
	defer snap.Close()
	report, err := Run(p.t.Context(), snap, p.place, Options{Before: before, Last: p.last, Version: "test", Workers: 2, bounds: p.bounds})
	if err != nil {
		p.t.Fatal(err)
	}
	return report
}

// open is a snapshot of the archive.
func (p *plant) open() export.Snapshot {
	p.t.Helper()
	snap, err := Source{Place: p.place, Last: p.last}.Open(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return snap
}

const noon = int64(1_774_785_600e9) // 2026-03-29T12:00:00Z

// randomSamples are of a few series in days around noon: of all kinds, with equal times, repeats, sums and update times.
func randomSamples(random *rand.Rand, n int) []ingest.Sample {
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	unit := []int64{3600e9, 1e9, 1e3, 1}[random.IntN(4)]
	var all []ingest.Sample
	for range n {
		if len(all) > 0 && random.IntN(10) == 0 {
			all = append(all, all[random.IntN(len(all))])
			continue
		}
		x := ingest.Sample{
			Series: ingest.Series{Channel: pick("a", "b/c=%"), Subtopic: pick("", "data"), Publisher: pick("", "p"), Name: pick("x", "y"), Unit: pick("", "V")},
			Time:   noon + random.Int64N(60)*unit + random.Int64N(3)*dayNanos, Received: noon + random.Int64N(1e15), Protocol: ingest.Protocol(random.IntN(4)),
			Kind: ingest.Kind(random.IntN(5)),
		}
		switch x.Kind {
		case ingest.KindNumber:
			x.Number = []float64{float64(random.IntN(5)), random.NormFloat64(), 5e-324, -1e300}[random.IntN(4)]
		case ingest.KindBool:
			x.Number = float64(random.IntN(2))
		case ingest.KindString:
			x.Text = pick("", "on", "ü\n")
		case ingest.KindBytes:
			x.Text = pick("", "\x00\xff")
		}
		if x.HasSum = x.Kind == ingest.KindNone || random.IntN(5) == 0; x.HasSum {
			x.Sum = random.NormFloat64()
		}
		if x.HasUpdate = random.IntN(5) == 0; x.HasUpdate {
			x.Update = x.Time + random.Int64N(1e10) - 1e10
		}
		all = append(all, x)
	}
	return all
}

// rowsText are a scan's rows, with all columns.
func rowsText(t *testing.T, snap export.Snapshot, id export.SeriesID, from, to int64) (string, error) {
	t.Helper()
	r, err := snap.Scan(t.Context(), id, from, to, fields...)
	if err != nil {
		return "", err
	}
	defer r.Release()
	var b strings.Builder
	for r.Next() {
		rec := r.Record()
		for i := range int(rec.NumRows()) {
			for c, name := range fields {
				text := rec.Column(c).ValueStr(i)
				if name == "text" && len(rec.Column(c).(*array.Binary).Value(i)) == 0 {
					text = ""
				}
				fmt.Fprintf(&b, "%s ", text)
			}
			b.WriteByte('\n')
		}
	}
	return b.String(), r.Err()
}
