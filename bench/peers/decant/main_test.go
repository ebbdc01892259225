package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"decant/bench"
)

// TestQueries makes a data set, loads it once more, and sees that answers to the same question are the same rows, whatever the cores.
func TestQueries(t *testing.T) {
	dir := t.TempDir()
	d := bench.Dataset{Data: bench.DataWalk, Series: 3, Samples: 2_000}
	if err := makeColumns(dir, d); err != nil {
		t.Fatal(err)
	}
	if err := load(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	const rows = 3 * 3 // 2,000 seconds are three quarters of an hour, begun
	var before []byte
	for cores := 1; cores <= 3; cores++ {
		answers := filepath.Join(t.TempDir(), "answers")
		in := strings.NewReader("avg 15m Europe/Berlin\nanswers avg,stddev 15m Europe/Berlin " + answers + "\n")
		var out bytes.Buffer
		if err := serve(t.Context(), dir, cores, in, &out); err != nil {
			t.Fatal(err)
		}
		replies := json.NewDecoder(&out)
		for range 2 {
			var r reply
			if err := replies.Decode(&r); err != nil {
				t.Fatal(err)
			}
			if r.Rows != rows || r.Points != d.Points() || r.Error != "" {
				t.Fatalf("cores=%d: %+v, want %d rows of %d points", cores, r, rows, d.Points())
			}
		}
		var all []byte
		for name, width := range map[string]int{"series.i32": 4, "time.i64": 8, "avg.f64": 8, "stddev.f64": 8} {
			data, err := os.ReadFile(filepath.Join(answers, name))
			if err != nil {
				t.Fatal(err)
			}
			if len(data) != rows*width {
				t.Errorf("cores=%d: %s has %d bytes, want %d", cores, name, len(data), rows*width)
			}
			if name == "avg.f64" {
				all = data
			}
		}
		if before != nil && !bytes.Equal(all, before) {
			t.Errorf("cores=%d: other averages than with one core fewer", cores)
		}
		before = all
	}
}

// TestFiles prints a data set in each form and sees how many rows come; excelize prints the same ones.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	if err := makeColumns(dir, bench.Dataset{Data: bench.DataWalk, Series: 3, Samples: 200}); err != nil {
		t.Fatal(err)
	}
	if err := load(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	for _, c := range []struct {
		line, fault string
		by          func(in io.Reader, out io.Writer) error
		least       int64 // rows: series whose times differ share few rows of a wide file
	}{
		{"csv long", "", nil, 600}, {"csv wide", "", nil, 200}, {"parquet long", "", nil, 600}, {"xlsx long", "", nil, 600},
		{"csv tall", "shape", nil, 0}, {"csv", "want FORMAT SHAPE FILE", nil, 0}, {"csv long", "excelize prints xlsx long", byExcelize(dir), 0}, {"xlsx long", "", byExcelize(dir), 600},
	} {
		by := c.by
		if by == nil {
			by = func(in io.Reader, out io.Writer) error { return serveFiles(t.Context(), dir, 2, in, out) }
		}
		var out bytes.Buffer
		if err := by(strings.NewReader("collect\n"+c.line+" "+file+"\n"), &out); err != nil {
			t.Fatal(err)
		}
		var r reply
		replies := json.NewDecoder(&out)
		if err := replies.Decode(&r); err != nil || r != (reply{}) {
			t.Fatal(r, err)
		}
		if err := replies.Decode(&r); err != nil {
			t.Fatal(err)
		}
		if r.Rows < c.least || r.Rows > 600 || (r.Error == "") != (c.fault == "") || !strings.Contains(r.Error, c.fault) {
			t.Errorf("%s: %+v, want %d rows or more, error %q", c.line, r, c.least, c.fault)
		}
		if info, err := os.Stat(file); c.fault == "" && (err != nil || info.Size() == 0) {
			t.Errorf("%s: %v, want a file with something in it", c.line, err)
		}
	}
}

func byExcelize(dir string) func(in io.Reader, out io.Writer) error {
	return func(in io.Reader, out io.Writer) error { return serveExcelize(dir, 2, in, out) }
}

func TestFaultyQueries(t *testing.T) {
	for _, line := range []string{"", "avg 15m", "median 15m UTC", "avg 15x UTC", "avg 15m Europe/Nowhere", "answers avg 15m UTC"} {
		if _, err := parseQuery(line); err == nil {
			t.Errorf("query %q was taken", line)
		}
	}
}

func TestColumnsOfOtherLengths(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"series.i32": 4, "time.i64": 16, "value.f64": 8} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := load(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "differ in length") {
		t.Errorf("load: %v, want an error that says which lengths", err)
	}
}
