package archive

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"go.uber.org/goleak"

	"decant/formats/formatstest"
	"decant/ingest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"))
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
			damage := new(DamageError)
			switch {
			case errors.As(err, &damage):
				seen++
				if strings.Contains(damage.Error(), "\n") {
					t.Errorf("%s with byte %d changed: said in several lines: %v", name, at, damage)
				}
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
	p.place = newFolder(filepath.Join(t.TempDir(), "of [2026")) // which is no pattern
	p.append(randomSamples(random, 300)...)
	none, err := (&Manifest{Series: []Series{}, Parts: []Part{}}).encode() // which a run begins with
	if err != nil {
		t.Fatal(err)
	}
	first := p.archive(math.MaxInt64)
	write(t, p.place.(*folder).path(manifestName), none) // as if killed before it was replaced
	write(t, p.place.(*folder).path(".decant-123.tmp"), []byte("half"))
	if second := p.archive(math.MaxInt64); second.Sent != 0 || fmt.Sprint(second.Added) != fmt.Sprint(first.Added) {
		t.Errorf("a run after one that was killed brings %d files again", second.Sent)
	}
	write(t, p.place.(*folder).path(manifestName), none)
	p.append(randomSamples(random, 300)...)
	p.archive(math.MaxInt64)
	p.check(random)
	p.verify()
}

// TestWaits: the manifest of a long archive, which is written whole, waits for more days than that of a short one, but not for any number of series.
func TestWaits(t *testing.T) {
	for _, c := range []struct {
		parts, days, series int
		want                bool
	}{{0, 256, 1, false}, {100_000, 256, 1, true}, {100_000, 25_000, 1, false}, {100_000, 256, 1000, false}} {
		r := &runner{brought: slices.Repeat([]brought{{entries: make([]entry, c.series)}}, c.days)}
		if got := r.waits(&Manifest{Parts: make([]Part, c.parts)}); got != c.want {
			t.Errorf("%d days of %d series behind %d files: waits %v", c.days, c.series, c.parts, got)
		}
	}
}

// TestLostManifest: where the manifest is gone no run begins anew, which would put what the store still has of a day in the place of what it had.
func TestLostManifest(t *testing.T) {
	for name, place := range map[string]Place{
		"folder": newFolder(filepath.Join(t.TempDir(), "archive")),
		"bucket": newServer(t).open(t, "s3://plant/archive"),
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t, usual)
			p.place = place
			sample := ingest.Sample{Series: ingest.Series{Channel: "c", Name: "n"}, Time: noon, Kind: ingest.KindNumber, Number: 1, Protocol: ingest.ProtocolMQTT}
			p.append(sample)
			part := p.archive(math.MaxInt64).Added[0]
			switch place := place.(type) {
			case *folder:
				if err := os.Remove(place.path(manifestName)); err != nil {
					t.Fatal(err)
				}
			case *bucket:
				if err := place.client.RemoveObject(t.Context(), place.name, place.key(manifestName), minio.RemoveObjectOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			sample.Time, sample.Number = noon+1, 2
			p.append(sample)
			snap := p.snapshot()
			defer snap.Close()
			_, err := Run(t.Context(), snap, place, Options{Before: math.MaxInt64, bounds: usual})
			if !errors.Is(err, ErrNotArchive) || !strings.Contains(err.Error(), "no _manifest.json") {
				t.Errorf("archive where the manifest was lost: %v, want %v", err, ErrNotArchive)
			}
			if _, err := Preview(t.Context(), snap, place, Options{Before: math.MaxInt64}); !errors.Is(err, ErrNotArchive) {
				t.Errorf("preview where the manifest was lost: %v, want %v", err, ErrNotArchive)
			}
			if err := verifyPart(t.Context(), place, &part); err != nil {
				t.Errorf("the part was replaced: %v", err)
			}
		})
	}
}

// TestNoArchive: a folder without a manifest is none.
func TestNoArchive(t *testing.T) {
	_, err := Source{Place: newFolder(t.TempDir())}.Open(t.Context())
	if !errors.Is(err, ErrNotArchive) || !strings.Contains(err.Error(), "decant archive --to") {
		t.Errorf("open an empty folder: %v", err)
	}
}

// TestManifestLost: a folder that has channels and lost its manifest is taken for an archive, and says so; a store, or a folder of something else, isn't.
func TestManifestLost(t *testing.T) {
	dir := t.TempDir()
	if Is(dir) {
		t.Error("an empty folder is an archive")
	}
	if err := os.Mkdir(filepath.Join(dir, "channel=a"), 0o777); err != nil {
		t.Fatal(err)
	}
	if !Is(dir) {
		t.Error("a folder of an archive whose manifest was lost is none")
	}
	_, err := Source{Place: newFolder(dir)}.Open(t.Context())
	if !errors.Is(err, ErrNotArchive) || !strings.Contains(err.Error(), "looks like an archive whose _manifest.json is missing") {
		t.Errorf("open: %v", err)
	}
	if _, err := Verify(t.Context(), newFolder(dir), func(*DamageError) {}); !errors.Is(err, ErrNotArchive) {
		t.Errorf("verify: %v", err)
	}
	p := newPlant(t, usual)
	if err := os.Mkdir(filepath.Join(p.dir, "channel=a"), 0o777); err != nil {
		t.Fatal(err)
	}
	if Is(p.dir) {
		t.Error("a store with a folder that is called like a channel's is an archive")
	}
}

// TestSample: the archive in testdata/v1, which an earlier decant wrote, reads as it did then. -update writes it anew.
func TestSample(t *testing.T) {
	const sample = "testdata/v1"
	if flag.Lookup("update").Value.String() == "true" {
		p := newPlant(t, bounds{groupRows: 30, enoughRows: 20, groupText: 1000, partBytes: 1 << 20})
		random := rand.New(rand.NewPCG(9, 9))
		for range 2 {
			p.append(randomSamples(random, 40)...)
			p.archive(math.MaxInt64)
		}
		if err := errors.Join(os.RemoveAll(sample), os.CopyFS(sample, os.DirFS(p.place.String())), os.Remove(filepath.Join(sample, lockName))); err != nil {
			t.Fatal(err)
		}
	}
	place := newFolder(sample)
	if _, err := Verify(t.Context(), place, func(d *DamageError) { t.Error(d) }); err != nil {
		t.Fatal(err)
	}
	snap, err := Source{Place: place}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, err := snap.Series(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, s := range list {
		rows, err := rowsText(t, snap, s.ID, math.MinInt64, math.MaxInt64)
		if err != nil {
			t.Fatal(err)
		}
		stats, err := snap.Stats(t.Context(), s.ID, math.MinInt64, noon+dayNanos/2)
		fmt.Fprintf(&b, "%+v\n%+v %v\n%s\n", s, stats, err, rows)
	}
	formatstest.Golden(t, "v1.txt", b.Bytes())
}
