package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"

	"decant/engine/export"
	"decant/engine/store"
	"decant/ingest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"))
}

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

// check asks the store and the archive the same.
func (p *plant) check(random *rand.Rand) {
	t := p.t
	t.Helper()
	want, got := p.snapshot(), p.open()
	list, err := want.Series(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	archived, err := got.Series(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(list) != fmt.Sprint(archived) {
		t.Fatalf("series are\n%v\nwant\n%v", archived, list)
	}
	for _, s := range list {
		for range 5 {
			from, to := s.First+random.Int64N(s.Last-s.First+2)-1, s.First+random.Int64N(s.Last-s.First+2)
			if random.IntN(3) == 0 {
				from, to = math.MinInt64, math.MaxInt64
			}
			a, errA := got.Stats(t.Context(), s.ID, from, to)
			b, errB := want.Stats(t.Context(), s.ID, from, to)
			if a != b || errA != nil || errB != nil {
				t.Fatalf("stats of %v in [%d, %d) are %+v, %v; want %+v, %v", s, from, to, a, errA, b, errB)
			}
			rows, errA := rowsText(t, got, s.ID, from, to)
			wantRows, errB := rowsText(t, want, s.ID, from, to)
			if rows != wantRows || errA != nil || errB != nil {
				t.Fatalf("rows of %v in [%d, %d) are\n%s%v; want\n%s%v", s, from, to, rows, errA, wantRows, errB)
			}
			at, v, ok, errA := got.Before(t.Context(), s.ID, to)
			wantAt, wantV, wantOK, errB := want.Before(t.Context(), s.ID, to)
			if ok != wantOK || ok && (at != wantAt || v != wantV) || errA != nil || errB != nil {
				t.Fatalf("before %d of %v stands %v at %d (%v, %v), want %v at %d (%v, %v)", to, s, v, at, ok, errA, wantV, wantAt, wantOK, errB)
			}
		}
	}
}

// TestArchive: whatever was archived in however many runs, into row groups and parts of any size, the archive answers as the store does, under both policies.
func TestArchive(t *testing.T) {
	seeds := uint64(4)
	if os.Getenv("DECANT_LONG") != "" {
		seeds = 40
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 7))
			b := bounds{groupRows: 20 + random.IntN(80), enoughRows: 10 + random.IntN(20), groupText: 1 + random.IntN(100), partBytes: int64(8_000 + random.IntN(20_000))}
			p := newPlant(t, b)
			p.last = seed%2 == 1
			for range 1 + random.IntN(4) {
				p.append(randomSamples(random, 1+random.IntN(200))...)
				p.archive(math.MaxInt64)
			}
			if again := p.archive(math.MaxInt64); len(again.Added) > 0 {
				t.Errorf("an archive of what is archived adds %v", again.Added)
			}
			p.check(random)
			p.verify()
		})
	}
}

// verify holds the files against the manifest.
func (p *plant) verify() {
	p.t.Helper()
	m, _, err := loadManifest(p.t.Context(), p.place)
	if err != nil {
		p.t.Fatal(err)
	}
	listed := map[string]bool{manifestName: true, lockName: true}
	for _, x := range m.Parts {
		listed[x.File] = true
		if !p.place.(*folder).same(p.place.(*folder).path(x.File), &Scratch{Bytes: x.Bytes, SHA256: x.SHA256}) {
			p.t.Errorf("%s is not the file of the manifest", x.File)
		}
	}
	for _, name := range p.files() {
		if !listed[name] {
			p.t.Errorf("%s is not in the manifest", name)
		}
	}
}

// files are the archive's, relative to it.
func (p *plant) files() (names []string) {
	dir := p.place.String()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return names
}

// TestDays: a day is archived when it is over, and what its store has of it later.
func TestDays(t *testing.T) {
	p := newPlant(t, usual)
	number := func(day Day, second int64, v float64) ingest.Sample {
		return ingest.Sample{Series: ingest.Series{Channel: "c", Name: "n"}, Time: day.Start() + second*1e9, Kind: ingest.KindNumber, Number: v, Protocol: ingest.ProtocolMQTT}
	}
	today := dayOf(noon)
	p.append(number(-80_000, 0, 1), number(today-1, 0, 1), number(today-1, 86_399, 2), number(today, 0, 3))
	added := func(r *Report) (names []string) {
		for _, x := range r.Added {
			names = append(names, x.File)
		}
		return names
	}
	for _, step := range []struct {
		before int64
		late   []ingest.Sample
		want   string
	}{
		{before: today.Start() - 1, want: "[channel=c/day=1750-12-20/part-0.parquet]"},
		{before: today.Start(), want: "[channel=c/day=2026-03-28/part-0.parquet]"},
		{before: noon, want: "[]"},
		{before: noon, late: []ingest.Sample{number(today-1, 86_399, 2)}, want: "[]"}, // a repeat
		{before: noon, late: []ingest.Sample{number(today-1, 86_399, 5), number(today-1, 7, 5)}, want: "[channel=c/day=2026-03-28/part-1.parquet]"},
		{before: math.MaxInt64, late: []ingest.Sample{number(today-1, 8, 5)}, want: "[channel=c/day=2026-03-28/part-2.parquet channel=c/day=2026-03-29/part-0.parquet]"},
	} {
		if len(step.late) > 0 {
			p.append(step.late...)
		}
		if got := fmt.Sprint(added(p.archive(step.before))); got != step.want {
			t.Errorf("archived up to %d: %v, want %s", step.before, got, step.want)
		}
	}
	p.check(rand.New(rand.NewPCG(1, 1)))
}

// TestDamage: whichever byte of a part is another, what is read is right or a *DamageError.
func TestDamage(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	p := newPlant(t, bounds{groupRows: 30, enoughRows: 20, groupText: 1000, partBytes: 1 << 20})
	p.append(randomSamples(random, 200)...)
	name := p.archive(math.MaxInt64).Added[0].File
	all := func() (string, error) {
		snap, err := Source{Place: p.place}.Open(t.Context())
		if err != nil {
			return "", err
		}
		list, err := snap.Series(t.Context(), "", "")
		text := ""
		for _, s := range list {
			rows, scanning := rowsText(t, snap, s.ID, math.MinInt64, math.MaxInt64)
			text, err = text+rows, errors.Join(err, scanning)
		}
		return text, err
	}
	want, err := all()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range []string{name, manifestName} {
		path := p.place.(*folder).path(name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(b); at += 1 + random.IntN(len(b)/30) {
			flip := byte(1 << random.IntN(8))
			b[at] ^= flip
			write(t, path, b)
			b[at] ^= flip
			got, err := all()
			switch {
			case errors.As(err, new(*DamageError)):
				seen++
			case err != nil:
				t.Errorf("%s with byte %d changed: %v, want damage", name, at, err)
			case got != want:
				t.Errorf("%s with byte %d changed reads other rows", name, at)
			}
		}
		write(t, path, b[:len(b)-1])
		if _, err := all(); !errors.As(err, new(*DamageError)) {
			t.Errorf("%s cut short: %v, want damage", name, err)
		}
		write(t, path, b)
	}
	if seen < 60 {
		t.Errorf("only %d changed bytes were seen", seen)
	}
	if err := os.Remove(p.place.(*folder).path(name)); err != nil {
		t.Fatal(err)
	}
	if _, err := all(); !errors.As(err, new(*DamageError)) {
		t.Errorf("a part is missing: %v, want damage", err)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestLeftBehind: what a killed run left on its way goes, and a part that it brought and the manifest doesn't name is replaced or taken.
func TestLeftBehind(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	p := newPlant(t, usual)
	p.append(randomSamples(random, 300)...)
	first := p.archive(math.MaxInt64)
	if err := os.Remove(p.place.(*folder).path(manifestName)); err != nil { // as if killed before it
		t.Fatal(err)
	}
	write(t, p.place.(*folder).path(".decant-123.tmp"), []byte("half"))
	if second := p.archive(math.MaxInt64); second.Sent != 0 || fmt.Sprint(second.Added) != fmt.Sprint(first.Added) {
		t.Errorf("a run after one that was killed brings %d files again", second.Sent)
	}
	if err := os.Remove(p.place.(*folder).path(manifestName)); err != nil {
		t.Fatal(err)
	}
	p.append(randomSamples(random, 300)...)
	p.archive(math.MaxInt64)
	p.check(random)
	p.verify()
}

// TestNoArchive: a folder without a manifest is none.
func TestNoArchive(t *testing.T) {
	_, err := Source{Place: newFolder(t.TempDir())}.Open(t.Context())
	if !errors.Is(err, ErrNotArchive) || !strings.Contains(err.Error(), "decant archive --to") {
		t.Errorf("open an empty folder: %v", err)
	}
}
