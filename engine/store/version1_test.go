package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"decant/ingest"
)

// TestAStoreOfVersion1IsReadAndUpgraded opens the store that testdata/v1 keeps: written by the first version, and left by a kill.
func TestAStoreOfVersion1IsReadAndUpgraded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	if err := os.CopyFS(dir, os.DirFS("testdata/v1")); err != nil {
		t.Fatal(err)
	}
	samples := []ingest.Sample{
		number("a", 10, 1.25), number("b", 10, 3), number("a", 5, 2), {Series: seriesOf("text"), Time: 3, Kind: ingest.KindString, Text: "open"},
		number("a", 7, 0.1), number("c", 1, 9), number("c", 2, 10), number("a", 8, 0.5), {Series: seriesOf("flag"), Time: 1, Kind: ingest.KindBool, Number: 1},
	}
	read := func(what string) {
		t.Helper()
		rows, err := readStore(quick(dir))
		if err != nil {
			t.Fatal(err)
		}
		same(t, what, rows, expected(samples, "keep"))
		if _, err := Verify(context.Background(), dir, func(f Fault) { t.Errorf("%s: %+v", what, f) }); err != nil {
			t.Fatal(err)
		}
	}
	read("as it is")
	s := mustOpen(t, quick(dir))
	mustAppend(t, s, number("c", 3, 11))
	samples = append(samples, number("c", 3, 11))
	read("beside a writer")
	text, err := os.ReadFile(currentPath(dir))
	if err != nil || !strings.HasPrefix(string(text), "decant store 2\n") || !strings.Contains(string(text), " 2 1 2 10 10\n") {
		t.Fatalf("CURRENT is\n%s%v", text, err)
	}
	if _, err := s.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	read("compacted")
	mustClose(t, s)
	mustClose(t, mustOpen(t, quick(dir)))
	read("opened again")
}

// TestASwappedSegmentOfVersion1IsSeen puts one segment in the other's place.
func TestASwappedSegmentOfVersion1IsSeen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	if err := os.CopyFS(dir, os.DirFS("testdata/v1")); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "segments/00000003.seg"))
	if err != nil {
		t.Fatal(err)
	}
	replace(t, filepath.Join(dir, "segments/00000005.seg"), b)
	for what, err := range map[string]error{
		"open":   func() error { _, err := Open(quick(dir)); return err }(),
		"verify": func() error { _, err := Verify(context.Background(), dir, nil); return err }(),
	} {
		if !errors.As(err, new(*CorruptError)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
