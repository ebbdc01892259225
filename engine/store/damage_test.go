package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"decant/ingest"
)

// smallStore makes a store with two segments, a complete log and one that a killed writer left, and says what it holds.
func smallStore(t *testing.T) (dir string, want []row) {
	t.Helper()
	work := t.TempDir()
	var samples []ingest.Sample
	s := mustOpen(t, quick(work))
	add := func(more ...ingest.Sample) {
		mustAppend(t, s, more...)
		samples = append(samples, more...)
	}
	add(number("a", 10, 1.25), number("b", 10, 3))
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	add(number("a", 5, 2), ingest.Sample{Series: seriesOf("text"), Time: 3, Kind: ingest.KindString, Text: "open"})
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	add(number("a", 7, 0.1), number("c", 1, 9))
	mustClose(t, s)
	s = mustOpen(t, quick(work))
	add(number("c", 2, 10))
	add(number("a", 8, 0.5), ingest.Sample{Series: seriesOf("flag"), Time: 1, Kind: ingest.KindBool, Number: 1})
	dir = filepath.Join(t.TempDir(), "store")
	if err := os.CopyFS(dir, os.DirFS(work)); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	return dir, expected(samples, "keep")
}

// dataFiles are the files of a store that carry data.
func dataFiles(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != lockFile {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) != 5 {
		t.Fatalf("files %v, %v; want CURRENT, two segments, two logs", files, err)
	}
	return files
}

// stride is the step through a file's bytes: 1 in a long run.
func stride() int {
	if os.Getenv("DECANT_LONG") != "" {
		return 1
	}
	return 7 // prime to the alignment of everything in a file
}

// TestEveryFlippedBitIsSeen flips one bit of every byte of every file (of every seventh in a short run): reading, verifying and opening must name the file.
func TestEveryFlippedBitIsSeen(t *testing.T) {
	t.Parallel()
	dir, want := smallStore(t)
	if rows, err := readStore(quick(dir)); err != nil {
		t.Fatal(err)
	} else {
		same(t, "before", rows, want)
	}
	for _, path := range dataFiles(t, dir) {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(good); i += stride() {
			bad := append([]byte(nil), good...)
			bad[i] ^= 1 << (i % 8)
			replace(t, path, bad)
			_, err := readStore(quick(dir))
			names(t, "read", path, i, err)
			_, err = Verify(context.Background(), dir, nil)
			names(t, "verify", path, i, err)
		}
		replace(t, path, good)
	}
	if _, err := Verify(context.Background(), dir, nil); err != nil {
		t.Fatal(err)
	}
}

// TestDamageStopsTheWriterToo flips a bit here and there: a damaged log or list is never started over or written on.
func TestDamageStopsTheWriterToo(t *testing.T) {
	t.Parallel()
	dir, _ := smallStore(t)
	for _, path := range dataFiles(t, dir) {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ends := []int{0, len(good) - 1}
		if filepath.Ext(path) == ".log" {
			ends = append(ends, len(good)/2)
		}
		for _, i := range ends {
			bad := append([]byte(nil), good...)
			bad[i] ^= 0x10
			replace(t, path, bad)
			s, err := Open(quick(dir))
			if err == nil {
				s.Close()
			}
			names(t, "open", path, i, err)
		}
		replace(t, path, good)
	}
}

// TestMissingAndCutFiles removes and cuts each file.
func TestMissingAndCutFiles(t *testing.T) {
	t.Parallel()
	dir, want := smallStore(t)
	files := dataFiles(t, dir)
	for k, path := range files {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		_, err = readStore(quick(dir))
		names(t, "read without", path, -1, err)
		_, err = Verify(context.Background(), dir, nil)
		names(t, "verify without", path, -1, err)
		if s, err := Open(quick(dir)); err == nil {
			s.Close()
			t.Fatalf("a store without %s opens", path)
		}
		for n := 0; n < len(good); n += stride() {
			replace(t, path, good[:n])
			rows, err := readStore(quick(dir))
			if err == nil && k == len(files)-1 && len(rows) < len(want) {
				continue // the log that was being written: cut inside a frame it is torn, cut behind one it is shorter
			}
			names(t, "read cut", path, n, err)
		}
		replace(t, path, good)
	}
}

// TestVerifyReportsEachFault damages two files and expects both to be named.
func TestVerifyReportsEachFault(t *testing.T) {
	t.Parallel()
	dir, _ := smallStore(t)
	files := dataFiles(t, dir)
	for _, path := range files[1:3] {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[100] ^= 1
		replace(t, path, b)
	}
	seen := map[string]bool{}
	sum, err := Verify(context.Background(), dir, func(f Fault) { seen[f.File] = true })
	if !errors.As(err, new(*CorruptError)) || !seen[files[1]] || !seen[files[2]] || sum.Faults != len(seen) {
		t.Fatalf("reported %v, %+v, %v; damaged %v", seen, sum, err, files[1:3])
	}
}

func replace(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, what, path string, at int, err error) {
	t.Helper()
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.File != path {
		t.Fatalf("%s %s, byte %d: got %v", what, path, at, err)
	}
}
