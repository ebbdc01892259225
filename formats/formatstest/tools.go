package formatstest

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Print prints rows as one document.
func Print(t testing.TB, open formats.Open, doc formats.Document, rows []Row) []byte {
	t.Helper()
	if doc.TempDir == "" {
		doc.TempDir = t.TempDir()
	}
	var out bytes.Buffer
	w, err := open(&out, doc)
	if err != nil {
		t.Fatal(err)
	}
	defer formats.Abandon(w)
	rec := Record(memory.DefaultAllocator, doc.Columns, rows)
	defer rec.Release()
	if err := errors.Join(w.Write(rec), w.Finish(formats.Report{Rows: int64(len(rows))})); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Golden compares got with testdata/name; -update writes it.
func Golden(t testing.TB, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, got, 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; -update writes it", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs at byte %d; -update rewrites it\ngot:\n%.2000s\nwant:\n%.2000s", path, differ(got, want), got, want)
	}
}

// Need skips a test where a program is not installed; in CI it fails instead.
func Need(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		missing(t, "the program "+program+" is not installed")
	}
}

// NeedPython skips a test where python3 or one of its modules is not installed; in CI it fails instead.
func NeedPython(t testing.TB, module string) {
	t.Helper()
	Need(t, "python3")
	if err := exec.Command("python3", "-c", "import "+module).Run(); err != nil {
		missing(t, "python3 has no module "+module)
	}
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// differ is the first byte at which two files differ.
func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// breaking is an output that breaks after a number of bytes, as a full disk does.
type breaking struct {
	left, broke int
	broken      bool
	after       int // writes after the first that failed
}

var errBroken = errors.New("no space left on device")

func (b *breaking) Write(p []byte) (int, error) {
	if b.broken {
		b.after++
		return 0, errBroken
	}
	n := min(len(p), b.left)
	b.left -= n
	b.broke += n
	if n < len(p) {
		b.broken = true
		return n, errBroken
	}
	return n, nil
}

// noClose is an output that a format must not close.
type noClose struct {
	t *testing.T
	*bytes.Buffer
}

func (n noClose) Close() error {
	n.t.Error("the format closed the output")
	return nil
}
