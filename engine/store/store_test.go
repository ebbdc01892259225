package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"decant/engine/store/vfs/vfstest"
	"decant/ingest"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	gocmp "github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick is a configuration that does not wait for the disk.
func quick(dir string) Config {
	return Config{Dir: dir, NoSocket: true, NoUpkeep: true, FS: vfstest.NoSync{}}
}

func mustOpen(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustAppend(t testing.TB, to ingest.Appender, samples ...ingest.Sample) {
	t.Helper()
	if err := to.Append(context.Background(), ingest.Batch{Samples: samples}); err != nil {
		t.Fatal(err)
	}
}

func seriesOf(name string) ingest.Series {
	return ingest.Series{Channel: "c", Subtopic: "events.data", Name: name, Unit: "Cel"}
}

func number(name string, t int64, v float64) ingest.Sample {
	return ingest.Sample{Series: seriesOf(name), Time: t, Kind: ingest.KindNumber, Number: v, Received: 1000 + t, Protocol: ingest.ProtocolMQTT}
}

// row is what a reader sees of a sample.
type row struct {
	Series ingest.Series
	Time   int64
	Kind   ingest.Kind
	Value  float64
	Text   string
	Sum    float64
	HasSum bool
}

func rowOf(s ingest.Sample) row {
	r := row{Series: s.Series, Time: s.Time, Kind: s.Kind, Value: s.Number, Text: s.Text, HasSum: s.HasSum}
	if s.HasSum {
		r.Sum = s.Sum
	}
	return r
}

// readAll scans every series of a snapshot.
func readAll(snap *Snapshot) ([]row, error) {
	infos, err := snap.Series(context.Background(), "", "")
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, info := range infos {
		before := len(rows)
		if rows, err = appendScan(rows, snap, info); err != nil {
			return nil, err
		}
		if got := int64(len(rows) - before); got != info.Samples {
			return nil, fmt.Errorf("series %v: %d samples are listed, %d read", info.Series, info.Samples, got)
		}
		if n := len(rows); n > before && (rows[before].Time != info.First || rows[n-1].Time != info.Last) {
			return nil, fmt.Errorf("series %v: %d to %d are listed, %d to %d read", info.Series, info.First, info.Last, rows[before].Time, rows[n-1].Time)
		}
	}
	return rows, nil
}

func appendScan(rows []row, snap *Snapshot, info SeriesInfo) ([]row, error) {
	r, err := snap.Scan(context.Background(), info.ID, math.MinInt64, math.MaxInt64, "time", "value", "kind", "text", "sum")
	if err != nil {
		return nil, err
	}
	defer r.Release()
	for r.Next() {
		rec := r.Record()
		times := rec.Column(0).(*array.Timestamp).TimestampValues()
		values, kinds := rec.Column(1).(*array.Float64), rec.Column(2).(*array.Uint8)
		texts, sums := rec.Column(3).(*array.Binary), rec.Column(4).(*array.Float64)
		for i, t := range times {
			w := row{Series: info.Series, Time: int64(t), Kind: ingest.Kind(kinds.Value(i))}
			if values.IsValid(i) {
				w.Value = values.Value(i)
			}
			if texts.IsValid(i) {
				w.Text = string(texts.Value(i))
			}
			if w.HasSum = sums.IsValid(i); w.HasSum {
				w.Sum = sums.Value(i)
			}
			rows = append(rows, w)
		}
	}
	return rows, r.Err()
}

// readStore reads a store from outside.
func readStore(cfg Config) ([]row, error) {
	snap, err := OpenSnapshot(context.Background(), cfg)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	return readAll(snap)
}

// expected is what readers should see of samples in order of arrival: the slow, obvious way.
func expected(samples []ingest.Sample, duplicates string) []row {
	var rows []row
	for _, s := range samples {
		r := rowOf(s)
		same := func(o row) bool { return o.Series == r.Series && o.Time == r.Time }
		if duplicates == "last" {
			rows = slices.DeleteFunc(rows, same)
		} else if slices.Contains(rows, r) {
			continue
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(strings.Compare(a.Series.Channel, b.Series.Channel), strings.Compare(a.Series.Subtopic, b.Series.Subtopic),
			strings.Compare(a.Series.Name, b.Series.Name), strings.Compare(a.Series.Unit, b.Series.Unit),
			strings.Compare(a.Series.Publisher, b.Series.Publisher), cmp.Compare(a.Time, b.Time))
	})
	return rows
}

func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got, want []row) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func TestAcknowledgedSamplesAreThereAfterAKill(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, quick(dir))
	samples := []ingest.Sample{
		number("b", 20, 1.5), number("a", 10, 2), number("a", 5, 3),
		{Series: seriesOf("text"), Time: 7, Kind: ingest.KindString, Text: "on"},
		{Series: seriesOf("sum"), Time: 7, HasSum: true, Sum: 12.5, HasUpdate: true, Update: 99},
		{Series: seriesOf("flag"), Time: 7, Kind: ingest.KindBool, Number: 1},
	}
	mustAppend(t, s, samples...)

	// What is on disk now is what a kill leaves.
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	for _, d := range []string{dir, copied} {
		rows, err := readStore(quick(d))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "read from outside", rows, expected(samples, "keep"))
		s := mustOpen(t, quick(d))
		snap, err := s.Snapshot(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if snap.Arrival() != uint64(len(samples)) {
			t.Errorf("arrival is %d", snap.Arrival())
		}
		rows, err = readAll(snap)
		if err != nil {
			t.Fatal(err)
		}
		snap.Close()
		mustClose(t, s)
		same(t, "read after reopening", rows, expected(samples, "keep"))
	}
}

func TestRecordsOutliveSnapshotAndStore(t *testing.T) {
	dir := t.TempDir()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	cfg := quick(dir)
	cfg.Memory = mem
	s := mustOpen(t, cfg)
	for i := range 3000 {
		mustAppend(t, s, number("a", int64(i), float64(i)))
	}
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, number("a", 10, 7))
	snap, err := s.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r, err := snap.Scan(context.Background(), 0, math.MinInt64, math.MaxInt64, "time", "value")
	if err != nil {
		t.Fatal(err)
	}
	snap.Close()
	mustClose(t, s)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	var rows int64
	for r.Next() {
		rows += r.Record().NumRows()
	}
	if r.Err() != nil || rows != 3001 {
		t.Errorf("%d rows, %v", rows, r.Err())
	}
	r.Release()
}

func TestTheSecondWriterIsToldWhoTheFirstIs(t *testing.T) {
	cfg := quick(t.TempDir())
	cfg.Program = "decant ingest"
	cfg.Now = func() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }
	s := mustOpen(t, cfg)
	_, err := Open(cfg)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("pid %d, decant ingest, since 2026-09-01T12:00:00Z", os.Getpid())) {
		t.Errorf("got %v", err)
	}
	mustClose(t, s)
	mustClose(t, mustOpen(t, cfg))
}

func TestAFolderThatIsNoStore(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, filepath.Join(dir, "missing"), file} {
		for what, err := range map[string]error{
			"snapshot": func() error { _, err := OpenSnapshot(context.Background(), quick(d)); return err }(),
			"verify":   func() error { _, err := Verify(context.Background(), d, nil); return err }(),
		} {
			if errors.Is(err, ErrNotStore) && strings.Contains(err.Error(), d) && strings.Contains(err.Error(), "--data") {
				continue
			}
			t.Errorf("%s of %s: %v", what, d, err)
		}
	}
}

func TestConfigNamesAllItsFaults(t *testing.T) {
	err := Config{Duplicates: "first", MaxSeries: -1}.Validate()
	for _, want := range []string{"--data", `"first"`, "max series is -1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func containsAll(text string, parts ...string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
}
